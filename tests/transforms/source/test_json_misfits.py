"""Lines and values of JSON that do not fit: each costs itself and no more, and is kept or told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.transforms.source.json_files import bad_rows, everything, lines_file, read, rows_of
from transforms.source.json_scan import scan, schema_of
from transforms.source.schema_option import parse_schema
from transforms.source.work_units import MisfitValue


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"id": 50, "text": "is cut', "line is not JSON: Unterminated string starting at character 20"),
        (b'{"id": 1 "x": 2}', "line is not JSON: Expecting ',' delimiter at character 10"),
        (b"no JSON", "line is not JSON: Expecting value at character 1"),
        (b'{"id": 1} {"id": 2}', "line is not JSON: Extra data at character 11"),
        (b'["a", "list"]', "line is JSON, but not an object"),
        (b"17", "line is JSON, but not an object"),
        (b'{"text": "\xe9t\xe9"}', "line is not UTF-8 at byte 11"),
        (b'{"text": "a\x01b"}', "line is not JSON: Invalid control character at character 12"),
        (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "lists and objects are nested too deeply"),
    ],
)
def test_a_bad_line_keeps_its_place_and_its_bytes(tmp_path: Path, line: bytes, reason: str) -> None:
    good = {"id": 1, "text": "Bonjour"}
    source = lines_file(tmp_path / "a.jsonl", [good, line, line, good], b"\r\n")
    found = scan(source, 10, ())
    batches = read(found, pa.schema({"id": pa.int64(), "text": pa.string()}))
    nothing = {"id": None, "text": None}
    assert rows_of(batches) == [good, nothing, nothing, good]
    bad = bad_rows(batches)
    assert [(row, raw) for row, (_, raw) in bad.items()] == [(1, line), (2, line)]
    assert [said for said, _ in bad.values() if reason not in said] == []
    assert found.rows == 4


@pytest.mark.parametrize(
    ("line", "column", "reason"),
    [
        ('{"text": "x", "id": "599"}', "id", "column id is string, not int64"),
        ('{"text": "x", "id": true}', "id", "column id is boolean, not int64"),
        ('{"text": "x", "id": 9223372036854775808}', "id", "column id is integer beyond int64, not int64"),
        ('{"text": "x", "id": 1' + "0" * 5000 + "}", "id", "column id is number beyond double, not int64"),
        ('{"text": "x", "id": 1e400}', "id", "column id is number beyond double, not int64"),
        ('{"text": "x", "id": [1]}', "id", "column id is list, not int64"),
        ('{"text": "x", "id": ' + "[" * 70 + "]" * 70 + "}", "id", "lists and objects are nested more than 64 deep"),
        ('{"text": "x", "\\ud800": 1}', "?", "a key has a lone surrogate"),
        ('{"text": "x", "late": 1}', "late", "the schema lacks this column"),
    ],
)
def test_a_value_that_does_not_fit_costs_itself_and_no_more(
    tmp_path: Path, line: str, column: str, reason: str
) -> None:
    good = {"id": 1, "text": "Bonjour"}
    source = lines_file(tmp_path / "a.jsonl", [good, line, good])
    [batch] = read(scan(source, 10, ()), pa.schema({"id": pa.int64(), "text": pa.string()}))
    assert batch.records.to_pylist() == [good, {"id": None, "text": "x"}, good]
    assert batch.bad_lines == ()
    assert batch.misfits == (MisfitValue(1, column, reason, line.encode()),)


def test_rare_values_of_another_kind_are_null_and_frequent_ones_make_json_text(tmp_path: Path) -> None:
    rows: list[Any] = [{"id": number, "code": number, "text": "x"} for number in range(400)]
    for number in (1, 3, 4):
        rows[number]["id"] = "three"
    for number in range(0, 400, 80):
        rows[number]["code"] = [1.50, None, {"é": "\ud800"}] if number else "A-1"
    schema, [batch], found = everything(lines_file(tmp_path / "a.jsonl", rows), unit_rows=999, batch_rows=999)
    assert schema.field("id").type == pa.int64()
    assert [value.row for value in batch.misfits] == [1, 3, 4]
    assert schema.field("code").type == pa.string()
    codes = batch.records.column("code").to_pylist()
    assert codes[:3] == ['"A-1"', "1", "2"]
    assert codes[80] == '[1.5, null, {"é": "\\ud800"}]'
    assert [json.loads(code) for code in codes] == [row["code"] for row in rows]
    remarks = schema_of(found.kinds, found.rows, {})[1]
    assert ["3 values do not fit" in remark for remark in remarks] == [True, False]
    assert "column code has values of several kinds (395 integer, 4 list, 1 string)" in remarks[1]


def test_a_text_that_is_no_string_fails_alone_even_if_such_are_frequent(tmp_path: Path) -> None:
    source = lines_file(tmp_path / "a.jsonl", [{"text": "x", "id": 1}, {"text": 5, "id": 2}, {"text": ["y"], "id": 3}])
    found = scan(source, 10, ())
    schema, _ = schema_of(found.kinds, found.rows, {}, ["text"])
    [batch] = read(found, schema, 10)
    assert batch.records.to_pylist() == [{"text": "x", "id": 1}, {"text": None, "id": 2}, {"text": None, "id": 3}]
    assert [(value.row, value.column) for value in batch.misfits] == [(1, "text"), (2, "text")]


def test_a_key_that_comes_twice_is_said_and_its_last_value_counts(tmp_path: Path) -> None:
    lines = ['{"a": 1, "b": {"c": 1, "c": 2}}', '{"a": 1, "a": 2}', '{"a": 3, "b": {"c": "\\":"}}', '{"a" : 1, "a": 4}']
    _, [batch], found = everything(lines_file(tmp_path / "a.jsonl", lines), 10, batch_rows=10)
    assert [row["a"] for row in batch.records.to_pylist()] == [1, 2, 3, 4]
    assert [(value.row, value.column) for value in batch.misfits if "twice" in value.reason] == [
        (0, "c"),
        (1, "a"),
        (3, "a"),
    ]
    assert found.repeating == 3


def test_integers_beyond_int64_stay_whole(tmp_path: Path) -> None:
    rows: list[dict[str, float]] = [
        {"unsigned": 2**63 + number, "wide": -(10**30) + number, "huge": 10**50 + number, "mixed": 2**60 + number}
        for number in range(3)
    ]
    rows[0]["mixed"] = 0.5
    schema, [batch], _ = everything(lines_file(tmp_path / "a.jsonl", rows), 10)
    assert schema.types == [pa.uint64(), pa.decimal128(38, 0), pa.string(), pa.string()]
    values = batch.records.to_pylist()
    assert [row["unsigned"] for row in values] == [2**63, 2**63 + 1, 2**63 + 2]
    assert [int(row["wide"]) for row in values] == [row["wide"] for row in rows]
    assert [row["huge"] for row in values] == [str(10**50 + number) for number in range(3)]
    assert [row["mixed"] for row in values] == ["0.5", str(2**60 + 1), str(2**60 + 2)]


def test_lone_surrogates_become_replacement_characters_and_nul_stays(tmp_path: Path) -> None:
    lines = [r'{"t": "a\ud800b", "l": ["\udfff"], "s": {"x": "\ud83d\ude00"}}', r'{"t": "\u0000", "l": [], "s": {}}']
    _, batches, _ = everything(lines_file(tmp_path / "a.jsonl", lines))
    assert rows_of(batches) == [
        {"t": "a\ufffdb", "l": ["\ufffd"], "s": {"x": "\U0001f600"}},
        {"t": "\0", "l": [], "s": {"x": None}},
    ]
    assert bad_rows(batches) == {}


def test_given_types_convert_and_what_does_not_is_a_bad_line(tmp_path: Path) -> None:
    lines = [
        '{"id": 1, "code": 7, "amount": 12345678901234567.89, "at": "2024-03-01T08:00:00Z", "meta": {"k": 1.50}}',
        '{"id": 2, "code": "x", "amount": "1.5", "at": null}',
        '{"id": 3, "at": "1er mars"}',
        '{"id": 4, "amount": 0.123}',
        '{"id": "five"}',
    ]
    source = lines_file(tmp_path / "a.jsonl", lines)
    schema, batches, found = everything(
        source, 10, "code:string,amount:decimal128(20, 2),at:timestamp[us, tz=UTC],meta:string,absent:int8"
    )
    assert schema.names == ["id", "code", "amount", "at", "meta", "absent"]
    rows = rows_of(batches)
    assert [row["code"] for row in rows] == ["7", "x", None, None, None]
    assert str(rows[0]["amount"]) == "12345678901234567.89"
    assert rows[0]["at"].isoformat() == "2024-03-01T08:00:00+00:00"
    assert rows[0]["meta"] == '{"k": 1.50}'
    assert [row["id"] for row in rows] == ["1", "2", "3", "4", '"five"']
    assert [(batch.first_row + value.row, value.reason) for batch in batches for value in batch.misfits] == [
        (2, "column at is not an ISO 8601 string with a zone that fits timestamp[us, tz=UTC]"),
        (3, "column amount does not fit decimal128(20, 2) without loss"),
    ]
    assert "meta" not in "".join(schema_of(found.kinds, found.rows, parse_schema("meta:string"))[1])

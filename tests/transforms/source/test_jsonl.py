"""JSON lines: every line keeps its place, whatever is in it and wherever the file is cut."""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.errors import RunFailed, UsageError
from transforms.source import json_schema, jsonl
from transforms.source.discovery import list_sources
from transforms.source.jsonl import Scan, read_unit, scan, schema_of
from transforms.source.schema_option import parse_schema
from transforms.source.work_units import Batch, SourceFile


def write(path: Path, data: bytes) -> SourceFile:
    path.write_bytes(data)
    return list_sources([str(path)])[0]


def lines_file(path: Path, lines: Sequence[str | bytes | dict[str, Any]], end: bytes = b"\n") -> SourceFile:
    encoded = [
        line if isinstance(line, bytes) else (line if isinstance(line, str) else json.dumps(line)).encode()
        for line in lines
    ]
    return write(path, b"".join(line + end for line in encoded))


def read(found: Scan, schema: Any, batch_rows: int = 3) -> list[Batch]:
    return [batch for unit in found.units for batch in read_unit(unit, schema, batch_rows)]


def rows_of(batches: Sequence[Batch]) -> list[dict[str, Any]]:
    return [row for batch in batches for row in batch.records.to_pylist()]


def bad_rows(batches: Sequence[Batch]) -> dict[int, tuple[str, bytes]]:
    """Reason and bytes by row, of a file of one unit."""
    return {batch.first_row + bad.row: (bad.reason, bad.raw) for batch in batches for bad in batch.bad_lines}


def everything(source: SourceFile, unit_rows: int = 4, schema: str = "") -> tuple[Any, list[Batch], Scan]:
    given_types = parse_schema(schema) if schema else {}
    found = scan(source, unit_rows, given_types)
    inferred, _ = schema_of(found.seen, given_types)
    return inferred, read(found, inferred), found


def test_rows_come_back_in_order_with_their_types(tmp_path: Path) -> None:
    rows = [
        {
            "id": number,
            "text": f"Été {number}",
            "score": number / 2,
            "tags": ["a"] * (number % 3),
            "site": {"floor": number},
        }
        for number in range(11)
    ]
    schema, batches, found = everything(lines_file(tmp_path / "a.jsonl", rows))
    assert schema.types == [
        pa.int64(),
        pa.string(),
        pa.float64(),
        pa.list_(pa.string()),
        pa.struct([("floor", pa.int64())]),
    ]
    assert rows_of(batches) == rows
    assert [unit.rows for unit in found.units] == [4, 4, 3]
    assert (found.rows, found.unreadable) == (11, 0)


def test_units_are_cut_at_line_ends_and_cover_the_file(tmp_path: Path) -> None:
    data = b'{"a":1}\n\n{"a":2}\r\n   \n{"a":3}\n{"a":4}\n{"a":5}\n\n'
    source = write(tmp_path / "a.jsonl", data)
    units = scan(source, 2, ()).units
    assert [data[unit.start : unit.stop] for unit in units] == [
        b'{"a":1}\n\n{"a":2}\r\n',
        b'   \n{"a":3}\n{"a":4}\n',
        b'{"a":5}\n\n',
    ]
    assert [(unit.number, unit.rows) for unit in units] == [(0, 2), (1, 2), (2, 1)]


def test_a_short_rest_joins_the_unit_before(tmp_path: Path) -> None:
    source = lines_file(tmp_path / "a.jsonl", [{"a": number} for number in range(21)])
    assert [unit.rows for unit in scan(source, 10, ()).units] == [10, 11]
    assert [unit.rows for unit in scan(source, 8, ()).units] == [8, 8, 5]


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\r\n"])
def test_a_file_without_rows_is_one_unit_without_rows(tmp_path: Path, data: bytes) -> None:
    found = scan(write(tmp_path / "a.jsonl", data), 4, ())
    assert [(unit.start, unit.stop, unit.rows) for unit in found.units] == [(0, len(data), 0)]
    [batch] = read(found, pa.schema({"text": pa.string()}))
    assert batch.last
    assert batch.records.num_rows == 0
    assert batch.records.schema == pa.schema({"text": pa.string()})


def test_byte_order_mark_crlf_and_a_last_line_without_end_are_fine(tmp_path: Path) -> None:
    source = write(tmp_path / "a.jsonl", b'\xef\xbb\xbf{"a":1}\r\n\r\n {"a":2} \r\n{"a":3}')
    schema, batches, found = everything(source)
    assert rows_of(batches) == [{"a": 1}, {"a": 2}, {"a": 3}]
    assert found.unreadable == 0
    assert schema == pa.schema({"a": pa.int64()})


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"id": 50, "text": "is cut', "line is not JSON: Unterminated string starting at character 20"),
        (b'{"id": 1 "x": 2}', "line is not JSON: Expecting ',' delimiter at character 10"),
        (b"no JSON", "line is not JSON: Expecting value at character 1"),
        (b'{"id": 1} {"id": 2}', "line is not JSON: Extra data at character 11"),
        (b'["a", "list"]', "line is JSON, but no object"),
        (b"17", "line is JSON, but no object"),
        (b'{"text": "\xe9t\xe9"}', "line is not UTF-8 at byte 11"),
        (b'{"text": "a\x01b"}', "line is not JSON: Invalid control character at character 12"),
        (b'{"id": 1' + b"0" * 5000 + b"}", "line has a number with too many digits"),
        (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "lists and objects are nested too deeply"),
        (b'{"a":' + b"[" * 70 + b"]" * 70 + b"}", "nested more than 64 deep"),
        (b'{"\\ud800": 1}', "a key has a lone surrogate"),
        (b'{"id": "599", "text": "x"}', "does not fit the schema: column id is string, not int64"),
        (b'{"id": true}', "column id is boolean, not int64"),
        (b'{"id": 9223372036854775808}', "column id is integer beyond int64, not int64"),
        (b'{"id": [1]}', "column id is list, not int64"),
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


def test_the_minority_of_a_column_becomes_bad_lines(tmp_path: Path) -> None:
    rows: list[Any] = [{"id": number} for number in range(5)]
    rows[1] = rows[3] = {"id": "three"}
    schema, batches, found = everything(lines_file(tmp_path / "a.jsonl", rows), unit_rows=9)
    assert schema.types == [pa.int64()]
    reason = "does not fit the schema: column id is string, not int64"
    assert {row: said for row, (said, _) in bad_rows(batches).items()} == {1: reason, 3: reason}
    assert found.unreadable == 0
    assert len(schema_of(found.seen, {})[1]) == 1


def test_lone_surrogates_become_replacement_characters_and_nul_stays(tmp_path: Path) -> None:
    lines = [r'{"t": "a\ud800b", "l": ["\udfff"], "s": {"x": "\ud83d\ude00"}}', r'{"t": "\u0000", "l": [], "s": {}}']
    _, batches, _ = everything(lines_file(tmp_path / "a.jsonl", lines))
    assert rows_of(batches) == [
        {"t": "a\ufffdb", "l": ["\ufffd"], "s": {"x": "\U0001f600"}},
        {"t": "\0", "l": [], "s": {"x": None}},
    ]
    assert bad_rows(batches) == {}


def test_numbers_of_mixed_kinds(tmp_path: Path) -> None:
    lines = ['{"a": 1, "b": null}', '{"a": 2.5, "b": 1152921504606846977}', '{"a": 1152921504606846977}']
    _, batches, _ = everything(lines_file(tmp_path / "a.jsonl", lines))
    assert rows_of(batches) == [{"a": 1.0, "b": None}, {"a": 2.5, "b": 2**60 + 1}, {"a": float(2**60), "b": None}]


def test_an_integer_beyond_a_double_is_a_bad_line(tmp_path: Path) -> None:
    lines = ['{"a": 0.5}', '{"a": 1' + "0" * 400 + "}", '{"a": 1.5}']
    _, batches, _ = everything(lines_file(tmp_path / "a.jsonl", lines))
    assert rows_of(batches) == [{"a": 0.5}, {"a": None}, {"a": 1.5}]
    assert "beyond the range of double" in bad_rows(batches)[1][0]


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_a_compressed_file_is_one_unit(tmp_path: Path, suffix: str) -> None:
    rows = [{"id": number, "text": "Bonjour " * 30} for number in range(1000)]
    data = "".join(json.dumps(row) + "\n" for row in rows).encode()
    half = data.index(b"\n", len(data) // 2) + 1
    compress = gzip.compress if suffix == ".gz" else zstandard.compress
    source = write(tmp_path / f"a.jsonl{suffix}", compress(data[:half]) + compress(data[half:]))
    _, batches, found = everything(source)
    assert [(unit.start, unit.stop, unit.rows) for unit in found.units] == [(0, source.size_bytes, 1000)]
    assert rows_of(batches) == rows


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
@pytest.mark.parametrize("damage", ["cut", "not"])
def test_a_damaged_compressed_file_is_refused_not_shortened(tmp_path: Path, suffix: str, damage: str) -> None:
    data = "".join(f'{{"id": {number}}}\n' for number in range(10_000)).encode()
    compressed = gzip.compress(data) if suffix == ".gz" else zstandard.compress(data)
    source = write(tmp_path / f"a.jsonl{suffix}", compressed[:-3] if damage == "cut" else data)
    with pytest.raises(UsageError, match=r"cannot read .*a\.jsonl"):
        scan(source, 10, ())


def test_a_long_line_is_read_and_an_endless_one_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = lines_file(tmp_path / "a.jsonl", [{"t": "é" * 3_000_000}, {"t": "b"}])
    _, batches, _ = everything(source)
    assert [len(row["t"]) for row in rows_of(batches)] == [3_000_000, 1]
    monkeypatch.setattr(jsonl, "MAX_LINE_BYTES", 1 << 20)
    with pytest.raises(UsageError, match=r"a\.jsonl has a line of more than 1 MB"):
        scan(source, 10, ())


def test_batches_are_bounded_in_rows_and_bytes(tmp_path: Path) -> None:
    source = lines_file(tmp_path / "a.jsonl", [{"t": "x" * 300_000}] * 7 + [{"t": "y"}] * 7)
    found = scan(source, 100, ())
    batches = read(found, pa.schema({"t": pa.string()}), batch_rows=5)
    assert [batch.records.num_rows for batch in batches] == [3, 3, 5, 3]
    assert [batch.index for batch in batches] == [0, 1, 2, 3]
    assert [batch.first_row for batch in batches] == [0, 3, 6, 11]
    assert [batch.last for batch in batches] == [False, False, False, True]


def test_a_file_that_lost_rows_ends_the_run_before_the_last_batch(tmp_path: Path) -> None:
    source = lines_file(tmp_path / "a.jsonl", [{"a": 1}] * 5)
    [unit] = scan(source, 10, ()).units
    for rows in (3, 4):
        changed = lines_file(tmp_path / "a.jsonl", [{"a": 1}] * rows)
        longer = type(unit)(changed, 0, 0, changed.size_bytes, 5)
        batches: list[Batch] = []
        with pytest.raises(RunFailed, match=f"has {rows} rows where 5 were counted"):
            batches.extend(read_unit(longer, pa.schema({"a": pa.int64()}), 2))


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
    assert [row["id"] for row in rows] == [1, 2, None, None, None]
    reasons = {row: reason for row, (reason, _) in bad_rows(batches).items()}
    assert "column at is not an ISO 8601 string with a zone" in reasons[2]
    assert "column amount does not fit decimal128(20, 2) without loss" in reasons[3]
    assert "column id is string, not int64" in reasons[4]
    assert all(reason.startswith("does not fit the schema: ") for reason in reasons.values())
    assert "meta" not in "".join(schema_of(found.seen, parse_schema("meta:string"))[1])


def test_keys_that_are_data_can_be_kept_as_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_schema, "MAX_FIELDS", 100)
    rows = [{"id": number, "counts": {f"key {number}": number}} for number in range(3000)]
    source = lines_file(tmp_path / "a.jsonl", rows)
    schema, batches, _ = everything(source, 5000, "counts:string")
    assert schema.field("counts").type == pa.string()
    assert [json.loads(row["counts"]) for row in rows_of(batches)] == [row["counts"] for row in rows]


# -- any lines at all --------------------------------------------------------------------------------------------------
keys = st.sampled_from(["a", "b", "c"])
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from([2**53 + 1, 2**63, -(2**63)])
    | st.floats(allow_nan=False)
    | st.text(st.sampled_from('é"\\\n\0\ud800x'), max_size=3)
)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(keys, inner, max_size=2))
uniform = st.fixed_dictionaries({"a": st.integers(-3, 3)}, optional={"b": st.text("xé", max_size=2)})
objects = (st.dictionaries(keys, values, max_size=3) | uniform).map(json.dumps)
nonsense = st.sampled_from(['{"a": ', "[1]", "7", "x", '{"a": 1}}', "\x00"]) | values.map(json.dumps)
blank = st.sampled_from(["", " ", "\t\r"])
any_lines = st.lists(objects | objects | objects | nonsense | blank, max_size=12)


class Unfit(Exception):
    pass


def expected(value: Any, kind: Any) -> Any:
    """What Arrow should hold for a JSON value, written down independently of the shapes that the reader uses."""
    if value is None:
        return None
    if pa.types.is_struct(kind) and isinstance(value, dict):
        fields = {field.name: field.type for field in kind}
        if value.keys() - fields.keys():
            raise Unfit
        return {name: expected(value.get(name), inner) for name, inner in fields.items()}
    if pa.types.is_list(kind) and isinstance(value, list):
        return [expected(item, kind.value_type) for item in value]
    if pa.types.is_string(kind) and isinstance(value, str):
        return "".join("\ufffd" if "\ud800" <= character <= "\udfff" else character for character in value)
    if pa.types.is_string(kind) and value == {}:
        return "{}"
    if pa.types.is_boolean(kind) and isinstance(value, bool):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        if pa.types.is_floating(kind):
            return float(value)
        if pa.types.is_int64(kind) and isinstance(value, int) and -(2**63) <= value < 2**63:
            return value
    raise Unfit


@settings(max_examples=300)
@given(
    lines=any_lines,
    end=st.sampled_from(["\n", "\r\n"]),
    ended=st.booleans(),
    unit_rows=st.integers(1, 5),
    block_bytes=st.integers(1, 40),
    batch_rows=st.integers(1, 4),
)
def test_any_lines_cut_anywhere_give_all_rows_in_order(
    tmp_path_factory: pytest.TempPathFactory,
    lines: list[str],
    end: str,
    ended: bool,
    unit_rows: int,
    block_bytes: int,
    batch_rows: int,
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.jsonl"
    lines = ['{"a": null}', *lines]  # there is no row without a column
    source = write(path, (end.join(lines) + (end if ended else "")).encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jsonl, "_BLOCK_BYTES", block_bytes)
        found = scan(source, unit_rows, ())
        schema, _ = schema_of(found.seen, {})
        batches = read(found, schema, batch_rows)
    types = {field.name: field.type for field in schema}
    wanted = [line for line in lines if line.strip()]
    assert found.rows == sum(unit.rows for unit in found.units) == len(wanted)
    assert [batch.unit.number for batch in batches if batch.last] == list(range(len(found.units)))
    assert all(batch.records.schema.equals(schema) for batch in batches)
    rows = [
        (row, {bad.row: bad for bad in batch.bad_lines}.get(number))
        for batch in batches
        for number, row in enumerate(batch.records.to_pylist())
    ]
    assert len(rows) == len(wanted)
    for line, (row, bad) in zip(wanted, rows, strict=True):
        try:
            value = json.loads(line)
            if not isinstance(value, dict):
                raise Unfit
            right = expected(value, pa.struct(list(types.items())))
        except (ValueError, Unfit):
            assert bad is not None, line
            assert bad.raw == line.encode().removesuffix(b"\r")
            assert row == dict.fromkeys(types)
        else:
            assert bad is None, (line, bad)
            assert row == right


@settings(max_examples=100)
@given(lines=any_lines)
def test_inferring_again_from_what_was_read_gives_the_same_types(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str]
) -> None:
    source = write(tmp_path_factory.getbasetemp() / "again.jsonl", "\n".join(lines).encode())
    schema, batches, _ = everything(source)
    if any(batch.bad_lines for batch in batches) or not schema.names:
        return
    rows = [row for row in rows_of(batches) if not any(_infinite(value) for value in row.values())]
    if len(rows) < sum(batch.records.num_rows for batch in batches):
        return
    again, _, _ = everything(write(source_path(source), "\n".join(map(json.dumps, rows)).encode()))
    assert again == schema


def source_path(source: SourceFile) -> Path:
    return Path(source.url)


def _infinite(value: Any) -> bool:
    return isinstance(value, float) and math.isinf(value)

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
from transforms.source import json_lines, json_schema
from transforms.source.discovery import list_sources
from transforms.source.json_reader import read_unit
from transforms.source.json_scan import JSON_KEY, Scan, scan, schema_of
from transforms.source.schema_option import parse_schema
from transforms.source.work_units import Batch, MisfitValue, SourceFile


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


def everything(
    source: SourceFile, unit_rows: int = 4, schema: str = "", batch_rows: int = 3
) -> tuple[Any, list[Batch], Scan]:
    given_types = parse_schema(schema) if schema else {}
    found = scan(source, unit_rows, given_types)
    inferred, _ = schema_of(found.kinds, found.rows, given_types)
    return inferred, read(found, inferred, batch_rows), found


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
@pytest.mark.parametrize("damage", ["cut", "flipped"])
def test_a_damaged_compressed_file_is_refused_not_shortened(tmp_path: Path, suffix: str, damage: str) -> None:
    data = "".join(f'{{"id": {number}}}\n' for number in range(10_000)).encode()
    compressed = gzip.compress(data) if suffix == ".gz" else zstandard.compress(data)
    source = write(tmp_path / f"a.jsonl{suffix}", compressed[:-3] if damage == "cut" else b"\x07" + compressed[1:])
    with pytest.raises(UsageError, match=r"cannot read .*a\.jsonl"):
        scan(source, 10, ())


def test_a_long_line_is_read_and_an_endless_one_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = lines_file(tmp_path / "a.jsonl", [{"t": "é" * 3_000_000}, {"t": "b"}])
    _, batches, _ = everything(source)
    assert [len(row["t"]) for row in rows_of(batches)] == [3_000_000, 1]
    monkeypatch.setattr(json_lines, "MAX_LINE_BYTES", 1 << 20)
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
    assert [row["id"] for row in rows] == ["1", "2", "3", "4", '"five"']
    assert [(batch.first_row + value.row, value.reason) for batch in batches for value in batch.misfits] == [
        (2, "column at is not an ISO 8601 string with a zone that fits timestamp[us, tz=UTC]"),
        (3, "column amount does not fit decimal128(20, 2) without loss"),
    ]
    assert "meta" not in "".join(schema_of(found.kinds, found.rows, parse_schema("meta:string"))[1])


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


def expected(value: Any, kind: pa.DataType) -> Any:
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
        if pa.types.is_floating(kind) and (isinstance(value, float) or abs(value) <= 2**53):
            return float(value)
        if pa.types.is_int64(kind) and isinstance(value, int) and -(2**63) <= value < 2**63:
            return value
        if pa.types.is_uint64(kind) and isinstance(value, int) and 0 <= value < 2**64:
            return value
        if pa.types.is_decimal(kind) and isinstance(value, int) and abs(value) < 10**38:
            return value
    raise Unfit


def same_json(text: str | None, value: Any) -> bool:
    """Whether a column of JSON text holds this value."""
    return text is None if value is None else text is not None and json.loads(text) == value


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
        patch.setattr(json_lines, "_BLOCK_BYTES", block_bytes)
        found = scan(source, unit_rows, ())
        schema, _ = schema_of(found.kinds, found.rows, {})
        batches = read(found, schema, batch_rows)
    types = {field.name: field.type for field in schema}
    wanted = [line for line in lines if line.strip()]
    assert found.rows == sum(unit.rows for unit in found.units) == len(wanted)
    assert [batch.unit.number for batch in batches if batch.last] == list(range(len(found.units)))
    assert all(batch.records.schema.equals(schema) for batch in batches)
    as_json = json.loads((schema.metadata or {}).get(JSON_KEY, b"[]"))
    rows = [
        (
            row,
            {bad.row: bad for bad in batch.bad_lines}.get(number),
            {value.column for value in batch.misfits if value.row == number},
        )
        for batch in batches
        for number, row in enumerate(batch.records.to_pylist())
    ]
    assert len(rows) == len(wanted)
    misfits = dict.fromkeys(types, 0)
    for line, (row, bad, lost) in zip(wanted, rows, strict=True):
        try:
            value = json.loads(line)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            assert bad is not None, line
            assert bad.raw == line.encode().removesuffix(b"\r")
            assert row == dict.fromkeys(types)
            continue
        assert bad is None, (line, bad)
        for name, kind in types.items():
            if name in as_json:
                assert same_json(row[name], value.get(name))
                continue
            try:
                right = expected(value.get(name), kind)
            except Unfit:
                right, unfit = None, True
            else:
                unfit = False
            assert row[name] == right
            assert (name in lost) is unfit
            misfits[name] += unfit
    assert max(misfits.values()) < max(1, len(wanted) * 0.01)


@settings(max_examples=100)
@given(lines=any_lines)
def test_inferring_again_from_what_was_read_gives_the_same_types(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str]
) -> None:
    source = write(tmp_path_factory.getbasetemp() / "again.jsonl", "\n".join(lines).encode())
    schema, batches, _ = everything(source)
    if any(batch.bad_lines or batch.misfits for batch in batches) or not schema.names or schema.metadata:
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

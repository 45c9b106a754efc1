"""Any JSON lines at all, cut anywhere: every row comes back in order, and nothing else."""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.source.json_files import everything, read, rows_of, write
from transforms.source import json_lines
from transforms.source.json_scan import JSON_KEY, scan, schema_of
from transforms.source.work_units import BadLine, Batch, SourceFile

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


class Row(NamedTuple):
    """What was read of a line: its values, the line itself if it is bad, and the columns whose values did not fit."""

    values: dict[str, Any]
    bad: BadLine | None
    lost: set[str]


def rows_in(batch: Batch) -> list[Row]:
    bad = {line.row: line for line in batch.bad_lines}
    return [
        Row(values, bad.get(number), {misfit.column for misfit in batch.misfits if misfit.row == number})
        for number, values in enumerate(batch.records.to_pylist())
    ]


def check_row(line: str, row: Row, types: dict[str, pa.DataType], as_json: list[str]) -> list[str]:
    """Check what was read of a line; returns the columns whose values do not fit."""
    try:
        value = json.loads(line)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        assert row.bad is not None, line
        assert row.bad.raw == line.encode().removesuffix(b"\r")
        assert row.values == dict.fromkeys(types)
        return []
    assert row.bad is None, (line, row.bad)
    misfits = []
    for name, kind in types.items():
        if name in as_json:
            assert same_json(row.values[name], value.get(name))
            continue
        try:
            right = expected(value.get(name), kind)
        except Unfit:
            right = None
            misfits.append(name)
        assert row.values[name] == right
        assert (name in row.lost) is (name in misfits)
    return misfits


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
    rows = [row for batch in batches for row in rows_in(batch)]
    assert len(rows) == len(wanted)
    misfits: Counter[str] = Counter()
    for line, row in zip(wanted, rows, strict=True):
        misfits.update(check_row(line, row, types, as_json))
    assert max(misfits.values(), default=0) < max(1, len(wanted) * 0.01)


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

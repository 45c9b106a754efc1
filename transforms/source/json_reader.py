"""JSON lines into Arrow, in the schema that planning has found.

A line that is not a JSON object keeps its place as a row of nulls and is handed on as a ``BadLine``. A value that does
not fit its column is null and handed on as a ``MisfitValue``; the rest of its row stays.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from transforms.errors import RunFailed
from transforms.source.json_lines import is_blank, line_encoding, read_lines
from transforms.source.json_scan import GIVEN_KEY, JSON_KEY, fault
from transforms.source.json_schema import Shape, has_surrogate, keys_of, misfit, shape_of, unusable
from transforms.source.json_values import EXACT, FAST, Misfit, convert, count_keys, json_text, parse_line, repeated_keys
from transforms.source.work_units import BadLine, Batch, MisfitValue, WorkUnit

_BATCH_BYTES = 1 << 20
_DISTINCT_SHAPES = 1000
_Faults = tuple[tuple[str, str], ...]
"""Columns of a row whose values do not fit, and why."""


def read_unit(unit: WorkUnit, schema: pa.Schema, batch_rows: int) -> Iterator[Batch]:
    """Yield the rows of a unit, in batches of at most ``batch_rows`` rows and about 1 MB.

    Args:
        unit: As ``json_scan.scan`` made it.
        schema: As ``json_scan.schema_of`` made it.
        batch_rows: Maximum number of rows in a batch.

    Raises:
        RunFailed: The unit does not have the rows that were counted.
        OSError, EOFError, zlib.error, ValueError: The file can't be read.
    """
    rows = _RowReader(schema, line_encoding(unit.source))
    index = first_row = size = 0
    held: list[bytes] = []
    blocks = read_lines(unit.source, unit.start, unit.stop)
    lines = (line for block in blocks for line in block if not is_blank(line))
    # A unit that was cut to its first rows ends before its last byte.
    for line in itertools.islice(lines, unit.rows):
        if len(held) == batch_rows or (held and size + len(line) > _BATCH_BYTES):
            yield Batch(unit, index, first_row=first_row, last=False, **rows.read(held))
            index, first_row, size, held = index + 1, first_row + len(held), 0, []
        held.append(line.removesuffix(b"\r"))
        size += len(line)
    if first_row + len(held) != unit.rows:
        raise RunFailed(
            f"{unit.source.url} has {first_row + len(held)} rows where {unit.rows} were counted: it was changed during "
            "the run; rerun the same command once it is complete"
        )
    yield Batch(unit, index, first_row=first_row, last=True, **rows.read(held))


class _RowReader:
    """Turns lines into record batches of one schema."""

    def __init__(self, schema: pa.Schema, encoding: str) -> None:
        self._schema = schema
        self._encoding = encoding
        self._types = {field.name: field.type for field in schema}
        metadata = schema.metadata or {}
        self._given = {name: self._types[name] for name in json.loads(metadata.get(GIVEN_KEY, b"[]"))}
        self._json: list[str] = json.loads(metadata.get(JSON_KEY, b"[]"))
        self._inferred = {name: kind for name, kind in self._types.items() if name not in {*self._given, *self._json}}
        self._decoder = EXACT if self._given or self._json else FAST
        self._found_by_shape: dict[Shape, tuple[_Faults, int | None]] = {}

    def read(self, lines: Sequence[bytes]) -> dict[str, Any]:
        """Return ``records``, ``bad_lines`` and ``misfits`` of a batch; it has a row for each line."""
        bad: list[BadLine] = []
        misfits: list[MisfitValue] = []
        rows: list[dict[str, Any]] = []
        for number, line in enumerate(lines):
            try:
                row, faults = self._row(line)
            except (Misfit, RecursionError) as error:
                row, faults = {}, ()
                bad.append(BadLine(number, fault(error), line))
            rows.append(row)
            misfits += [MisfitValue(number, name, reason, line) for name, reason in faults]
        try:
            arrays = self._arrays(rows)
        except (pa.ArrowException, ValueError, TypeError, OverflowError):
            # Something that needs care, such as a lone surrogate: convert each value by itself.
            for number, row in enumerate(rows):
                for name, reason in self._convert(row, self._inferred):
                    misfits.append(MisfitValue(number, name, reason, lines[number]))
            arrays = self._arrays(rows)
        misfits.sort(key=lambda each: each.row)
        records = pa.RecordBatch.from_arrays(arrays, schema=self._schema)
        return {"records": records, "bad_lines": tuple(bad), "misfits": tuple(misfits)}

    def _arrays(self, rows: Sequence[dict[str, Any]]) -> list[pa.Array]:
        return [pa.array([row.get(name) for row in rows], kind) for name, kind in self._types.items()]

    def _row(self, line: bytes) -> tuple[dict[str, Any], _Faults]:
        row = parse_line(line, self._decoder, self._encoding)
        given = {name: row.pop(name) for name in self._given if name in row}
        texts = {name: row.pop(name) for name in self._json if name in row}
        shape = shape_of(row)
        found = self._found_by_shape.get(shape)
        if found is None:
            found = self._find_faults(shape)
        faults, keys = found
        if keys is None:
            keys = count_keys(row)
        if given or texts:
            keys += sum(1 + count_keys(value) for value in (*given.values(), *texts.values()))
        repeated = tuple((name, f"key {name} is in the line twice") for name in repeated_keys(line, keys))
        for name, _ in faults:
            row.pop(name, None)
        if given or texts:
            faults += tuple(self._convert(given, self._given))
            row.update(given)
            row.update({name: None if value is None else json_text(value) for name, value in texts.items()})
        return row, faults + repeated

    def _find_faults(self, shape: Shape) -> tuple[_Faults, int | None]:
        """The values of a row that do not fit, and its number of keys, by its shape."""
        assert isinstance(shape, tuple)  # noqa: S101 - rows are objects
        faults: list[tuple[str, str]] = []
        for name, inner in zip(*shape, strict=True):
            kind = self._inferred.get(name)
            if kind is None:
                shown = name.encode(errors="replace").decode()
                reason = "a key has a lone surrogate" if has_surrogate(name) else "the schema lacks this column"
                faults.append((shown, reason))
            elif misplaced := unusable(inner) or misfit(inner, kind, name):
                faults.append((name, misplaced))
        if len(self._found_by_shape) >= _DISTINCT_SHAPES:
            self._found_by_shape.clear()
        self._found_by_shape[shape] = tuple(faults), keys_of(shape)
        return self._found_by_shape[shape]

    def _convert(self, row: dict[str, Any], types: dict[str, pa.DataType]) -> Iterator[tuple[str, str]]:
        """Convert values of a row in place; one that can't be becomes null and is yielded with the reason."""
        for name, kind in types.items():
            if name in row:
                try:
                    row[name] = convert(row[name], kind, name)
                except (Misfit, RecursionError) as error:
                    row[name] = None
                    yield name, fault(error)

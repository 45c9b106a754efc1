"""JSON lines: scanned once at planning, cut into units at line ends, and read into Arrow.

A line is what ends with a line feed (or the file); blank ones are no rows. A line that is no JSON object, or does not
fit the schema, keeps its place as a row of nulls and is handed on as a ``BadLine``.
"""

from __future__ import annotations

import itertools
import json
import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from transforms.errors import RunFailed, UsageError
from transforms.file_systems import file_system
from transforms.source.json_schema import KindCounts, Shape, misfit, resolve, shape_of, unusable
from transforms.source.json_values import ExactNumber, Misfit, convert
from transforms.source.work_units import BadLine, Batch, SourceFile, WorkUnit

LOG = logging.getLogger(__name__)

MAX_LINE_BYTES = 64 << 20
_BLOCK_BYTES = 1 << 20
_BATCH_BYTES = 1 << 20
_DISTINCT_SHAPES = 1000
"""Kept at a time: rows of one origin have a few; where keys vary freely there is no end of them."""

_BOM = b"\xef\xbb\xbf"
_JSON_SPACE = " \t\r\n"
_GIVEN = b"translate.given_columns"
"""In a schema's metadata: the columns whose types the user has given; only their values are converted."""

_decoder = json.JSONDecoder()
_exact_decoder = json.JSONDecoder(parse_float=ExactNumber)


@dataclass(frozen=True)
class Scan:
    """What one pass over a file has found.

    Attributes:
        units: Of the file, in order; at least one.
        rows: Lines that are not blank.
        unreadable: Of these, lines that are no JSON objects or can't be columns.
        seen: The values of the others.
        first_fault: Where the first unreadable line is and why; empty if a line is none only as a column.
    """

    units: tuple[WorkUnit, ...]
    rows: int
    unreadable: int
    seen: KindCounts
    first_fault: str = ""


def scan(source: SourceFile, unit_rows: int, given: Collection[str]) -> Scan:
    """Counts the rows of a file, cuts it into units of about ``unit_rows`` rows, and gathers the kinds of its values.

    A compressed file is one unit. The last unit of a file has half to one and a half times the rows of the others.

    Args:
        source: The file.
        unit_rows: Rows in a unit.
        given: Columns whose type is given, so that their values need not be known.

    Raises:
        UsageError: If the file can't be read, or a line is longer than ``MAX_LINE_BYTES``.
    """
    LOG.info("counting the rows of %s (%.1f MB)", source.url, source.size_bytes / 1e6)
    seen = KindCounts()
    shapes: dict[Shape, int] = {}
    unreadable = rows = offset = 0
    first_fault = ""
    cuts = [(0, 0)]  # byte and row at the start of each unit
    try:
        for lines in _lines(source, 0, None):
            for line in lines:
                offset += len(line) + 1
                if _is_blank(line):
                    continue
                rows += 1
                try:
                    row = _parse(line, _decoder)
                    for name in given:
                        if name in row:
                            row[name] = None
                    shape = shape_of(row)
                    shapes[shape] = shapes.get(shape, 0) + 1
                except (Misfit, RecursionError) as error:
                    unreadable += 1
                    first_fault = first_fault or f"row {rows}: {_fault(error)}"
                if rows - cuts[-1][1] == unit_rows:
                    cuts.append((offset, rows))
            if len(shapes) > _DISTINCT_SHAPES:
                unreadable += _add_up(shapes, seen)
        unreadable += _add_up(shapes, seen)
    except OSError as error:
        raise UsageError(f"cannot read {source.url}: {error}") from error
    if source.compression is not None:
        cuts = cuts[:1]
    elif len(cuts) > 1 and rows - cuts[-1][1] < unit_rows / 2:
        cuts.pop()
    ends = [*cuts[1:], (source.size_bytes or offset, rows)]
    units = tuple(
        WorkUnit(source, number, start, stop, last_row - first_row)
        for number, ((start, first_row), (stop, last_row)) in enumerate(zip(cuts, ends, strict=True))
    )
    return Scan(units, rows, unreadable, seen, first_fault)


def _add_up(shapes: dict[Shape, int], seen: KindCounts) -> int:
    """Moves the counted shapes of rows into ``seen``; returns how many rows no column can hold."""
    unreadable = 0
    for shape, count in shapes.items():
        if unusable(shape) is None:
            seen.add(shape, count)
        else:
            unreadable += count
    shapes.clear()
    return unreadable


def schema_of(seen: KindCounts, given: dict[str, Any]) -> tuple[Any, list[str]]:
    """The schema for all files in which ``seen`` was seen, and remarks on what it can't hold, a line each.

    Args:
        seen: The rows of all files.
        given: ``pyarrow.DataType`` by column; columns that no row has are added at the end.
    """
    remarks: list[str] = []
    types = {
        name: given[name] if name in given else resolve(inner, name, remarks) for name, inner in seen.fields.items()
    }
    metadata = {_GIVEN: json.dumps(sorted(given)).encode()} if given else None
    return pa.schema({**types, **given}, metadata), remarks


def read_unit(unit: WorkUnit, schema: Any, batch_rows: int) -> Iterator[Batch]:
    """The rows of a unit, in batches of at most ``batch_rows`` rows and about 1 MB.

    Args:
        unit: As ``scan`` made it.
        schema: As ``schema_of`` made it.
        batch_rows: At most so many rows in a batch.

    Raises:
        RunFailed: If the unit has not the rows that were counted.
        OSError: If the file can't be read.
    """
    rows = _RowReader(schema)
    index = first_row = size = 0
    held: list[bytes] = []
    lines = (line for lines in _lines(unit.source, unit.start, unit.stop) for line in lines if not _is_blank(line))
    # A unit that was cut to its first rows ends before its last byte.
    for line in itertools.islice(lines, unit.rows):
        if len(held) == batch_rows or (held and size + len(line) > _BATCH_BYTES):
            records, bad_lines = rows.read(held)
            yield Batch(unit, index, records, False, bad_lines, first_row)
            index, first_row, size, held = index + 1, first_row + len(held), 0, []
        held.append(line.removesuffix(b"\r"))
        size += len(line)
    if first_row + len(held) != unit.rows:
        raise RunFailed(
            f"{unit.source.url} has {first_row + len(held)} rows where {unit.rows} were counted: it was changed during "
            "the run; run the same command again, once it is complete"
        )
    records, bad_lines = rows.read(held)
    yield Batch(unit, index, records, True, bad_lines, first_row)


class _RowReader:
    """Lines into record batches of one schema."""

    def __init__(self, schema: Any) -> None:
        self._schema = schema
        self._types = {field.name: field.type for field in schema}
        given = json.loads((schema.metadata or {}).get(_GIVEN, b"[]"))
        self._given = {name: self._types[name] for name in given}
        self._inferred = {name: kind for name, kind in self._types.items() if name not in self._given}
        self._decoder = _exact_decoder if given else _decoder
        self._verdicts: dict[Shape, str | None] = {}

    def read(self, lines: Sequence[bytes]) -> tuple[Any, tuple[BadLine, ...]]:
        """A record batch with a row for each line, and the bad ones among them."""
        bad: dict[int, str] = {}
        rows = [self._attempt(self._row, line, number, bad) for number, line in enumerate(lines)]
        try:
            arrays = self._arrays(rows)
        except (pa.ArrowException, ValueError, TypeError, OverflowError):
            # Something that needs care, such as a lone surrogate: convert each value by itself.
            rows = [self._attempt(self._converted, row, number, bad) for number, row in enumerate(rows)]
            arrays = self._arrays(rows)
        bad_lines = tuple(BadLine(number, bad[number], lines[number]) for number in sorted(bad))
        return pa.RecordBatch.from_arrays(arrays, schema=self._schema), bad_lines

    def _arrays(self, rows: Sequence[dict[str, Any]]) -> list[Any]:
        return [pa.array([row.get(name) for row in rows], kind) for name, kind in self._types.items()]

    def _attempt(
        self, make: Callable[[Any], dict[str, Any]], value: Any, number: int, bad: dict[int, str]
    ) -> dict[str, Any]:
        try:
            return make(value)
        except (Misfit, RecursionError) as error:
            bad[number] = _fault(error)
        return {}

    def _row(self, line: bytes) -> dict[str, Any]:
        row = _parse(line, self._decoder)
        converted = {name: _fitted(row.pop(name), kind, name) for name, kind in self._given.items() if name in row}
        shape = shape_of(row)
        try:
            reason = self._verdicts[shape]
        except KeyError:
            reason = self._judge(shape)
        if reason is not None:
            raise Misfit(f"does not fit the schema: {reason}")
        row.update(converted)
        return row

    def _judge(self, shape: Any) -> str | None:
        reason = unusable(shape)
        for name, inner in zip(*shape, strict=True):
            if reason is None:
                kind = self._inferred.get(name)
                reason = "a column that the schema lacks" if kind is None else misfit(inner, kind, name)
        if len(self._verdicts) >= _DISTINCT_SHAPES:
            self._verdicts.clear()
        self._verdicts[shape] = reason
        return reason

    def _converted(self, row: dict[str, Any]) -> dict[str, Any]:
        return row | {name: _fitted(row[name], kind, name) for name, kind in self._inferred.items() if name in row}


def _fitted(value: Any, kind: Any, name: str) -> Any:
    try:
        return convert(value, kind, name)
    except Misfit as error:
        raise Misfit(f"does not fit the schema: {error}") from None


def _parse(line: bytes, decoder: json.JSONDecoder) -> dict[str, Any]:
    """The JSON object of a line.

    Raises:
        Misfit: If it has none.
        RecursionError: If it is nested too deeply.
    """
    try:
        text = line.decode()
        if text[0] != "{":
            text = text.removeprefix("\ufeff").lstrip(_JSON_SPACE)
        value, end = decoder.raw_decode(text)
    except UnicodeDecodeError as error:
        raise Misfit(f"line is not UTF-8 at byte {error.start + 1}") from None
    except json.JSONDecodeError as error:
        raise Misfit(f"line is not JSON: {error.msg.removesuffix(' at')} at character {error.pos + 1}") from None
    except ValueError:  # Python's limit of digits
        raise Misfit("line has a number with too many digits") from None
    if end != len(text) and (more := text[end:].lstrip(_JSON_SPACE)):
        raise Misfit(f"line is not JSON: Extra data at character {len(text) - len(more) + 1}")
    if type(value) is not dict:
        raise Misfit("line is JSON, but no object")
    return value


def _fault(error: Misfit | RecursionError) -> str:
    return str(error) if isinstance(error, Misfit) else "lists and objects are nested too deeply"


def _is_blank(line: bytes) -> bool:
    return line[:1] != b"{" and not line.removeprefix(_BOM).strip()


def _lines(source: SourceFile, start: int, stop: int | None) -> Iterator[list[bytes]]:
    """The lines between two bytes of a file, without line feeds, a block at a time; a compressed file's all."""
    with _open(source) as file:
        left = None
        if start:
            file.seek(start)
        if stop is not None and source.compression is None:
            left = stop - start
        pieces: list[bytes] = []
        while left is None or left > 0:
            block = file.read(_BLOCK_BYTES if left is None else min(left, _BLOCK_BYTES))
            if not block:
                break
            left = None if left is None else left - len(block)
            cut = block.rfind(b"\n")
            if cut < 0:
                pieces.append(block)
                if sum(map(len, pieces)) > MAX_LINE_BYTES:
                    raise UsageError(
                        f"{source.url} has a line of more than {MAX_LINE_BYTES >> 20} MB: is it JSON lines, one object "
                        "a line?"
                    )
                continue
            yield b"".join([*pieces, block[:cut]]).split(b"\n")
            pieces = [block[cut + 1 :]]
        rest = b"".join(pieces)
        if rest:
            yield [rest]


@contextmanager
def _open(source: SourceFile) -> Iterator[Any]:
    """A file's bytes, decompressed: something with ``read``, and ``seek`` if it is not compressed."""
    fs, path = file_system(source.url)
    with fs.open(path, "rb") as file:
        if source.compression is None:
            yield file
        else:
            # Arrow's, because the zstandard package takes a truncated file for a complete one.
            yield pa.CompressedInputStream(pa.PythonFile(file, "r"), source.compression)

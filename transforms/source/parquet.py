"""Parquet: footers at planning, units within row groups, and reading that never holds a whole row group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from fsspec.caching import caches
from fsspec.implementations.local import LocalFileSystem
from fsspec.spec import AbstractBufferedFile

from transforms.errors import RunFailed, UsageError
from transforms.file_systems import file_system
from transforms.source.work_units import Batch, SourceFile, UnitGroup, WorkUnit

_BATCH_BYTES = 1 << 20
_READ_BYTES = 1 << 18  # for each column at a time
_REMOTE_READ_BYTES = 1 << 20
_READING = {"pre_buffer": False, "page_checksum_verification": True}
"""Buffered, not whole column chunks ahead. Checksums are looked at where a file has them (Spark writes them): damage
might else be read as other texts."""


@dataclass(frozen=True)
class Footer:
    """What planning needs of a file.

    Attributes:
        schema: Its ``pyarrow.Schema``, metadata included.
        group_rows: Rows in each of its row groups.
    """

    schema: Any
    group_rows: tuple[int, ...]


def read_footer(source: SourceFile) -> Footer:
    """Reads the end of a file.

    Raises:
        UsageError: If it can't be read, or is no Parquet.
    """
    try:
        with _open(source) as file:
            metadata = file.metadata
            rows = tuple(metadata.row_group(number).num_rows for number in range(metadata.num_row_groups))
            return Footer(file.schema_arrow, rows)
    except (OSError, pa.ArrowException) as error:
        raise UsageError(f"cannot read {source.url} as Parquet: {str(error).splitlines()[0]}") from error


def plan_groups(source: SourceFile, group_rows: Sequence[int], unit_rows: int) -> list[UnitGroup]:
    """Cuts a file into units of about ``unit_rows`` rows.

    A row group of up to one and a half times that stays whole, a larger one is split evenly (its units are one group),
    and consecutive small ones are combined. A file without rows is one unit without rows.

    Args:
        source: The file.
        group_rows: Rows in each of its row groups.
        unit_rows: Rows in a unit.
    """
    pieces: list[list[int]] = []  # for each group: the rows of its units
    for rows in filter(None, group_rows):
        if rows > 1.5 * unit_rows:
            count = -(-rows // unit_rows)
            cuts = [rows * number // count for number in range(count + 1)]
            pieces.append([stop - start for start, stop in pairwise(cuts)])
        elif pieces and len(pieces[-1]) == 1 and pieces[-1][0] + rows <= unit_rows:
            pieces[-1][0] += rows
        else:
            pieces.append([rows])
    groups = []
    number = start = 0
    for piece in pieces or [[0]]:
        units = []
        for rows in piece:
            units.append(WorkUnit(source, number, start, start + rows, rows))
            number, start = number + 1, start + rows
        groups.append(tuple(units))
    return groups


def read_units(group: UnitGroup, batch_rows: int) -> Iterator[Batch]:
    """The rows of the units of a group, in batches of at most ``batch_rows`` rows and about 1 MB, in one pass.

    Args:
        group: In order, of one file; rows between its units are passed over.
        batch_rows: At most so many rows in a batch.

    Raises:
        RunFailed: If the file has fewer rows than were planned.
        OSError: If the file can't be read.
        pyarrow.ArrowException: If it is corrupt.
    """
    with _open(group[0].source) as file:
        stream = _stream(file, group[0].start, group[-1].stop, batch_rows)
        position, records = 0, _empty(file.schema_arrow)
        for unit in group:
            if not unit.rows:
                yield Batch(unit, 0, _empty(file.schema_arrow), True)
            index = first_row = 0
            while first_row < unit.rows:
                at = unit.start + first_row
                while position + records.num_rows <= at:
                    try:
                        position, records = next(stream)
                    except StopIteration:
                        raise RunFailed(f"{unit.source.url} ends before row {unit.stop}: was it changed?") from None
                for piece in _split(records.slice(at - position, unit.rows - first_row)):
                    yield Batch(unit, index, piece, first_row + piece.num_rows == unit.rows, (), first_row)
                    index, first_row = index + 1, first_row + piece.num_rows


def _stream(file: Any, start: int, stop: int, batch_rows: int) -> Iterator[tuple[int, Any]]:
    """Record batches of the row groups that hold the rows from ``start`` to ``stop``, each with its position."""
    metadata, schema = file.metadata, file.schema_arrow
    position = 0
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        if position < stop and position + group.num_rows > start:
            fitting_rows = _BATCH_BYTES * group.num_rows // max(1, group.total_byte_size)
            batch_size = max(1, min(batch_rows, fitting_rows))
            at = position
            # Each row group by itself: Arrow can't read lists of dictionaries across two.
            for records in file.iter_batches(batch_size, row_groups=[number], use_threads=False):
                yield at, pa.RecordBatch.from_arrays(records.columns, schema=schema)
                at += records.num_rows
        position += group.num_rows


def _split(records: Any) -> Iterator[Any]:
    """Halves until each has at most about 1 MB, or one row."""
    rows = records.num_rows
    if rows <= 1 or sum(map(_column_bytes, records.columns)) <= _BATCH_BYTES:
        yield records
    else:
        yield from _split(records.slice(0, rows // 2))
        yield from _split(records.slice(rows // 2))


def _column_bytes(column: Any) -> int:
    # All slices share one dictionary: cutting would not make it smaller.
    size: int = (column.indices if pa.types.is_dictionary(column.type) else column).nbytes
    return size


def _empty(schema: Any) -> Any:
    table = schema.empty_table()
    return pa.RecordBatch.from_arrays([column.combine_chunks() for column in table.columns], schema=schema)


@contextmanager
def _open(source: SourceFile) -> Iterator[Any]:
    """A ``pyarrow.parquet.ParquetFile``."""
    fs, path = file_system(source.url)
    if isinstance(fs, LocalFileSystem):
        with pq.ParquetFile(path, memory_map=False, buffer_size=_READ_BYTES, **_READING) as parquet:
            yield parquet
    else:
        with fs.open(path, "rb") as file:
            if isinstance(file, AbstractBufferedFile):
                # Columns are read in turns: reading ahead (S3: 50 MB) would fetch the same bytes many times over.
                file.cache = caches["none"](file.blocksize, file._fetch_range, file.size)
            with pq.ParquetFile(file, buffer_size=_REMOTE_READ_BYTES, **_READING) as parquet:
                yield parquet

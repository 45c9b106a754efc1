"""Parquet: units within row groups, and reading that never holds a whole row group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import pyarrow as pa
import pyarrow.parquet as pq

from transforms.errors import RunFailed, UsageError
from transforms.file_systems import first_line
from transforms.source.hive_partitions import add_partition_columns
from transforms.source.parquet_footer import UNREADABLE, open_parquet, refused
from transforms.source.work_units import Batch, SourceFile, UnitGroup, WorkUnit
from transforms.waiting import announced

_BATCH_BYTES = 1 << 20
_TRIAL_ROWS = 16


def plan_groups(source: SourceFile, group_rows: Sequence[int], unit_rows: int) -> list[UnitGroup]:
    """Cut a file into units of about ``unit_rows`` rows.

    A row group of up to one and a half times that stays whole, a larger one is split evenly (its units are one group),
    and consecutive small ones are combined. A file without rows is one unit without rows.

    Args:
        source: The file.
        group_rows: Number of rows in each of its row groups.
        unit_rows: Target number of rows in a unit.
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


def read_units(group: UnitGroup, schema: pa.Schema, batch_rows: int) -> Iterator[Batch]:
    """Yield the rows of the units of a group, in batches of at most ``batch_rows`` rows and about 1 MB, in one pass.

    Args:
        group: Units of one file, in order; rows between them are skipped.
        schema: Schema of the batches: the file's, and its partition columns at the end.
        batch_rows: Maximum number of rows in a batch.

    Raises:
        RunFailed: The file has fewer rows than were planned, or a column can't be read.
        OSError, pyarrow.ArrowException, ValueError: The file can't be opened.
    """
    source = group[0].source
    with open_parquet(source) as file:
        stream = _stream(source, file, group[0].start, group[-1].stop, batch_rows)
        position, records = 0, _empty(file.schema_arrow)
        for unit in group:
            if not unit.rows:
                empty = add_partition_columns(_empty(file.schema_arrow), source, schema)
                yield Batch(unit, 0, empty, True)
            index = first_row = 0
            while first_row < unit.rows:
                at = unit.start + first_row
                while position + records.num_rows <= at:
                    try:
                        position, records = next(stream)
                    except StopIteration:
                        raise RunFailed(f"{source.url} ends before row {unit.stop}: was it changed?") from None
                for piece in _split(records.slice(at - position, unit.rows - first_row)):
                    last = first_row + piece.num_rows == unit.rows
                    yield Batch(unit, index, add_partition_columns(piece, source, schema), last, (), first_row)
                    index, first_row = index + 1, first_row + piece.num_rows


def try_reading(source: SourceFile) -> None:
    """Read the first rows of a file, so that a column that Arrow can't read is found before anything is asked for.

    Fixed-size lists are read to the end: Arrow reads one only if none of its rows is null.

    Raises:
        UsageError: A column can't be read.
    """
    with refused(source), open_parquet(source) as file:
        numbers = [n for n in range(file.metadata.num_row_groups) if file.metadata.row_group(n).num_rows]
        try:
            for number in numbers[:1]:
                next(file.iter_batches(_TRIAL_ROWS, row_groups=[number], use_threads=False), None)
        except UNREADABLE as error:
            raise UsageError(_unreadable(source, file, numbers[0], error)) from error
        lists = [field.name for field in file.schema_arrow if _has_fixed_lists(field.type)]
        for number in numbers if lists else ():
            try:
                for _ in file.iter_batches(1 << 12, row_groups=[number], columns=lists, use_threads=False):
                    pass
            except UNREADABLE as error:
                raise UsageError(_unreadable(source, file, number, error)) from error


def _stream(
    source: SourceFile, file: pq.ParquetFile, start: int, stop: int, batch_rows: int
) -> Iterator[tuple[int, pa.RecordBatch]]:
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
            batches = file.iter_batches(batch_size, row_groups=[number], use_threads=False)
            while True:
                try:
                    with announced(f"reading {source.url}"):
                        records = next(batches, None)
                except UNREADABLE as error:
                    raise RunFailed(_unreadable(source, file, number, error)) from error
                if records is None:
                    break
                yield at, pa.RecordBatch.from_arrays(records.columns, schema=schema)
                at += records.num_rows
        position += group.num_rows


def _unreadable(source: SourceFile, file: pq.ParquetFile, number: int, error: BaseException) -> str:
    """The message for a row group that can't be read: it names the first column that can't be read by itself."""
    for name in dict.fromkeys(file.schema_arrow.names):
        try:
            for _ in file.iter_batches(1 << 10, row_groups=[number], columns=[name], use_threads=False):
                pass
        except UNREADABLE as column_error:
            kind = file.schema_arrow.field(file.schema_arrow.get_all_field_indices(name)[0]).type
            remedy = ": rewrite it as plain lists" if _has_fixed_lists(kind) else ""
            return f"cannot read column {name} ({kind}) of {source.url}: {first_line(column_error)}{remedy}"
    return f"cannot read {source.url}: {first_line(error)}"


def _has_fixed_lists(kind: pa.DataType) -> bool:
    return pa.types.is_fixed_size_list(kind) or any(
        _has_fixed_lists(kind.field(number).type) for number in range(kind.num_fields)
    )


def _split(records: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Halves until each has at most about 1 MB, or one row."""
    rows = records.num_rows
    if rows <= 1 or sum(map(_column_bytes, records.columns)) <= _BATCH_BYTES:
        yield records
    else:
        yield from _split(records.slice(0, rows // 2))
        yield from _split(records.slice(rows // 2))


def _column_bytes(column: pa.Array) -> int:
    # All slices share one dictionary: cutting would not make it smaller.
    size: int = (column.indices if pa.types.is_dictionary(column.type) else column).nbytes
    return size


def _empty(schema: pa.Schema) -> pa.RecordBatch:
    table = schema.empty_table()
    return pa.RecordBatch.from_arrays([column.combine_chunks() for column in table.columns], schema=schema)

"""The read step: rows of work units, a few at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import groupby

import apache_beam as beam
import pyarrow as pa

from transforms.errors import RunFailed
from transforms.file_systems import first_line
from transforms.source.fingerprints import check_unchanged
from transforms.source.hive_partitions import add_partition_columns, file_schema
from transforms.source.json_lines import UNREADABLE
from transforms.source.json_reader import read_unit
from transforms.source.parquet import read_units
from transforms.source.work_units import SMALL_FILE_BYTES, Batch, UnitGroup

FILES_AT_ONCE = 8
FILES_IN_TASK = 32
TASK_BYTES = 4 << 20
"""Limits for small files that are read ahead together: their rows are in memory at the same time."""


def read_group(group: UnitGroup, schema: pa.Schema, batch_rows: int) -> Iterator[Batch]:
    """Yield the rows of the units of a group, in order; the last batch of each unit is marked as such.

    Args:
        group: Units of one file, as they were planned.
        schema: The file's schema, as it was planned. JSON lines are made to fit it.
        batch_rows: Maximum number of rows in a batch; large rows make smaller batches.

    Raises:
        RunFailed: The file can't be read, or is not the one that was planned; no unit's last batch is yielded then.
    """
    source = group[0].source
    read = read_units if source.format == "parquet" else _read_lines
    batches = read(group, schema, batch_rows)
    try:
        if is_small(group):  # one check instead of two, as each is a request
            whole = list(batches)
            check_unchanged(source)
            yield from whole
            return
        check_unchanged(source)
        for batch in batches:
            if batch.last:
                check_unchanged(source)
            yield batch
    except RunFailed:
        check_unchanged(source)  # a file that has changed explains whatever was found in it
        raise
    except UNREADABLE as error:
        check_unchanged(source)
        raise RunFailed(f"cannot read {source.url}: {first_line(error)}") from error


def _read_lines(group: UnitGroup, schema: pa.Schema, batch_rows: int) -> Iterator[Batch]:
    source = group[0].source
    for unit in group:
        for batch in read_unit(unit, file_schema(schema), batch_rows):
            yield replace(batch, records=add_partition_columns(batch.records, source, schema))


def is_small(group: UnitGroup) -> bool:
    """Return whether a group is a small file on another machine, where the requests take longer than the reading."""
    source = group[0].source
    return "://" in source.address and 0 < source.size_bytes <= SMALL_FILE_BYTES


def read_tasks(groups: Iterable[UnitGroup]) -> list[tuple[UnitGroup, ...]]:
    """Return the elements for ``ReadUnits``: small files by the dozen, every other group by itself."""
    tasks: list[tuple[UnitGroup, ...]] = []
    for small, several in groupby(groups, is_small):
        if not small:
            tasks += [(group,) for group in several]
            continue
        task: list[UnitGroup] = []
        for group in several:
            size_bytes = sum(each[0].source.size_bytes for each in (*task, group))
            if task and (len(task) == FILES_IN_TASK or size_bytes > TASK_BYTES):
                tasks.append(tuple(task))
                task = []
            task.append(group)
        tasks.append(tuple(task))
    return tasks


class ReadUnits(beam.DoFn):
    """Groups of units in, as of ``read_tasks``; ``Batch`` out, in order within each unit."""

    def __init__(self, schemas: Mapping[str, pa.Schema], batch_rows: int) -> None:
        self._schemas = schemas
        self._batch_rows = batch_rows

    def process(self, groups: Sequence[UnitGroup]) -> Iterator[Batch]:
        """Read some groups, while the steps after it take their batches; several small files are read ahead."""
        if len(groups) == 1:
            yield from self._read(groups[0])
            return
        with ThreadPoolExecutor(FILES_AT_ONCE, thread_name_prefix="read") as pool:
            reading = [pool.submit(lambda group: list(self._read(group)), group) for group in groups]
            try:
                for future in reading:
                    yield from future.result()
            finally:
                pool.shutdown(cancel_futures=True)

    def _read(self, group: UnitGroup) -> Iterator[Batch]:
        return read_group(group, self._schemas[group[0].source.url], self._batch_rows)

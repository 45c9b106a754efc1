"""The read step: rows of work units, a few at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby

import apache_beam as beam
import pyarrow as pa

from transforms.source.small_files import FETCHED_AT_ONCE, is_small
from transforms.source.unit_reader import read_group
from transforms.source.work_units import Batch, UnitGroup

FILES_IN_TASK = 32
TASK_BYTES = 4 << 20
"""Limits for small files that are read ahead together: their rows are in memory at the same time."""


def read_tasks(groups: Iterable[UnitGroup]) -> list[tuple[UnitGroup, ...]]:
    """Return the elements for ``ReadUnits``: small files by the dozen, every other group by itself."""
    tasks: list[tuple[UnitGroup, ...]] = []
    for small, several in groupby(groups, lambda group: is_small(group[0].source)):
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
        with ThreadPoolExecutor(FETCHED_AT_ONCE, thread_name_prefix="read") as pool:
            reading = [pool.submit(lambda group: list(self._read(group)), group) for group in groups]
            try:
                for future in reading:
                    yield from future.result()
            finally:
                pool.shutdown(cancel_futures=True)

    def _read(self, group: UnitGroup) -> Iterator[Batch]:
        return read_group(group, self._schemas[group[0].source.url], self._batch_rows)

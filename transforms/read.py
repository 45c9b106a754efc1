"""The read step: rows of work units, a few at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby

import apache_beam as beam
import pyarrow as pa

from transforms.source.small_files import FETCHED_AT_ONCE, SMALL_FILE_BYTES, is_small
from transforms.source.unit_reader import read_group
from transforms.source.work_units import Batch, UnitGroup

FILES_IN_TASK = 32
TASK_BYTES = 4 << 20
"""Limits for small files that are read together: those on other machines are in memory at the same time."""

FEWEST_TASKS = 64
"""Files are not read together if fewer tasks than this would be left to spread over the workers."""


@dataclass(frozen=True)
class ReadTask:
    """The element of the Reshuffle.

    Pickled as one object, so that what its units have in common is stored once: runners keep several copies of all
    elements, which for 20,000 files took 60 MB when each unit was pickled by itself.

    Attributes:
        groups: Units to read, group by group.
    """

    groups: tuple[UnitGroup, ...]


def read_tasks(groups: Sequence[UnitGroup]) -> list[ReadTask]:
    """Return the elements for ``ReadUnits``: small files by the dozen if there are many, other groups by themselves."""
    most_files = max(1, min(FILES_IN_TASK, len(groups) // FEWEST_TASKS))
    tasks: list[ReadTask] = []
    for kind, several in groupby(groups, _kind):
        task: list[UnitGroup] = []
        for group in several:
            size_bytes = sum(each[0].source.size_bytes for each in (*task, group))
            if task and (kind == "large" or len(task) == most_files or size_bytes > TASK_BYTES):
                tasks.append(ReadTask(tuple(task)))
                task = []
            task.append(group)
        tasks.append(ReadTask(tuple(task)))
    return tasks


def _kind(group: UnitGroup) -> str:
    source = group[0].source
    if is_small(source):
        return "small, on another machine"
    return "small" if source.size_bytes <= SMALL_FILE_BYTES else "large"


class ReadUnits(beam.DoFn):
    """``ReadTask`` in; ``Batch`` out, in order within each unit."""

    def __init__(self, schemas: Mapping[str, pa.Schema], batch_rows: int) -> None:
        self._schemas = schemas
        self._batch_rows = batch_rows

    def process(self, task: ReadTask) -> Iterator[Batch]:
        """Read a task, while the steps after it take its batches; small files on other machines are read ahead."""
        if len(task.groups) == 1 or not is_small(task.groups[0][0].source):
            for group in task.groups:
                yield from self._read(group)
            return
        with ThreadPoolExecutor(FETCHED_AT_ONCE, thread_name_prefix="read") as pool:
            reading = [pool.submit(lambda group: list(self._read(group)), group) for group in task.groups]
            try:
                for future in reading:
                    yield from future.result()
            finally:
                pool.shutdown(cancel_futures=True)

    def _read(self, group: UnitGroup) -> Iterator[Batch]:
        return read_group(group, self._schemas[group[0].source.url], self._batch_rows)

"""The read step: rows of work units, a few at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import apache_beam as beam
import pyarrow as pa

from transforms.source.read_tasks import ReadTask
from transforms.source.small_files import FETCHED_AT_ONCE, is_small
from transforms.source.unit_reader import read_group
from transforms.source.work_units import Batch, UnitGroup


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

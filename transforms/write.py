"""The write step: a DoFn that turns the batches of each unit into its part.

Parts are published by a few threads, since a disk or an object store takes milliseconds for each: with small files they
would otherwise decide the run's speed. A part counts only once it is published: a bundle ends when all its parts are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
import pyarrow as pa
from apache_beam.metrics.metric import Metrics
from apache_beam.utils.windowed_value import WindowedValue

from transforms.errors import RunFailed
from transforms.sink.fence import fence_of
from transforms.sink.output_directory import OutputDirectory
from transforms.sink.parts import PartResult, PartWriter, TranslatedBatch
from transforms.sink.recipe import Recipe
from transforms.source.work_units import WorkUnit

PUBLISHED_AT_ONCE = 8
WAITING_PARTS = 32
"""Closed parts that may wait for a thread."""

SHOWN_PARTS = 3


@dataclass(frozen=True)
class WriteConfig:
    """What the step needs on a worker; picklable.

    Attributes:
        output: Address of the directory.
        recipe: What the translations are made with, for the footers.
        schemas: Schema of the output for each input file, by its address.
        run_id: Identifier of the run that holds the lock of the output; if empty, the lock is not looked at.
    """

    output: str
    recipe: Recipe
    schemas: Mapping[str, pa.Schema]
    run_id: str = ""


class WriteParts(beam.DoFn):
    """``TranslatedBatch`` in, in any order; one ``PartResult`` out for each part, once it is published."""

    def __init__(self, config: WriteConfig) -> None:
        self._config = config
        self._writers: dict[WorkUnit, PartWriter] = {}
        self._pool: ThreadPoolExecutor | None = None
        self._publishing: dict[Future[PartResult], tuple[Any, Any]] = {}
        self._parts = Metrics.counter("write", "parts")
        self._rows = Metrics.counter("write", "rows")

    def setup(self) -> None:
        """Open the directory; no file is opened before there is something to write."""
        self._output = OutputDirectory(self._config.output)
        self._pool = ThreadPoolExecutor(PUBLISHED_AT_ONCE, thread_name_prefix="publish")

    def start_bundle(self) -> None:
        """Drop what an earlier, failed bundle left half-written."""
        self._discard()

    def process(
        self, batch: TranslatedBatch, timestamp: Any = beam.DoFn.TimestampParam, window: Any = beam.DoFn.WindowParam
    ) -> Iterator[WindowedValue]:
        """Add a batch to its part, and begin to publish the part if that was the last one missing.

        Raises:
            RunFailed: A part cannot be published.
        """
        writer = self._writers.get(batch.unit)
        if writer is None:
            writer = self._writers[batch.unit] = self._writer(batch.unit)
        writer.add(batch)
        if writer.complete:
            assert self._pool is not None  # noqa: S101 - made by setup
            writer.close()
            del self._writers[batch.unit]
            self._publishing[self._pool.submit(writer.publish)] = (timestamp, window)
        yield from self._published(WAITING_PARTS)

    def finish_bundle(self) -> Iterator[WindowedValue]:
        """Wait for the parts. Every unit is complete by now, since a unit is never split between bundles.

        Raises:
            RunFailed: A unit is not complete, or a part cannot be published.
        """
        yield from self._published(0)
        if self._writers:
            names = ", ".join(sorted(unit.part_name for unit in self._writers)[:SHOWN_PARTS])
            self._discard()
            raise RunFailed(f"rows are missing from {names}: rerun the same command")

    def teardown(self) -> None:
        """Leave no temporary file behind after an error."""
        self._discard()
        if self._pool is not None:
            self._pool.shutdown()

    def _writer(self, unit: WorkUnit) -> PartWriter:
        config = self._config
        schema = config.schemas[unit.source.url]
        if not config.run_id:
            return PartWriter(self._output, unit, config.recipe, schema)
        fence = fence_of(config.output, config.run_id)
        return PartWriter(self._output, unit, config.recipe, schema, config.run_id, fence.check_now)

    def _published(self, waiting: int) -> Iterator[WindowedValue]:
        """Yield the results of published parts, until at most ``waiting`` parts are left."""
        while True:
            done = [future for future in self._publishing if future.done()]
            for future in done:
                timestamp, window = self._publishing.pop(future)
                result = future.result()
                self._parts.inc()
                self._rows.inc(result.rows)
                yield WindowedValue(result, timestamp, (window,))
            if len(self._publishing) <= waiting:
                return
            wait(self._publishing, return_when=FIRST_COMPLETED)

    def _discard(self) -> None:
        # Parts on their way are published or fail by themselves, and leave no temporary file.
        wait(self._publishing)
        self._publishing.clear()
        for writer in self._writers.values():
            writer.discard()
        self._writers.clear()

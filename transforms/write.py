"""The write step: a DoFn that turns the batches of each unit into its part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
from apache_beam.metrics.metric import Metrics

from transforms.errors import RunFailed
from transforms.sink.output_directory import OutputDirectory
from transforms.sink.parts import PartResult, PartWriter, TranslatedBatch
from transforms.sink.recipe import Recipe
from transforms.source.work_units import WorkUnit


@dataclass(frozen=True)
class WriteConfig:
    """What the step needs on a worker; picklable.

    Attributes:
        output: The directory's address.
        recipe: For the footers.
        schemas: The output's schema for each input file, by its address.
    """

    output: str
    recipe: Recipe
    schemas: Mapping[str, Any]


class WriteParts(beam.DoFn):
    """``TranslatedBatch`` in, in any order; one ``PartResult`` out for each part, when it is published."""

    def __init__(self, config: WriteConfig) -> None:
        self._config = config
        self._writers: dict[WorkUnit, PartWriter] = {}
        self._parts = Metrics.counter("write", "parts")
        self._rows = Metrics.counter("write", "rows")

    def setup(self) -> None:
        """Nothing is opened before there is something to write."""
        self._output = OutputDirectory(self._config.output)

    def start_bundle(self) -> None:
        """What an earlier, failed bundle left half-written is dropped."""
        self._discard()

    def process(self, batch: TranslatedBatch) -> Iterator[PartResult]:
        """Adds a batch to its part, and publishes the part if that was the last one missing."""
        unit = batch.unit
        writer = self._writers.get(unit)
        if writer is None:
            schema = self._config.schemas[unit.source.url]
            writer = self._writers[unit] = PartWriter(self._output, unit, self._config.recipe, schema)
        writer.add(batch)
        if writer.complete:
            result = writer.commit()
            del self._writers[unit]
            self._parts.inc()
            self._rows.inc(result.rows)
            yield result

    def finish_bundle(self) -> None:
        """Every unit is complete when its bundle ends, since a unit is never split between two.

        Raises:
            RunFailed: If one is not.
        """
        if self._writers:
            names = ", ".join(sorted(unit.part_name for unit in self._writers)[:3])
            self._discard()
            raise RunFailed(f"rows are missing from {names}: run the same command again")

    def teardown(self) -> None:
        """Leaves no temporary file behind after an error."""
        self._discard()

    def _discard(self) -> None:
        for writer in self._writers.values():
            writer.discard()
        self._writers.clear()

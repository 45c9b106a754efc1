"""One part: batches in any order in, one Parquet file in order out, whole or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from transforms import dead_letters
from transforms.columns import ADDED, column_name
from transforms.errors import RunFailed
from transforms.footers import PartFooter, without_ours
from transforms.output import OutputDirectory
from transforms.recipe import Recipe
from transforms.statistics import Statistics
from transforms.translated import DeadLetter, TranslatedBatch
from transforms.work_units import WorkUnit

ROW_GROUP_ROWS = 10_000
ROW_GROUP_BYTES = 16 << 20

REPEATED = ("status", "origin", "model", "model_digest", "host", "done_reason", "error")
"""Added columns with few different values."""


@dataclass(frozen=True)
class PartResult:
    """A part that was written.

    Attributes:
        name: Of the file.
        rows: In it.
        statistics: Of its rows.
    """

    name: str
    rows: int
    statistics: Statistics


class PartWriter:
    """Writes the part of one unit: ``add`` its batches in any order, ``commit`` when ``complete``, else ``discard``.

    Ready batches are collected to row groups of a useful size and streamed to a temporary file, so that a part takes
    no more memory than one row group and the batches that came too early.
    """

    def __init__(self, output: OutputDirectory, unit: WorkUnit, recipe: Recipe, schema: Any) -> None:
        self._output = output
        self._unit = unit
        self._recipe = recipe
        self._schema = schema
        self._early: dict[int, TranslatedBatch] = {}
        self._next = 0
        self._ready: list[Any] = []
        self._ready_bytes = 0
        self._ready_rows = 0
        self._rows = 0
        self._letters: list[DeadLetter] = []
        self._temporary = output.begin()
        self._writer: Any = None
        self.statistics = Statistics()
        self.complete = False

    def add(self, batch: TranslatedBatch) -> None:
        """Takes a batch.

        Raises:
            RunFailed: If the disk does not take it.
            ValueError: If it came before.
        """
        if batch.index < self._next or batch.index in self._early:
            raise ValueError(f"batch {batch.index} of {self._unit.part_name} came twice")
        self._early[batch.index] = batch
        while (ready := self._early.pop(self._next, None)) is not None:
            self._next += 1
            self._take(ready)
            self.complete = ready.last

    def _take(self, batch: TranslatedBatch) -> None:
        self.statistics.add(batch.statistics)
        self._letters += batch.dead_letters
        self._ready.append(batch.records)
        self._ready_rows += batch.records.num_rows
        self._ready_bytes += batch.records.nbytes
        if self._ready_rows >= ROW_GROUP_ROWS or self._ready_bytes >= ROW_GROUP_BYTES:
            self._write_group()

    def _write_group(self) -> None:
        with self._output.full_disk_told(self._unit.part_name):
            if self._writer is None:
                self._writer = self._open()
            if self._ready_rows:
                self._writer.write_table(pa.Table.from_batches(self._ready, self._ready[0].schema))
        self._rows += self._ready_rows
        self._ready, self._ready_rows, self._ready_bytes = [], 0, 0

    def _open(self) -> Any:
        texts = self._recipe.text_columns
        dictionaries = [field.name for field in self._schema if pa.types.is_dictionary(field.type)]
        few = [column_name(text, name) for text in texts for name in ADDED if name in REPEATED]
        return pq.ParquetWriter(
            self._temporary,
            self._schema.with_metadata(without_ours(self._schema.metadata) or None),
            compression="zstd",
            use_dictionary=[name for name in [*few, *dictionaries] if name in self._schema.names],
            write_page_index=False,
        )

    def commit(self) -> PartResult:
        """Publishes the part, after its dead letters.

        Raises:
            RunFailed: If rows are missing, or the disk does not take it; no part is published then.
        """
        self._write_group()
        name = self._unit.part_name
        if self._rows != self._unit.rows:
            self.discard()
            raise RunFailed(
                f"{self._unit.source.url}: {self._unit.rows} rows were planned for {name}, {self._rows} came: "
                "was the file changed meanwhile? Run the same command again"
            )
        footer = PartFooter.of(self._unit, self._recipe, self.statistics, self._schema)
        with self._output.full_disk_told(name):
            self._writer.add_key_value_metadata(footer.to_metadata())
            self._writer.close()
        letters = dead_letters.file_name(self._unit)
        if self._letters:
            self._output.write_bytes(letters, dead_letters.to_lines(self._unit, self._letters))
        else:
            self._output.remove(letters)
        self._output.publish(self._temporary, name)
        return PartResult(name, self._rows, self.statistics)

    def discard(self) -> None:
        """Leaves nothing behind."""
        if self._writer is not None and self._writer.is_open:
            self._writer.close()
        self._temporary.unlink(missing_ok=True)

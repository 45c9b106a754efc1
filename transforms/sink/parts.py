"""One part: batches in any order in, one Parquet file in order out, whole or not at all."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from transforms.errors import RunFailed
from transforms.sink import dead_letters
from transforms.sink.columns import ADDED, column_name
from transforms.sink.dead_letters import DeadLetter
from transforms.sink.footers import PartFooter, without_own_entries
from transforms.sink.output_directory import OutputDirectory
from transforms.sink.recipe import Recipe
from transforms.sink.statistics import Statistics
from transforms.source.work_units import WorkUnit

ROW_GROUP_ROWS = 10_000
ROW_GROUP_BYTES = 16 << 20
"""A row group is written when it has that many rows or bytes: a usual part has one, and a buffer stays small."""

SLACK_BYTES = 1 << 14

REPEATED = {
    **dict.fromkeys(("status", "origin", "model", "model_digest", "host", "done_reason", "error"), ""),
    "flags": ".list.element",
}
"""Added columns with few different values, and what Parquet adds to their names. Texts are nearly all different."""


@dataclass(frozen=True)
class TranslatedBatch:
    """A batch with its added columns; batches of a unit arrive in any order.

    Attributes:
        unit, index, last: As of the ``Batch``.
        records: A ``pyarrow.RecordBatch`` in the output's schema (``columns.output_schema``).
        statistics: What happened to its rows.
        dead_letters: Its failed texts.
    """

    unit: WorkUnit
    index: int
    records: Any
    last: bool
    statistics: Statistics
    dead_letters: tuple[DeadLetter, ...] = ()


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


@dataclass(frozen=True)
class _Owned:
    """A batch that keeps little more than ``bytes`` in memory."""

    batch: TranslatedBatch
    bytes: int


class PartWriter:
    """Writes the part of one unit: ``add`` its batches in any order, ``commit`` when ``complete``, else ``discard``.

    Ready batches are collected to row groups of a useful size and streamed to a temporary file, so that a part takes
    no more memory than one row group and the batches that came too early; no file is open before the first row group.

    Attributes:
        complete: Whether all batches have come.
        statistics: Of the batches that are in order so far.
    """

    def __init__(self, output: OutputDirectory, unit: WorkUnit, recipe: Recipe, schema: Any) -> None:
        """Nothing is written yet; ``schema`` is the output's (``columns.output_schema``)."""
        self._output = output
        self._unit = unit
        self._recipe = recipe
        self._schema = schema.with_metadata(without_own_entries(schema.metadata) or None)
        self._early: dict[int, _Owned] = {}
        self._next = 0
        self._ready: list[Any] = []
        self._ready_bytes = 0
        self._ready_rows = 0
        self._rows = 0
        self._letters = 0
        self._letters_file: Path | None = None
        self._file: Path | None = None
        self._sink: Any = None
        self._writer: Any = None
        self.statistics = Statistics()
        self.complete = False

    def add(self, batch: TranslatedBatch) -> None:
        """Takes a batch.

        Raises:
            RunFailed: If the disk does not take it.
            ValueError: If it came before, comes after the last, or its statistics are of other rows.
        """
        what = f"batch {batch.index} of {self._unit.part_name}"
        if batch.index < self._next or batch.index in self._early:
            raise ValueError(f"{what} came twice")
        if batch.statistics.rows != batch.records.num_rows:
            raise ValueError(f"{what} has {batch.records.num_rows} rows, its statistics have {batch.statistics.rows}")
        if self.complete:
            raise ValueError(f"{what} came after the last")
        self._early[batch.index] = _own(batch, self._schema)
        while not self.complete and (ready := self._early.pop(self._next, None)) is not None:
            self._next += 1
            self._take(ready)
            self.complete = ready.batch.last
        if self.complete and self._early:
            raise ValueError(f"{self._unit.part_name} has batches after the last")

    def _take(self, ready: _Owned) -> None:
        batch = ready.batch
        self.statistics.add(batch.statistics)
        if batch.dead_letters:
            self._keep_letters(batch)
        self._ready.append(batch.records)
        self._ready_rows += batch.records.num_rows
        self._ready_bytes += ready.bytes
        if self._ready_rows >= ROW_GROUP_ROWS or self._ready_bytes >= ROW_GROUP_BYTES:
            self._write_group()

    def _keep_letters(self, batch: TranslatedBatch) -> None:
        """On the disk, as a compressed file of bad lines may have any number of them."""
        lines = dead_letters.to_lines(self._unit, batch.dead_letters)
        with self._output.explain_write_errors(self._unit.part_name, len(lines)):
            if self._letters_file is None:
                self._letters_file = self._output.begin()
            with self._letters_file.open("ab") as file:
                file.write(lines)
        self._letters += len(batch.dead_letters)

    def _write_group(self) -> None:
        with self._output.explain_write_errors(self._unit.part_name, self._ready_bytes):
            if self._writer is None:
                self._open()
            if self._ready_rows:
                self._writer.write_table(pa.Table.from_batches(self._ready, self._schema))
        self._rows += self._ready_rows
        self._ready, self._ready_rows, self._ready_bytes = [], 0, 0

    def _open(self) -> None:
        texts = self._recipe.text_columns
        few = [column_name(text, name) + REPEATED[name] for text in texts for name in ADDED if name in REPEATED]
        dictionaries = [field.name for field in self._schema if pa.types.is_dictionary(field.type)]
        self._file = self._output.begin()
        self._sink = pa.OSFile(str(self._file), "wb")
        self._writer = pq.ParquetWriter(
            self._sink, self._schema, compression="zstd", use_dictionary=[*few, *dictionaries]
        )

    def commit(self) -> PartResult:
        """Publishes the dead letters, then the part. Nothing temporary is left, whatever happens.

        Raises:
            RunFailed: If rows are missing, or the disk does not take it; no part is published then.
        """
        try:
            return self._commit()
        finally:
            self.discard()

    def _commit(self) -> PartResult:
        self._write_group()
        name = self._unit.part_name
        if not self.complete or self._rows != self._unit.rows:
            raise RunFailed(
                f"{self._unit.source.url}: {self._unit.rows} rows were planned for {name}, {self._rows} came: "
                "was the file changed meanwhile? Run the same command again"
            )
        letters = dead_letters.file_name(name)
        if self._letters_file is None:
            self._output.remove(letters)
        else:
            self._output.publish(self._letters_file, letters)
        footer = PartFooter.of(self._unit, self._recipe, self.statistics, self._letters, self._schema)
        with self._output.explain_write_errors(name):
            self._writer.add_key_value_metadata(footer.to_metadata())
            self._writer.close()
            self._sink.close()
        assert self._file is not None  # noqa: S101 - as there is a writer
        self._output.publish(self._file, name)
        return PartResult(name, self._rows, self.statistics)

    def discard(self) -> None:
        """Leaves nothing temporary behind."""
        for temporary in (self._file, self._letters_file):
            if temporary is not None:
                temporary.unlink(missing_ok=True)
        if self._writer is not None:
            # What they still write goes to a file that is gone; that a full disk does not take it matters to nobody.
            with contextlib.suppress(OSError):
                self._writer.close()
            self._writer.is_open = False
            with contextlib.suppress(OSError):
                self._sink.close()


def _own(batch: TranslatedBatch, schema: Any) -> _Owned:
    """The batch in the file's schema; with copies, if its columns are slices that keep something larger in memory."""
    columns = batch.records.columns
    # A dictionary is shared by all batches that have it.
    contents = [column.indices if pa.types.is_dictionary(column.type) else column for column in columns]
    size = sum(content.nbytes for content in contents)
    held = sum(content.get_total_buffer_size() for content in contents)
    if held > 2 * size + SLACK_BYTES:
        rows = pa.array(range(batch.records.num_rows), pa.int32())
        columns = [_copy(column, rows) for column in columns]
    return _Owned(replace(batch, records=pa.RecordBatch.from_arrays(columns, schema=schema)), size)


def _copy(column: Any, rows: Any) -> Any:
    try:
        return column.take(rows)
    except pa.ArrowNotImplementedError:  # string views: they stay slices, which only costs memory
        return column

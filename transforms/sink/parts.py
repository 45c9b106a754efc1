"""One part: takes batches in any order and writes one Parquet file in order, whole or not at all."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from transforms.errors import RunFailed
from transforms.masking import masked_url
from transforms.sink import dead_letters
from transforms.sink.columns import ADDED, column_name
from transforms.sink.dead_letters import DeadLetter
from transforms.sink.footers import PartFooter
from transforms.sink.foreign_metadata import part_metadata
from transforms.sink.output_directory import OutputDirectory
from transforms.sink.permissions import permissions_of
from transforms.sink.published import note_published
from transforms.sink.recipe import Recipe
from transforms.sink.statistics import Statistics
from transforms.source.work_units import WorkUnit

ROW_GROUP_ROWS = 10_000
ROW_GROUP_BYTES = 16 << 20
"""A row group is written once it has this many rows or bytes: an ordinary part has one, and buffers stay small."""

SLACK_BYTES = 1 << 14
"""Memory that a batch may keep alive beyond twice its own size before it is copied."""

REPEATED = {
    **dict.fromkeys(("status", "origin", "model", "model_digest", "host", "done_reason", "error"), ""),
    "flags": ".list.element",
}
"""Added columns with few different values, and what Parquet appends to their names; only these get a dictionary."""


@dataclass(frozen=True)
class TranslatedBatch:
    """A batch with its added columns; the batches of a unit arrive in any order.

    Attributes:
        unit, index, last: As of the ``Batch``.
        records: Rows in the output's schema (``columns.output_schema``).
        statistics: What happened to the rows.
        dead_letters: Failed texts of the rows.
    """

    unit: WorkUnit
    index: int
    records: pa.RecordBatch
    last: bool
    statistics: Statistics
    dead_letters: tuple[DeadLetter, ...] = ()


@dataclass(frozen=True)
class PartResult:
    """A part that was published.

    Attributes:
        name: Name of the file.
        rows: Number of rows.
        statistics: What happened to the rows.
    """

    name: str
    rows: int
    statistics: Statistics


@dataclass(frozen=True)
class _Owned:
    """A batch that keeps little more than ``size_bytes`` in memory."""

    batch: TranslatedBatch
    size_bytes: int


class PartWriter:
    """Writes the part of one unit: ``add`` its batches in any order, ``commit`` once ``complete``, else ``discard``.

    Batches are collected to row groups of a useful size and streamed to a temporary file. A part therefore takes no
    more memory than one row group and the batches that arrived early. No file is open before the first row group.

    Args:
        output: Directory of the parts.
        unit: Rows of the part.
        recipe: What the translations are made with.
        schema: Schema of the output (``columns.output_schema``).
        run_id: Identifier of the run.
        check_lock: Raises if the run may not publish any more.

    Attributes:
        complete: Whether all batches have arrived.
        statistics: Counts over the batches that are in order so far.
    """

    def __init__(
        self,
        output: OutputDirectory,
        unit: WorkUnit,
        recipe: Recipe,
        schema: pa.Schema,
        run_id: str = "",
        check_lock: Callable[[], None] = lambda: None,
    ) -> None:
        self._output = output
        self._unit = unit
        self._name = unit.part_name
        self._recipe = recipe
        self._run_id = run_id
        self._check_lock = check_lock
        first_row = unit.start if unit.source.format == "parquet" else 0
        self._schema = schema.with_metadata(part_metadata(schema, first_row, unit.rows) or None)
        self._permissions = permissions_of(unit.source.url)
        self._early: dict[int, _Owned] = {}
        self._next = 0
        self._ready: list[pa.RecordBatch] = []
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
        """Add a batch.

        Raises:
            RunFailed: The batch cannot be written.
            ValueError: The batch was added before, follows the last one, or its statistics count other rows.
        """
        what = f"batch {batch.index} of {self._name}"
        if batch.index < self._next or batch.index in self._early:
            raise ValueError(f"{what} was added twice")
        if batch.statistics.rows != batch.records.num_rows:
            raise ValueError(f"{what} has {batch.records.num_rows} rows, its statistics have {batch.statistics.rows}")
        if self.complete:
            raise ValueError(f"{what} follows the last one")
        self._early[batch.index] = _own(batch, self._schema)
        while not self.complete and (ready := self._early.pop(self._next, None)) is not None:
            self._next += 1
            self._take(ready)
            self.complete = ready.batch.last
        if self.complete and self._early:
            raise ValueError(f"{self._name} has batches after the last")

    def _take(self, ready: _Owned) -> None:
        batch = ready.batch
        self.statistics.add(batch.statistics)
        if batch.dead_letters:
            self._keep_letters(batch)
        self._ready.append(batch.records)
        self._ready_rows += batch.records.num_rows
        self._ready_bytes += ready.size_bytes
        if self._ready_rows >= ROW_GROUP_ROWS or self._ready_bytes >= ROW_GROUP_BYTES:
            self._write_group()

    def _keep_letters(self, batch: TranslatedBatch) -> None:
        """On the disk, as a compressed file of bad lines may have any number of them."""
        lines = dead_letters.to_lines(self._unit, batch.dead_letters)
        with self._output.explain_write_errors(self._name, len(lines)):
            if self._letters_file is None:
                self._letters_file = self._output.begin(self._permissions)
            with self._letters_file.open("ab") as file:
                file.write(lines)
        self._letters += len(batch.dead_letters)

    def _write_group(self) -> None:
        with self._output.explain_write_errors(self._name, self._ready_bytes):
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
        self._file = self._output.begin(self._permissions)
        self._sink = pa.OSFile(str(self._file), "wb")
        self._writer = pq.ParquetWriter(
            self._sink, self._schema, compression="zstd", use_dictionary=[*few, *dictionaries], write_page_checksum=True
        )

    def commit(self) -> PartResult:
        """Close the files and publish them; see ``close`` and ``publish``."""
        self.close()
        return self.publish()

    def close(self) -> None:
        """Write what is left and close the part's file. No temporary file is left after an error.

        Raises:
            RunFailed: Rows are missing, or the file cannot be written.
        """
        try:
            self._close()
        except BaseException:
            self.discard()
            raise

    def _close(self) -> None:
        self._write_group()
        name = self._name
        if not self.complete or self._rows != self._unit.rows:
            raise RunFailed(
                f"{masked_url(self._unit.source.url)}: {self._unit.rows} rows were planned for {name}, but "
                f"{self._rows} were read; the file may have changed meanwhile: rerun the same command"
            )
        self._footer = PartFooter.of(
            self._unit, self._recipe, self.statistics, self._letters, self._schema, self._run_id
        )
        with self._output.explain_write_errors(name):
            self._writer.add_key_value_metadata(self._footer.to_metadata())
            self._writer.close()
            self._sink.close()

    def publish(self) -> PartResult:
        """Publish the dead letters, then the part. No temporary file is left, whatever happens. For any thread.

        Raises:
            RunFailed: A file cannot be published, or the run has lost the output's lock.
        """
        name = self._name
        assert self._file is not None  # noqa: S101 - made by close
        try:
            self._check_lock()
            if self._letters_file is not None:
                self._output.publish(self._letters_file, dead_letters.file_name(name))
            self._output.publish(self._file, name)
            note_published(name, self._footer)
        finally:
            self.discard()
        return PartResult(name, self._rows, self.statistics)

    def discard(self) -> None:
        """Remove the temporary files."""
        for temporary in (self._file, self._letters_file):
            if temporary is not None:
                temporary.unlink(missing_ok=True)
        if self._writer is not None:
            # What is still written goes to a deleted file, so a full disk does not matter.
            with contextlib.suppress(OSError):
                self._writer.close()
            self._writer.is_open = False
            with contextlib.suppress(OSError):
                self._sink.close()


def _own(batch: TranslatedBatch, schema: pa.Schema) -> _Owned:
    """Return the batch in the file's schema; columns that are slices of much larger ones are copied."""
    columns = batch.records.columns
    # All batches with a dictionary share it.
    contents = [column.indices if pa.types.is_dictionary(column.type) else column for column in columns]
    size = sum(content.nbytes for content in contents)
    held = sum(content.get_total_buffer_size() for content in contents)
    if held > 2 * size + SLACK_BYTES:
        rows = pa.array(range(batch.records.num_rows), pa.int32())
        columns = [_copy(column, rows) for column in columns]
    return _Owned(replace(batch, records=pa.RecordBatch.from_arrays(columns, schema=schema)), size)


def _copy(column: pa.Array, rows: pa.Array) -> pa.Array:
    try:
        return column.take(rows)
    except pa.ArrowNotImplementedError:  # string views stay slices, which only costs memory
        return column

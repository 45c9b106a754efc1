"""The translate step: a DoFn that keeps a window of rows under way in the process-wide engine.

There is no barrier per batch: a batch is emitted when its last text has ended, in whatever order that happens, most of
them from ``process``; ``finish_bundle`` drains the rest. Decisions per row are the engine's; Beam's metrics are touched
on the bundle's thread only (updates from other threads are lost).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import apache_beam as beam
from apache_beam.metrics.metric import Metrics
from apache_beam.utils.shared import Shared
from apache_beam.utils.windowed_value import WindowedValue

from transforms.engine.engine import Engine, EngineConfig, Submission
from transforms.engine.translator import TextResult
from transforms.engine.window import SlidingWindow
from transforms.sink.accounting import bad_line_result, bad_text_result, count, dead_letters, output_records
from transforms.sink.earlier_part import EarlierPart
from transforms.sink.fence import fence_of
from transforms.sink.parts import TranslatedBatch
from transforms.sink.statistics import STATUSES
from transforms.source.text_columns import read_texts
from transforms.source.work_units import Batch


@dataclass(frozen=True)
class TranslateConfig:
    """What the step needs on a worker; picklable.

    Attributes:
        engine: For the process-wide engine.
        text_columns: Columns to translate.
        model_column: The column that names each row's model; None if all rows have the run's own.
        field_names: Whether the model is told the column of each text.
        retried: Addresses of parts, by their names, whose rows stay as they are but for those that failed.
        schemas: The output's schema for the files of each source, by the source's address.
        output: Address of the output directory, whose lock is watched.
        run_id: Identifier of the run that holds the lock; if empty, no lock is watched.
    """

    engine: EngineConfig
    text_columns: tuple[str, ...]
    schemas: Mapping[str, Any]
    model_column: str | None = None
    field_names: bool = False
    retried: Mapping[str, str] = field(default_factory=dict)
    output: str = ""
    run_id: str = ""


@dataclass(eq=False)
class _UnderWay:
    batch: Batch
    submission: Submission
    timestamp: Any
    window: Any


class TranslateRows(beam.DoFn):
    """``Batch`` in, ``TranslatedBatch`` out, in any order."""

    def __init__(self, config: TranslateConfig, shared: Shared) -> None:
        self._config = config
        self._shared = shared
        self._rows = {status: Metrics.counter("translate", f"rows_{status}") for status in STATUSES}

    def setup(self) -> None:
        """One engine for all DoFn instances of a process: the hosts' limits hold for the process as a whole.

        Raises:
            RunFailed: The run has lost the lock of the output; so in ``start_bundle``.
        """
        config = self._config
        self._fence = fence_of(config.output, config.run_id) if config.run_id else None
        self._check_lock()
        self._engine: Engine = self._shared.acquire(lambda: Engine(config.engine))
        if self._fence is not None:
            self._fence.when_lost(self._engine.stop)

    def start_bundle(self) -> None:
        """A window of its own for each bundle."""
        self._check_lock()
        self._window: SlidingWindow[_UnderWay] = SlidingWindow(self._engine.capacity)
        self._earlier: dict[str, EarlierPart] = {}

    def _check_lock(self) -> None:
        if self._fence is not None:
            self._fence.check()

    def process(
        self, batch: Batch, timestamp: Any = beam.DoFn.TimestampParam, window: Any = beam.DoFn.WindowParam
    ) -> Iterator[WindowedValue]:
        """Takes a batch under way, as soon as there is room, and emits those that have ended."""
        yield from map(self._emit, self._window.wait_for_room())
        texts: list[str | None] = []
        known = self._known(batch)
        for name in self._config.text_columns:
            column, faults = read_texts(batch.records.column(name))
            known |= {len(texts) + row: bad_text_result(fault) for row, fault in faults.items()}
            texts += column
        number = 0
        sliding = self._window

        def done() -> None:
            sliding.batch_done(number)

        models, fields = self._models(batch), self._field_names(batch)
        submission = Submission(texts, sliding.text_done, done, models, fields, known)
        under_way = _UnderWay(batch, submission, timestamp, window)
        number = sliding.add(under_way, len(texts), batch.records.nbytes)
        self._engine.submit(submission)

    def _models(self, batch: Batch) -> list[str | None] | None:
        """The model of each text of a batch."""
        if self._config.model_column is None:
            return None
        names, _ = read_texts(batch.records.column(self._config.model_column))
        return [(name or "").strip() or None for name in names] * len(self._config.text_columns)

    def _field_names(self, batch: Batch) -> list[str] | None:
        """The column of each text of a batch."""
        if not self._config.field_names:
            return None
        return [name for name in self._config.text_columns for _ in range(batch.records.num_rows)]

    def _known(self, batch: Batch) -> dict[int, TextResult]:
        """The results that an earlier run left for texts of a batch, by index; a unit's batches come in order."""
        name, rows = batch.unit.part_name, batch.records.num_rows
        if name not in self._config.retried:
            return {}
        if batch.first_row == 0:
            self._earlier[name] = EarlierPart(self._config.retried[name], self._config.text_columns)
        outcomes = self._earlier[name].take(rows)
        if batch.last:
            del self._earlier[name]
        return {
            number * rows + row: TextResult(outcome)
            for number, column in enumerate(self._config.text_columns)
            for row, outcome in enumerate(outcomes[column])
            if outcome is not None
        }

    def finish_bundle(self) -> Iterator[WindowedValue]:
        """Waits for what is still under way."""
        yield from map(self._emit, self._window.drain())

    def _emit(self, ended: _UnderWay) -> WindowedValue:
        batch = ended.batch
        results = self._by_column(batch, ended.submission.finished())
        statistics = count(list(results.values()), batch.records.num_rows)
        for status, rows in statistics.statuses.items():
            self._rows[status].inc(rows)
        translated = TranslatedBatch(
            batch.unit,
            batch.index,
            output_records(batch, self._config.schemas[batch.unit.source.url], list(results.values())),
            batch.last,
            statistics,
            dead_letters(batch, results),
        )
        return WindowedValue(translated, ended.timestamp, (ended.window,))

    def _by_column(self, batch: Batch, results: list[TextResult]) -> dict[str, list[TextResult]]:
        rows = batch.records.num_rows
        by_column = {
            name: results[number * rows : (number + 1) * rows] for number, name in enumerate(self._config.text_columns)
        }
        for line in batch.bad_lines:
            for column in by_column.values():
                column[line.row] = bad_line_result(line)
        return by_column

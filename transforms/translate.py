"""The translate step: a DoFn that keeps a window of rows in flight in the process-wide engine.

There is no barrier per batch. A batch is emitted when its last text has finished, in any order: most batches from
``process``, the last ones from ``finish_bundle``. Beam's counters are updated on the bundle's thread only, because
updates from other threads are lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import apache_beam as beam
from apache_beam.metrics.metric import Metrics
from apache_beam.utils.shared import Shared
from apache_beam.utils.windowed_value import WindowedValue

from transforms.engine.engine import Engine, EngineConfig, live_snapshot
from transforms.engine.outcome import TextResult
from transforms.engine.translator import SourceText
from transforms.engine.window import SlidingWindow
from transforms.sink.accounting import (
    bad_line_result,
    bad_text_result,
    count,
    dead_letters,
    flag_misfits,
    output_records,
)
from transforms.sink.columns import ADDED
from transforms.sink.earlier_part import EarlierPart
from transforms.sink.fence import fence_of
from transforms.sink.parts import TranslatedBatch
from transforms.sink.statistics import STATUSES, Statistics
from transforms.sink.worker_figures import FiguresPublisher, publisher_of
from transforms.source.text_columns import read_texts
from transforms.source.work_units import Batch

METRICS = "translate"
"""Namespace of the step's Beam counters."""


@dataclass(frozen=True)
class TranslateConfig:
    """The configuration of the step on a worker; picklable.

    Attributes:
        engine: Configuration of the process-wide engine.
        text_columns: Columns to translate.
        schemas: The output's ``pyarrow.Schema`` for each source, by the source's address.
        model_column: The column that names each row's model; None if all rows use the run's model.
        field_names: Whether the prompt names the column of each text.
        retried: Addresses of existing parts, by name, of which only the failed rows are translated again.
        output: Address of the output directory, whose lock is watched.
        run_id: Identifier of the run that holds the lock; if empty, no lock is watched.
        text_encoding: Encoding of binary text columns.
        columns: Arrow types of the added columns, by field; see ``columns.added_columns``.
        dead_letter_texts: Whether dead letters have the source of the text.
        publish_figures: Whether the process publishes the figures of its hosts, as the launcher cannot see them.
    """

    engine: EngineConfig
    text_columns: tuple[str, ...]
    schemas: Mapping[str, Any]
    model_column: str | None = None
    field_names: bool = False
    retried: Mapping[str, str] = field(default_factory=dict)
    output: str = ""
    run_id: str = ""
    text_encoding: str = "utf-8"
    columns: Mapping[str, Any] = field(default_factory=lambda: ADDED)
    dead_letter_texts: bool = False
    publish_figures: bool = False


@dataclass(frozen=True)
class _PendingBatch:
    batch: Batch
    results: Future[list[TextResult]]
    characters: int
    timestamp: Any
    window: Any


class TranslateRows(beam.DoFn):
    """``Batch`` in, ``TranslatedBatch`` out, in any order."""

    def __init__(self, config: TranslateConfig, shared: Shared) -> None:
        self._config = config
        self._shared = shared
        self._rows = {status: Metrics.counter(METRICS, f"rows_{status}") for status in STATUSES}

    def setup(self) -> None:
        """Share one engine among all DoFn instances of a process: the hosts' limits hold for the whole process.

        Raises:
            RunFailed: The run has lost the lock of the output; so in ``start_bundle``.
        """
        config = self._config
        self._fence = fence_of(config.output, config.run_id) if config.run_id else None
        self._check_lock()
        self._engine: Engine = self._shared.acquire(lambda: Engine(config.engine))
        self._figures: FiguresPublisher | None = None
        if config.publish_figures:
            self._figures = publisher_of(config.output, config.run_id, lambda: live_snapshot().hosts)
        if self._fence is not None:
            self._fence.when_lost(self._engine.stop)
            if self._figures is not None:
                self._fence.when_lost(self._figures.close)

    def start_bundle(self) -> None:
        """Give each bundle a window of its own."""
        self._check_lock()
        self._window: SlidingWindow[_PendingBatch] = SlidingWindow(self._engine.capacity)
        self._earlier: dict[str, EarlierPart] = {}

    def _check_lock(self) -> None:
        if self._fence is not None:
            self._fence.check()

    def process(
        self, batch: Batch, timestamp: Any = beam.DoFn.TimestampParam, window: Any = beam.DoFn.WindowParam
    ) -> Iterator[WindowedValue]:
        """Submit a batch as soon as there is room for it, and emit the batches that have finished."""
        yield from map(self._emit, self._window.wait_for_room())
        texts, known = self._texts(batch)
        results = self._engine.submit(texts, self._window.texts_done, known)
        characters = sum(len(text.text) for text in texts if text is not None)
        pending = _PendingBatch(batch, results, characters, timestamp, window)
        self._window.add(pending, results, len(texts), batch.records.nbytes)

    def finish_bundle(self) -> Iterator[WindowedValue]:
        """Emit the batches that are still in flight as they finish."""
        yield from map(self._emit, self._window.drain())
        if self._figures is not None:
            self._figures.publish()

    def _texts(self, batch: Batch) -> tuple[list[SourceText | None], dict[int, TextResult]]:
        """The texts of a batch, one text column after the other, and the results that are known already, by index."""
        models = self._models(batch)
        texts: list[SourceText | None] = []
        known = self._earlier_results(batch)
        for name in self._config.text_columns:
            column, faults = read_texts(batch.records.column(name), self._config.text_encoding)
            known |= {len(texts) + row: bad_text_result(fault) for row, fault in faults.items()}
            field_name = name if self._config.field_names else None
            texts += [
                None if text is None else SourceText(text, model, field_name, name)
                for text, model in zip(column, models, strict=True)
            ]
        return texts, known

    def _models(self, batch: Batch) -> list[str | None]:
        """The model that each row of a batch names; None for the run's model."""
        if self._config.model_column is None:
            return [None] * int(batch.records.num_rows)
        names, _ = read_texts(batch.records.column(self._config.model_column))
        return [(name or "").strip() or None for name in names]

    def _earlier_results(self, batch: Batch) -> dict[int, TextResult]:
        """The results that an existing part has for texts of a batch, by index; a unit's batches come in order."""
        name, rows = batch.unit.part_name, batch.records.num_rows
        if name not in self._config.retried:
            return {}
        if batch.first_row == 0:
            self._earlier[name] = EarlierPart(
                self._config.retried[name], self._config.text_columns, self._config.columns
            )
        outcomes = self._earlier[name].take(rows)
        if batch.last:
            del self._earlier[name]
        return {
            number * rows + row: TextResult(outcome)
            for number, column in enumerate(self._config.text_columns)
            for row, outcome in enumerate(outcomes[column])
            if outcome is not None
        }

    def _emit(self, pending: _PendingBatch) -> WindowedValue:
        batch, config = pending.batch, self._config
        results = self._by_column(batch, pending.results.result())
        statistics = count(list(results.values()), batch.records.num_rows)
        for status, rows in statistics.statuses.items():
            self._rows[status].inc(rows)
        self._count(statistics, pending.characters, len(self._config.text_columns))
        translated = TranslatedBatch(
            batch.unit,
            batch.index,
            output_records(batch, config.schemas[batch.unit.source.url], list(results.values()), config.columns),
            batch.last,
            statistics,
            dead_letters(batch, results, config.text_encoding if config.dead_letter_texts else None),
        )
        return WindowedValue(translated, pending.timestamp, (pending.window,))

    def _count(self, statistics: Statistics, characters: int, text_columns: int) -> None:
        """Update the counters from which the progress of workers on other machines is shown."""
        counts: dict[str, int] = {"texts": statistics.rows * text_columns, "characters": characters}
        groups = {
            "status": statistics.statuses,
            "origin": statistics.origins,
            "flag": statistics.flags,
            "repairs": statistics.repairs,
        }
        for group, values in groups.items():
            counts.update({f"{group}/{name}": value for name, value in values.items()})
        for url, host in statistics.hosts.items():
            counts[f"host_answers/{url}"] = host.rows
            counts[f"host_tokens/{url}"] = host.output_tokens
            counts[f"host_faults/{url}"] = host.faults.total()
        for name, value in counts.items():
            if value:
                Metrics.counter(METRICS, name).inc(value)

    def _by_column(self, batch: Batch, results: list[TextResult]) -> dict[str, list[TextResult]]:
        rows = batch.records.num_rows
        by_column = {
            name: results[number * rows : (number + 1) * rows] for number, name in enumerate(self._config.text_columns)
        }
        for line in batch.bad_lines:
            for column in by_column.values():
                column[line.row] = bad_line_result(line)
        flag_misfits(by_column, batch)
        return by_column

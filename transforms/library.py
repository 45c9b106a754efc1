"""``Translate``: the translation as a transform of anybody's pipeline.

::

    from transforms import Translate

    rows | Translate(["body"], hosts=["gpu0", "gpu1"], model="mistral")

It takes dicts, or rows with a schema (``beam.Row``, named tuples), and yields each with the columns that the command
adds (docs/columns.md). A text that cannot be translated is a row with the status ``failed``, never a missing row.
Windows and timestamps are kept. Bounded and unbounded inputs work alike: a bundle's rows come out with their bundle.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import apache_beam as beam
import pyarrow as pa
from apache_beam.metrics.metric import Metrics
from apache_beam.pvalue import DoOutputsTuple, PCollection, Row, TaggedOutput
from apache_beam.typehints.row_type import RowTypeConstraint
from apache_beam.utils.shared import Shared
from apache_beam.utils.windowed_value import WindowedValue

from transforms.configuration import (
    Configuration,
    TranslationSettings,
    engine_config,
    make_recipe,
    read_translation_settings,
)
from transforms.engine.deduplicator import NO_MEMORY, MemorySettings
from transforms.engine.engine import Engine
from transforms.engine.outcome import TextResult
from transforms.engine.translator import SourceText
from transforms.engine.window import SlidingWindow
from transforms.errors import UsageError
from transforms.fleet.addresses import parse_header, parse_hosts, with_headers
from transforms.fleet.host.preflight import find_hosts
from transforms.sink.accounting import bad_text_result
from transforms.sink.columns import added_columns, column_name
from transforms.sink.statistics import STATUSES

BATCH_ROWS = 64
"""Rows that are submitted together while the hosts are busy anyway."""

DEAD_LETTERS = "dead_letters"
"""Tag of the output with the failed texts; see ``Translate.with_dead_letters``."""

_BEAM_TYPES: Mapping[Any, Any] = {
    pa.string(): str | None,
    pa.int32(): int | None,
    pa.int64(): int | None,
    pa.float64(): float | None,
    pa.list_(pa.string()): Sequence[str],
}


class Translate(beam.PTransform[Any, Any]):
    """Translate text columns of rows from French to English on Ollama hosts.

    Example:
        >>> Translate(["body"], hosts=["gpu0", "gpu1:11435"], model="mistral", memory="redis://cache:6379/0")
        <Translate(PTransform) label=[Translate]>

    Args:
        text_columns: Columns to translate; each must hold texts or null in every row.
        hosts: Addresses of the hosts, as in ``--hosts``.
        header: Headers for every request, each ``Name: value``.
        allow_insecure_auth: Whether secret headers may go over plain http.
        memory: Translation memory: a file, ``redis://host:port/0``, or ``off``. There is no ``auto`` here, as there is
            no output directory that it could be beside.
        configuration: All other options of ``Configuration``, by their names.

    Raises:
        UsageError: A value is invalid. Hosts are not contacted before the pipeline runs.
    """

    def __init__(
        self,
        text_columns: Sequence[str],
        hosts: str | Sequence[str] = (),
        *,
        header: Sequence[str] = (),
        allow_insecure_auth: bool = False,
        memory: str = "off",
        **configuration: Any,
    ) -> None:
        super().__init__()
        if isinstance(text_columns, str) or not text_columns:
            raise UsageError(f"text_columns is {text_columns!r}; give a list of column names, such as ['body']")
        if unknown := sorted(set(configuration) - set(Configuration.__dataclass_fields__)):
            names = ", ".join(sorted(set(Configuration.__dataclass_fields__) - {"hosts", "hosts_from"}))
            raise UsageError(f"Translate has no argument {unknown[0]!r}; it has {names}")
        made = Configuration(**configuration)
        if hosts:
            addresses = parse_hosts(hosts if isinstance(hosts, str) else ",".join(hosts))
            made = replace(made, hosts=addresses)
        made = replace(made, hosts=with_headers(made.hosts, list(map(parse_header, header)), None, allow_insecure_auth))
        self._text_columns = tuple(text_columns)
        self._settings = read_translation_settings(made)
        self._memory = None if memory == "off" else memory
        self._with_dead_letters = False

    def with_dead_letters(self) -> Translate:
        """Return a transform with two outputs: ``rows``, and ``dead_letters`` with a dict for each failed text.

        A dead letter has ``row`` (the whole input row), ``column``, ``error``, ``host``, ``attempts`` and ``candidate``
        (the best rejected translation, or None). The failed rows are among ``rows``, too.
        """
        other = Translate(self._text_columns)
        other.__dict__.update(self.__dict__)
        other._with_dead_letters = True
        return other

    def expand(self, rows: PCollection[Any]) -> PCollection[Any] | DoOutputsTuple:
        """Apply the transform; the output has a schema if the input has one."""
        translate = _TranslateRows(self._text_columns, self._settings, self._memory, self._with_dead_letters, Shared())
        if self._with_dead_letters:
            outputs: DoOutputsTuple = rows | "TranslateRows" >> beam.ParDo(translate).with_outputs(
                DEAD_LETTERS, main="rows"
            )
            return outputs
        translated: PCollection[Any] = rows | "TranslateRows" >> beam.ParDo(translate)
        translated.element_type = self._output_type(rows.element_type)
        return translated

    def _output_type(self, input_type: Any) -> Any:
        known = isinstance(input_type, RowTypeConstraint)
        schema = input_type if known else RowTypeConstraint.from_user_type(input_type)
        if schema is None:
            return dict if input_type is dict else Any
        added: list[tuple[str, Any]] = [
            (column_name(column, name), _BEAM_TYPES[kind])
            for column in self._text_columns
            for name, kind in _columns(self._settings).items()
        ]
        names: list[tuple[str, Any]] = list(schema._fields)
        return RowTypeConstraint.from_fields(names + added)

    def display_data(self) -> dict[str, Any]:
        """Return what monitoring pages show: no secrets."""
        configuration = self._settings.configuration
        return {
            "text_columns": ", ".join(self._text_columns),
            "model": configuration.model,
            "hosts": ", ".join(host.url for host in configuration.hosts),
            "checks": configuration.checks,
        }


def _columns(settings: TranslationSettings) -> dict[str, pa.DataType]:
    return added_columns(settings.configuration.evidence, settings.configuration.confidence)


class _Placed(NamedTuple):
    row: Any
    timestamp: Any
    window: Any


@dataclass
class _Batch:
    """Rows that are submitted together, each with its timestamp and windows."""

    rows: list[_Placed]
    results: Future[list[TextResult]]


class _TranslateRows(beam.DoFn):
    """One row in, the same row with the added columns out, in any order; there is no barrier between rows."""

    def __init__(
        self,
        text_columns: tuple[str, ...],
        settings: TranslationSettings,
        memory: str | None,
        dead_letters: bool,
        shared: Shared,
    ) -> None:
        self._text_columns = text_columns
        self._settings = settings
        self._memory = memory
        self._dead_letters = dead_letters
        self._shared = shared
        self._fields = tuple(_columns(settings))
        self._statuses = {status: Metrics.counter("translate", f"texts_{status}") for status in STATUSES}

    def setup(self) -> None:
        """Check the hosts, and share one engine among all instances of this process."""
        self._engine: Engine = self._shared.acquire(self._start_engine)

    def _start_engine(self) -> Engine:
        configuration = self._settings.configuration
        models = [model for model in (configuration.model, configuration.fallback_model) if model is not None]
        digests = find_hosts(
            configuration.hosts,
            models,
            configuration.model_column is not None,
            configuration.use_proxy,
            configuration.max_outage,
            configuration.hosts_from,
        ).digests
        memory = NO_MEMORY
        if self._memory is not None:
            recipe = make_recipe(self._settings, self._text_columns, digests)
            # All workers count as one run: what another worker has translated is a translation of this run.
            memory = MemorySettings(self._memory, recipe.memory_prefix(), recipe.digest(), shared=True)
        return Engine(engine_config(self._settings, digests, memory))

    def start_bundle(self) -> None:
        """Give each bundle a window of its own."""
        self._window: SlidingWindow[_Batch] = SlidingWindow(self._engine.capacity)
        self._waiting: list[_Placed] = []

    def process(
        self, row: Any, timestamp: Any = beam.DoFn.TimestampParam, window: Any = beam.DoFn.WindowParam
    ) -> Iterator[Any]:
        """Submit the row, at once if hosts are idle, and yield rows that have finished."""
        self._waiting.append(_Placed(row, timestamp, window))
        if len(self._waiting) >= BATCH_ROWS or self._window.unfinished() < self._engine.capacity():
            yield from self._submit()

    def finish_bundle(self) -> Iterator[Any]:
        """Yield the rows of the bundle that are still in flight as they finish."""
        if self._waiting:
            yield from self._submit()
        for batch in self._window.drain():
            yield from self._emit(batch)

    def _submit(self) -> Iterator[Any]:
        for batch in self._window.wait_for_room():
            yield from self._emit(batch)
        rows, self._waiting = self._waiting, []
        texts: list[SourceText | None] = []
        known: dict[int, TextResult] = {}
        model_column = self._settings.configuration.model_column
        field_names = self._settings.configuration.field_names
        for placed in rows:
            values = _values(placed.row)
            model = None if model_column is None else (str(values.get(model_column) or "").strip() or None)
            for column in self._text_columns:
                text = _text(values, column)
                if text is not None and not isinstance(text, str):
                    known[len(texts)] = bad_text_result(f"{column} holds {type(text).__name__}, not text")
                    text = ""
                field_name = column if field_names else None
                texts.append(None if text is None else SourceText(text, model, field_name, column))
        results = self._engine.submit(texts, self._window.texts_done, known)
        size_bytes = sum(len(text.text) for text in texts if text is not None)
        self._window.add(_Batch(rows, results), results, len(texts), size_bytes)

    def _emit(self, batch: _Batch) -> Iterator[Any]:
        results = batch.results.result()
        width = len(self._text_columns)
        for number, (row, timestamp, window) in enumerate(batch.rows):
            of_row = dict(zip(self._text_columns, results[number * width : (number + 1) * width], strict=True))
            yield WindowedValue(_with_added(row, of_row, self._fields), timestamp, (window,))
            for column, result in of_row.items():
                self._statuses[result.outcome.status].inc()
                if self._dead_letters and result.outcome.status == "failed":
                    letter = _dead_letter(row, column, result)
                    yield TaggedOutput(DEAD_LETTERS, WindowedValue(letter, timestamp, (window,)))


def _values(row: Any) -> Mapping[str, Any]:
    """The columns of a dict, a ``beam.Row`` or a named tuple."""
    if isinstance(row, Mapping):
        return row
    if isinstance(row, Row):
        return dict(row.as_dict())
    if hasattr(row, "_asdict"):
        return dict(row._asdict())
    raise UsageError(f"Translate got a {type(row).__name__}; it takes dicts, or rows with a schema")


def _text(values: Mapping[str, Any], column: str) -> Any:
    try:
        return values[column]
    except KeyError:
        raise UsageError(f"a row has no column {column!r}; it has {', '.join(map(str, values))}") from None


def _with_added(row: Any, results: Mapping[str, TextResult], fields: Sequence[str]) -> Any:
    """The row with the added columns: a dict for a dict, a ``beam.Row`` for a row with a schema."""
    added = {
        column_name(column, name): getattr(result.outcome, name)
        for column, result in results.items()
        for name in fields
    }
    for column in results:
        flags = column_name(column, "flags")
        added[flags] = list(added[flags])
    values = {**_values(row), **added}
    return values if isinstance(row, Mapping) else Row(**values)


def _dead_letter(row: Any, column: str, result: TextResult) -> dict[str, Any]:
    outcome = result.outcome
    return {
        "row": dict(_values(row)),
        "column": column,
        "error": outcome.error,
        "host": outcome.host,
        "attempts": outcome.attempts,
        "candidate": result.candidate,
    }

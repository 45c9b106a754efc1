"""The translate step in real pipelines and by itself, with engines on real loopback hosts."""

from __future__ import annotations

import itertools
import pickle
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import apache_beam as beam
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from apache_beam.metrics.metric import MetricsFilter
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.testing.util import assert_that, equal_to
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.shared import Shared
from apache_beam.utils.timestamp import MIN_TIMESTAMP, Timestamp

from pipeline.sandbox.faults import Fault
from tests.conftest import MakeHost
from tests.transforms.engine.engines import bodies, make_config
from tests.transforms.sent_columns import sent_columns
from transforms.engine.engine import live_engines
from transforms.engine.run_health import FIRST_TEXTS
from transforms.engine.window import MIN_TEXTS
from transforms.errors import RunFailed, RunStopped
from transforms.sink.columns import output_schema
from transforms.sink.parts import TranslatedBatch
from transforms.source.work_units import BadLine, Batch, SourceFile, WorkUnit
from transforms.translate import TranslateConfig, TranslateRows

URL = "/data/reports.parquet"
INPUT = pa.schema([pa.field("id", pa.int64()), pa.field("subject", pa.string()), pa.field("body", pa.string())])
COLUMNS = ("subject", "body")
SCHEMA = output_schema(INPUT, COLUMNS)
UNIT = WorkUnit(SourceFile(URL, "parquet", None, 1000, "f"), 0, 0, 100, 100)

Start = Callable[[TranslateConfig], TranslateRows]


def config(hosts: Sequence[Any], **changes: Any) -> TranslateConfig:
    return TranslateConfig(make_config(hosts, any_model=True), COLUMNS, {URL: SCHEMA}, **changes)


def batch_of(
    bodies: Sequence[str | None], index: int = 0, last: bool = True, first_row: int = 0, **changes: Any
) -> Batch:
    rows = len(bodies)
    columns = [list(range(rows)), [f"Panne de la pompe {number}" for number in range(rows)], list(bodies)]
    return Batch(UNIT, index, pa.record_batch(columns, INPUT), last, first_row=first_row, **changes)


def reports(count: int, first: int = 0) -> list[str]:
    return [f"Le rapport {number} est prêt." for number in range(first, first + count)]


@pytest.fixture
def start() -> Iterator[Start]:
    """Makes steps as a runner does, after a journey to a worker; their engines are closed after the test."""

    def make(config: TranslateConfig) -> TranslateRows:
        step = pickle.loads(pickle.dumps(TranslateRows(config, Shared())))  # noqa: S301 - as a runner does
        assert isinstance(step, TranslateRows)
        step.setup()
        step.start_bundle()
        return step

    yield make
    for engine in live_engines():
        engine.close()


def process(step: TranslateRows, batch: Batch) -> list[TranslatedBatch]:
    return [value.value for value in step.process(batch, MIN_TIMESTAMP, GlobalWindow())]


def finish(step: TranslateRows) -> list[TranslatedBatch]:
    return [value.value for value in step.finish_bundle()]


def rows_of(batch: TranslatedBatch) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = batch.records.to_pylist()
    return rows


def test_batches_go_through_a_real_pipeline_and_beam_counts_their_rows(sandbox_host: MakeHost) -> None:
    host = sandbox_host(faults=[Fault("echo", marker="vanne")])
    batches = [
        batch_of([*reports(20), None, "La vanne fuit beaucoup."], index, index == 4, 22 * index) for index in range(5)
    ]
    pipeline = beam.Pipeline(options=PipelineOptions(["--runner=FnApiRunner"]))
    translated = pipeline | beam.Create(batches) | beam.ParDo(TranslateRows(config([host]), Shared()))
    figures = translated | beam.Map(
        lambda batch: (batch.index, batch.last, batch.records.num_rows, dict(batch.statistics.statuses))
    )
    expected = {"ok": 21, "failed": 1}
    assert_that(figures, equal_to([(index, index == 4, 22, expected) for index in range(5)]))
    result = pipeline.run()
    counters = result.metrics().query(MetricsFilter().with_namespace("translate"))["counters"]
    counted = {counter.key.metric.name: counter.committed for counter in counters}
    # How many texts are duplicates depends on how the runner bundles the batches.
    generated = counted.pop("origin/generated")
    assert generated >= 42
    assert counted.pop(f"host_answers/{host.url}") == generated
    assert counted.pop("origin/duplicate", 0) + generated == 210
    assert counted.pop("repairs/texts") == counted.pop("repairs/requests") >= 1
    assert counted.pop(f"host_tokens/{host.url}") >= generated
    assert counted == {
        "rows_ok": 105,
        "rows_failed": 5,
        "texts": 220,
        "characters": sum(
            len(text)
            for batch in batches
            for name in COLUMNS
            for text in batch.records.column(name).to_pylist()
            if text
        ),
        "status/ok": 105,
        "status/failed": 5,
        "flag/src_empty": 5,
        "flag/untranslated": 5,
    }
    for engine in live_engines():
        engine.close()


def test_columns_and_rows_keep_their_places(sandbox_host: MakeHost, start: Start) -> None:
    step = start(config([sandbox_host()]))
    assert process(step, batch_of([*reports(30), None, "  "])) == []
    (translated,) = finish(step)
    assert translated.records.schema == SCHEMA
    assert (translated.unit, translated.index, translated.last) == (UNIT, 0, True)
    rows = rows_of(translated)
    for number, row in enumerate(rows[:30]):
        assert row["body_en"] == f"The report {number} is ready."
        assert str(number) in row["subject_en"]
        assert row["subject_en"] != row["body_en"]
    assert [row["body_en_status"] for row in rows] == ["ok"] * 30 + ["skipped"] * 2
    assert [row["body_en"] for row in rows[30:]] == [None, "  "]
    assert translated.statistics.rows == 32


def test_timestamps_and_windows_stay_with_their_batches(sandbox_host: MakeHost, start: Start) -> None:
    step = start(config([sandbox_host()]))
    timestamp, window = Timestamp(1234), GlobalWindow()
    assert list(step.process(batch_of(reports(1)), timestamp, window)) == []
    (value,) = step.finish_bundle()
    assert value.timestamp == timestamp
    assert value.windows == (window,)


def test_texts_name_their_model_and_their_column(sandbox_host: MakeHost, start: Start) -> None:
    host = sandbox_host(models=["mistral", "qwen3:8b"], record_requests=True)
    step = start(config([host], model_column="subject", field_names=True))
    records = pa.record_batch([[1, 2], [" qwen3:8b ", None], reports(2)], INPUT)
    process(step, Batch(UNIT, 0, records, last=True))
    (translated,) = finish(step)
    assert [row["body_en_model"] for row in rows_of(translated)] == ["qwen3:8b", "mistral"]
    fields = {(body["model"], 'field "body"' in body["system"]) for body in bodies(host) if "rapport" in body["prompt"]}
    assert fields == {("qwen3:8b", True), ("mistral", True)}


def test_requests_tell_the_column_of_their_text(
    sandbox_host: MakeHost, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = sent_columns(monkeypatch)
    step = start(config([sandbox_host()]))
    process(step, batch_of([*reports(3), "  "]))
    finish(step)
    assert sent == {"subject": 4, "body": 3}


def test_unreadable_lines_and_failed_texts_become_dead_letters(sandbox_host: MakeHost, start: Start) -> None:
    step = start(config([sandbox_host(faults=[Fault("echo", marker="vanne")])]))
    texts = [*reports(2), None, "La vanne fuit beaucoup."]
    process(step, batch_of(texts, first_row=10, bad_lines=(BadLine(2, "not JSON", b"{"),)))
    (translated,) = finish(step)
    letters = {(letter.row, letter.column): letter for letter in translated.dead_letters}
    assert set(letters) == {(12, None), (13, "body")}
    assert letters[12, None].raw == b"{"
    assert letters[13, "body"].candidate == "La vanne fuit beaucoup."
    assert rows_of(translated)[2]["body_en_error"] == "bad_line: not JSON"
    assert dict(translated.statistics.statuses) == {"ok": 2, "failed": 2}


class WatchedQueue(queue.SimpleQueue["int | None"]):
    """Tells when somebody waits for an item."""

    def __init__(self, waiting: threading.Event) -> None:
        self._waiting = waiting

    def get(self, block: bool = True, timeout: float | None = None) -> int | None:
        self._waiting.set()
        return super().get(block, timeout)


def test_the_window_bounds_the_texts_in_flight(sandbox_host: MakeHost, start: Start) -> None:
    host = sandbox_host(faults=[Fault("hang")])
    step = start(config([host]))
    batch_rows = 64
    fitting = MIN_TEXTS // (len(COLUMNS) * batch_rows)
    for index in range(fitting):
        assert process(step, batch_of(reports(batch_rows, index * batch_rows), index)) == []
    blocked, ended = threading.Event(), threading.Event()
    step._window._events = WatchedQueue(blocked)
    results: list[TranslatedBatch] = []

    def one_more() -> None:
        results.extend(process(step, batch_of(reports(batch_rows, 9999), fitting)))
        ended.set()

    thread = threading.Thread(target=one_more)
    thread.start()
    assert blocked.wait(60), "another batch was taken although the window was full"
    assert not ended.is_set()
    host.control(faults=[], listening=False)
    host.control(listening=True)
    assert ended.wait(60)
    thread.join()
    assert len(results) + len(finish(step)) == fitting + 1


def test_only_the_failed_rows_of_an_existing_part_are_translated_again(
    sandbox_host: MakeHost, start: Start, tmp_path: Path
) -> None:
    host = sandbox_host(faults=[Fault("echo", marker="vanne")], record_requests=True)
    texts = [*reports(3), "La vanne fuit beaucoup.", *reports(3, 3)]
    step = start(config([host]))
    process(step, batch_of(texts))
    (first,) = finish(step)
    part = tmp_path / UNIT.part_name
    pq.write_table(pa.Table.from_batches([first.records]), part)
    requests = len(bodies(host))
    host.control(faults=[])
    again = start(config([host], retried={UNIT.part_name: str(part)}))
    process(again, batch_of(texts[:4], last=False))
    process(again, batch_of(texts[4:], 1, first_row=4))
    batches = sorted(finish(again), key=lambda batch: batch.index)
    rows = [row for batch in batches for row in rows_of(batch)]
    assert [row["body_en_status"] for row in rows] == ["ok"] * 7
    assert [row["body_en_attempts"] for row in rows] == [1] * 7
    before = rows_of(first)
    for number in (0, 1, 2, 4, 5, 6):
        assert {name: rows[number][name] for name in SCHEMA.names if "_en" in name} == {
            name: before[number][name] for name in SCHEMA.names if "_en" in name
        }
    (request,) = bodies(host)[requests:]
    assert "vanne" in request["prompt"]


def test_an_engine_that_fails_fails_the_bundle(sandbox_host: MakeHost, start: Start) -> None:
    step = start(config([sandbox_host(faults=[Fault("empty")])]))
    batches = [batch_of(reports(64, 64 * index), index) for index in range(2 * FIRST_TEXTS // 64)]
    with pytest.raises(RunFailed, match="none of the first"):
        list(itertools.chain(*(process(step, batch) for batch in batches), finish(step)))


def test_a_stopped_engine_fails_the_bundle(sandbox_host: MakeHost, start: Start) -> None:
    host = sandbox_host(faults=[Fault("hang")])
    step = start(config([host]))
    process(step, batch_of(reports(10)))
    for engine in live_engines():
        engine.stop()
    with pytest.raises(RunStopped):
        finish(step)


def test_steps_of_a_process_share_one_engine(sandbox_host: MakeHost) -> None:
    shared, settings = Shared(), config([sandbox_host()])
    steps = [TranslateRows(settings, shared) for _ in range(3)]
    for step in steps:
        step.setup()
    assert len(live_engines()) == 1
    live_engines()[0].close()

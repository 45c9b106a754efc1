"""``Translate`` in pipelines of others, with real simulated hosts."""

from __future__ import annotations

import inspect
from typing import Any, NamedTuple

import apache_beam as beam
import pytest
from apache_beam.coders import RowCoder
from apache_beam.coders.typecoders import registry
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.pvalue import Row
from apache_beam.testing.test_pipeline import TestPipeline as BeamPipeline
from apache_beam.testing.test_stream import TestStream as ScriptedStream
from apache_beam.testing.util import assert_that, equal_to
from apache_beam.transforms.window import FixedWindows, IntervalWindow, TimestampedValue
from apache_beam.typehints.row_type import RowTypeConstraint

import transforms
from pipeline.options.run import RunOptions
from pipeline.sandbox.running import SandboxThread
from tests.conftest import MakeHost
from tests.transforms.sent_columns import sent_columns
from transforms import Translate
from transforms.configuration import Configuration, configuration_of
from transforms.errors import UsageError
from transforms.sink.columns import ADDED, column_name

TEXTS = [f"La pompe {number} du bâtiment est en panne depuis hier soir." for number in range(200)]


def local_pipeline() -> beam.Pipeline:
    """A pipeline on FnApiRunner; the default runner would try to download another one."""
    return BeamPipeline(options=PipelineOptions(["--runner=FnApiRunner"]))


HOSTS: list[SandboxThread] = []
"""The host of a test whose functions, which Beam pickles by reference, look at it."""


def with_requests(row: dict[str, Any]) -> tuple[int, str, int]:
    """A row's number and status, and how many requests the host has answered when it comes out."""
    return row["id"], row["body_en_status"], int(HOSTS[-1].stats()["served"])


class Report(NamedTuple):
    id: int
    body: str


registry.register_coder(Report, RowCoder)


def test_dicts_come_out_with_the_contracts_columns(sandbox_host: MakeHost) -> None:
    urls = [sandbox_host().url, sandbox_host().url]

    def check(rows: list[dict[str, Any]]) -> None:
        assert sorted(row["id"] for row in rows) == list(range(len(TEXTS)))
        for row in rows:
            assert list(row) == ["id", "body", *(column_name("body", name) for name in ADDED)]
            assert row["body_en_status"] == "ok"
            assert f"{row['id']} " in row["body_en"]
        assert {row["body_en_host"] for row in rows} == set(urls)

    with local_pipeline() as pipeline:
        rows = pipeline | beam.Create([{"id": number, "body": text} for number, text in enumerate(TEXTS)])
        assert_that(rows | Translate(["body"], hosts=urls), check)


def test_optional_columns_are_in_rows_and_in_the_schema(sandbox_host: MakeHost) -> None:
    url = sandbox_host(faults=[{"kind": "wrong_number"}]).url

    def check(rows: list[Any]) -> None:
        [row] = rows
        assert "number_missing" in row.body_en_evidence
        assert row.body_en_logprob_min <= row.body_en_logprob_mean < 0

    with local_pipeline() as pipeline:
        reports = pipeline | beam.Create([Report(1, "La pompe 4217 est fermée.")]).with_output_types(Report)
        translated = reports | Translate(["body"], hosts=url, evidence=True, confidence=True)
        types = dict(translated.element_type._fields)
        assert (types["body_en_evidence"], types["body_en_logprob_min"]) == (str | None, float | None)
        selected = translated | beam.Select("body_en_evidence", "body_en_logprob_mean", "body_en_logprob_min")
        assert_that(selected, check)


def test_several_columns_null_and_values_that_are_no_text(sandbox_host: MakeHost) -> None:
    rows = [
        {"title": "Pompe en panne ce matin", "body": None},
        {"title": 7, "body": "La vanne est fermée depuis hier."},
    ]

    def check(found: list[dict[str, Any]]) -> None:
        first, second = sorted(found, key=lambda row: row["body"] is not None)
        assert (first["title_en_status"], first["body_en_status"], first["body_en"]) == ("ok", "skipped", None)
        assert (second["title_en_status"], second["body_en_status"]) == ("failed", "ok")
        assert second["title_en_error"] == "bad_text: title holds int, not text"
        assert second["title"] == 7

    with local_pipeline() as pipeline:
        translated = pipeline | beam.Create(rows) | Translate(["title", "body"], hosts=sandbox_host().url)
        assert_that(translated, check)


def test_requests_tell_the_column_of_their_text(sandbox_host: MakeHost, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = sent_columns(monkeypatch)
    with local_pipeline() as pipeline:
        rows = pipeline | beam.Create([{"title": f"Panne {text}", "body": text} for text in TEXTS[:3]])
        rows | Translate(["title", "body"], hosts=sandbox_host().url)
    assert sent == {"title": 3, "body": 3}


def test_rows_with_a_schema_stay_rows_with_a_schema(sandbox_host: MakeHost) -> None:
    url = sandbox_host().url

    def check(rows: list[Any]) -> None:
        [row] = rows
        assert (row.id, row.body_en_status, row.body_en_host) == (1, "ok", url)

    with local_pipeline() as pipeline:
        reports = pipeline | beam.Create([Report(1, TEXTS[1])]).with_output_types(Report)
        translated = reports | Translate(["body"], hosts=url)
        schema = translated.element_type
        assert isinstance(schema, RowTypeConstraint)
        assert dict(schema._fields)["body_en_eval_count"] == int | None
        selected = translated | beam.Select("id", "body_en_status", "body_en_host")  # needs the schema
        assert_that(selected, check)


def test_windows_and_timestamps_are_kept(sandbox_host: MakeHost) -> None:
    def placed(
        row: dict[str, Any], timestamp: Any = beam.DoFn.TimestampParam, window: Any = beam.DoFn.WindowParam
    ) -> tuple[int, float, Any]:
        return row["id"], float(timestamp), window

    with local_pipeline() as pipeline:
        rows = (
            pipeline
            | beam.Create([{"id": number, "body": text} for number, text in enumerate(TEXTS[:20])])
            | beam.Map(lambda row: TimestampedValue(row, row["id"]))
            | beam.WindowInto(FixedWindows(5))
            | Translate(["body"], hosts=sandbox_host().url)
            | beam.Map(placed)
        )
        expected = [(n, float(n), IntervalWindow(n // 5 * 5, n // 5 * 5 + 5)) for n in range(20)]
        assert_that(rows, equal_to(expected), reify_windows=False)


def test_an_unbounded_source_gets_its_rows_before_the_window_ends(sandbox_host: MakeHost) -> None:
    """The second batch of the stream is checked against what was seen of the first, while its window is still open."""
    host = sandbox_host()
    stream = ScriptedStream().advance_watermark_to(0)
    stream = stream.add_elements([{"id": 0, "body": TEXTS[0]}]).advance_processing_time(1)
    stream = stream.add_elements([{"id": 1, "body": TEXTS[1]}]).advance_watermark_to_infinity()
    HOSTS.append(host)

    with BeamPipeline(options=PipelineOptions(["--streaming"])) as pipeline:
        rows = pipeline | stream | beam.WindowInto(FixedWindows(3600)) | Translate(["body"], hosts=host.url)

        def check(found: list[tuple[int, str, int]]) -> None:
            statuses = {number: status for number, status, _ in found}
            assert statuses == {0: "ok", 1: "ok"}
            requests = {number: count for number, _, count in found}
            assert requests[0] < requests[1]

        assert_that(rows | beam.Map(with_requests), check)


def test_failed_texts_are_rows_and_dead_letters(sandbox_host: MakeHost) -> None:
    host = sandbox_host(faults=[{"kind": "echo"}])

    def check_rows(rows: list[dict[str, Any]]) -> None:
        assert [(row["body_en"], row["body_en_status"]) for row in rows] == [(None, "failed")]

    def check_letters(letters: list[dict[str, Any]]) -> None:
        [letter] = letters
        assert letter["row"] == {"id": 5, "body": TEXTS[5]}
        assert letter["column"] == "body"
        assert letter["error"].startswith("untranslated")
        assert letter["candidate"] == TEXTS[5]

    with local_pipeline() as pipeline:
        rows = pipeline | beam.Create([{"id": 5, "body": TEXTS[5]}])
        outputs = rows | Translate(["body"], hosts=host.url).with_dead_letters()
        assert_that(outputs.rows, check_rows, label="rows")
        assert_that(outputs.dead_letters, check_letters, label="dead letters")


def test_a_memory_spares_the_second_pipeline_all_requests(sandbox_host: MakeHost, tmp_path: Any) -> None:
    host = sandbox_host()
    counts = []
    for _ in range(2):
        with local_pipeline() as pipeline:
            rows = pipeline | beam.Create([{"body": text} for text in TEXTS[:10]])
            _ = rows | Translate(["body"], hosts=host.url, memory=str(tmp_path / "memory.sqlite"))
        counts.append(int(host.stats()["served"]))
    assert counts[0] == counts[1]


def test_a_missing_column_is_named(sandbox_host: MakeHost) -> None:
    with pytest.raises(Exception, match="a row has no column 'body'; it has id, text"), local_pipeline() as pipeline:
        _ = pipeline | beam.Create([{"id": 1, "text": "Bonjour"}]) | Translate(["body"], hosts=sandbox_host().url)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"text_columns": "body"}, "text_columns is 'body'; give a list"),
        ({"text_columns": []}, "text_columns"),
        ({"text_columns": ["body"], "modle": "mistral"}, "no argument 'modle'"),
        ({"text_columns": ["body"], "model": "gpt-oss:120b-cloud"}, "Ollama's cloud"),
        ({"text_columns": ["body"], "fallback_model": "mistral:latest"}, "fallback_model is the same model"),
        ({"text_columns": ["body"], "checks": "all"}, "checks is 'all'; choose one of off, flag, repair"),
        ({"text_columns": ["body"], "num_ctx": 8}, "num_ctx is 8; it must be at least 512"),
        ({"text_columns": ["body"], "hosts": "http://gpu0:eleven"}, "gpu0:eleven"),
    ],
)
def test_mistakes_are_found_when_the_transform_is_made(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Translate(**arguments)


def test_making_it_contacts_no_host() -> None:
    assert Translate(["body"], hosts=["192.0.2.1"]).display_data()["hosts"] == "http://192.0.2.1:11434"


def test_the_public_names_are_pinned() -> None:
    assert transforms.__all__ == ["Translate", "__version__"]
    parameters = list(inspect.signature(Translate).parameters)
    assert parameters == ["text_columns", "hosts", "header", "allow_insecure_auth", "memory", "configuration"]
    assert [name for name in vars(Translate) if not name.startswith("_")] == [
        "with_dead_letters",
        "expand",
        "display_data",
    ]


def test_its_defaults_are_the_commands() -> None:
    assert configuration_of(RunOptions()) == Configuration()


def test_secrets_are_not_displayed() -> None:
    shown = str(Translate(["body"], hosts="https://me:hush@gpu0", header=["X-Key: hush"]).display_data())
    assert "hush" not in shown
    assert "gpu0" in shown


def test_a_row_of_beam_keeps_its_values() -> None:
    from transforms.library import _values

    assert _values(Row(a=1)) == {"a": 1}
    assert _values(Report(1, "x")) == {"id": 1, "body": "x"}
    with pytest.raises(UsageError, match="takes dicts"):
        _values(7)

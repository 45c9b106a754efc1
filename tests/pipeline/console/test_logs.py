from __future__ import annotations

import contextlib
import io
import json
import logging
import subprocess
import sys
import warnings
from collections.abc import Iterator
from datetime import datetime, timezone

import pytest

from pipeline.console import logs
from pipeline.console.logs import Repetitions
from tests.pipeline.console.restored_logging import restored_logging

OURS = logging.getLogger("pipeline.test_logs")
BEAM = logging.getLogger("apache_beam.test_logs")


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    with restored_logging():
        yield


def test_text_has_time_level_and_message(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure()
    OURS.info("%d rows", 3)
    BEAM.warning("something")
    captured = capsys.readouterr()
    assert captured.out == ""
    first, second = captured.err.splitlines()
    assert first[8:] == " INFO  3 rows"
    assert second[8:] == " WARNING apache_beam.test_logs: something"
    assert datetime.strptime(first[:8], "%H:%M:%S").replace(tzinfo=timezone.utc)
    assert "\x1b" not in captured.err


def test_json_lines_have_the_fields_and_what_was_passed_as_extra(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("json")
    OURS.info("début\nfin", extra={"rows": 3, "host": "http://gpu0:11434", "what": {1}})
    try:
        raise RuntimeError("broken")
    except RuntimeError:
        OURS.exception("it failed")
    first, second = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert abs(datetime.fromisoformat(first.pop("ts")) - datetime.now(timezone.utc)).total_seconds() < 60
    assert first == {
        "level": "info",
        "logger": "pipeline.test_logs",
        "message": "début\nfin",
        "rows": 3,
        "host": "http://gpu0:11434",
        "what": "{1}",
    }
    assert second["exception"].splitlines()[-1] == "RuntimeError: broken"


def test_a_second_call_changes_format_and_level_without_doubling_lines(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("text", "info")
    logs.configure("json", "warning")
    OURS.info("not told")
    OURS.warning("told")
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["message"] == "told"


def test_the_level_holds_for_our_loggers_and_beam_is_heard_from_warnings_on(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure("text", "debug")
    logging.getLogger("transforms.test_logs").debug("ours")
    BEAM.info("stage lines")
    BEAM.warning("beam warns")
    logs.configure("text", "error")
    OURS.warning("not told")
    BEAM.error("beam fails")
    # Airflow finds the job's id in such a line.
    logging.getLogger("apache_beam.runners.dataflow.internal").info("Created job with id: [x]")
    err = capsys.readouterr().err
    endings = ["ours", "beam warns", "beam fails", "Created job with id: [x]"]
    assert all(line.endswith(ending) for line, ending in zip(err.splitlines(), endings, strict=True))


@pytest.mark.parametrize(
    "message",
    [
        "apitools not found, and bigquery client libraries are not available",
        "Could not find a compatible bson package.",
        "Discarding unparseable args: ['--max_bundle_size=1']",
        "Unparseable argument: --max_bundle_size=1",
        "Operation ongoing in bundle x for at least 300.00 seconds",
    ],
)
def test_known_noise_is_dropped_but_never_an_error_nor_ours(capsys: pytest.CaptureFixture[str], message: str) -> None:
    logs.configure()
    BEAM.warning(message)
    logging.getLogger().warning(message)
    assert capsys.readouterr().err == ""
    BEAM.error(message)
    OURS.warning(message)
    assert capsys.readouterr().err.count(message) == 2


def test_python_warnings_are_logged_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logs.configure()
        warnings.warn("old", FutureWarning, stacklevel=1)
        logging.captureWarnings(False)
    (line,) = capsys.readouterr().err.splitlines()
    assert "WARNING py.warnings: FutureWarning: old (" in line


def test_lines_go_to_what_stderr_is_at_the_time(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure()
    replaced = io.StringIO()
    with contextlib.redirect_stderr(replaced):
        OURS.info("above the progress bar")
    assert "above the progress bar" in replaced.getvalue()
    replaced.close()
    OURS.info("after it")
    assert "after it" in capsys.readouterr().err


PIPELINE = """
import sys
from pipeline.console import logs
from tests.pipeline.console.restored_logging import restored_logging
logs.configure()
import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
for step in (lambda number: number, lambda number: number / 0):
    with beam.Pipeline(options=PipelineOptions(["--runner=FnApiRunner"])) as pipeline:
        pipeline | beam.Create([1]) | beam.Reshuffle() | beam.Map(step)
    print("done", file=sys.stderr)
"""


def test_a_beam_pipeline_is_silent_and_its_errors_are_not_hidden() -> None:
    process = subprocess.run([sys.executable, "-c", PIPELINE], capture_output=True, text=True, check=False)
    silent, done, failing = process.stderr.partition("done\n")
    assert (process.returncode, process.stdout, silent, done) == (1, "", "", "done\n")
    assert "ZeroDivisionError" in failing


def warning(text: str, at: float, name: str = "transforms.fleet.fleet") -> logging.LogRecord:
    record = logging.LogRecord(name, logging.WARNING, __file__, 1, "%s", (text,), None)
    record.created = at
    return record


def test_a_repeated_warning_is_counted_instead_of_repeated() -> None:
    repetitions = Repetitions(300.0)
    busy = [warning("gpu0 is busy", at) for at in (0.0, 10.0, 20.0, 310.0, 311.0)]
    assert [repetitions.filter(record) for record in busy] == [True, False, False, True, False]
    assert busy[3].getMessage() == "gpu0 is busy (2 more in the meantime)"
    assert repetitions.filter(warning("gpu1 is busy", 20.0))
    foreign = [warning("retrying", at, "urllib3") for at in (0.0, 1.0)]
    assert all(map(repetitions.filter, foreign))


def test_news_of_a_host_is_counted_too_and_what_was_dropped_is_told_at_the_end(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with restored_logging():
        logs.configure()
        for _ in range(3):
            logging.getLogger("transforms.fleet.fleet").info("gpu0: circuit closed, it answers again")
            logging.getLogger("pipeline.run").info("progress")
        logs.tell_repetitions()
        logs.tell_repetitions()
    lines = [line.partition(" ")[2] for line in capsys.readouterr().err.splitlines()]
    assert lines == [
        "INFO  gpu0: circuit closed, it answers again",
        *["INFO  progress"] * 3,
        "INFO  gpu0: circuit closed, it answers again (2 more in the meantime)",
    ]

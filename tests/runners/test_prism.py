"""Whole runs on Prism, Beam's portable local runner (opt-in)."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.transforms.periodicsequence import PeriodicImpulse
from apache_beam.transforms.window import FixedWindows

from pipeline.sandbox.running import SandboxProcess
from tests.engines import installed
from tests.runners.jobs import Job, check_whole_run, wait_until
from transforms import Translate

pytestmark = [pytest.mark.engines, pytest.mark.timeout(600)]


@pytest.fixture
def options() -> list[str]:
    location = installed("bin/prism") / "bin" / "prism"
    return ["--runner=PrismRunner", f"--prism_location={location}", "--environment_type=LOOPBACK"]


def test_rows_are_exact_and_a_second_run_sends_nothing(
    options: list[str], engine_hosts: list[SandboxProcess], tmp_path: Path
) -> None:
    check_whole_run(Job(tmp_path, engine_hosts, options, files=8, rows=50))


def test_a_stopped_run_resumes(options: list[str], engine_hosts: list[SandboxProcess], tmp_path: Path) -> None:
    job = Job(tmp_path, engine_hosts, options, files=8, rows=50)
    ended = job.stop_after(100, signal.SIGTERM)
    assert ended.code == 143, ended.log
    assert job.run().code == 0
    job.check_rows()


def test_answers_of_an_unbounded_source_do_not_wait_for_the_end_of_their_window(
    options: list[str], engine_hosts: list[SandboxProcess], tmp_path: Path
) -> None:
    translated = tmp_path / "translated"
    pipeline = beam.Pipeline(options=PipelineOptions([*options, "--streaming"]))
    _ = (
        pipeline
        | PeriodicImpulse(fire_interval=0.1)  # until the end of time
        | "Rows" >> beam.Map(lambda second: {"body": f"La pompe {int(second * 10)} a été remplacée hier soir."})
        | "Hours" >> beam.WindowInto(FixedWindows(3600))
        | Translate(["body"], hosts=[host.url for host in engine_hosts], model="mistral")
        | "Keep" >> beam.ParDo(_Keep(str(translated)))
    )
    began = time.time()
    result = pipeline.run()
    try:
        wait_until(lambda: translated.exists() and len(translated.read_text().splitlines()) >= 50)
    finally:
        result.cancel()
    rows = [json.loads(line) for line in translated.read_text().splitlines()]
    assert {row["body_en_status"] for row in rows} <= {"ok", "warn"}
    assert min(row["window_end"] for row in rows) > began
    assert max(row["kept"] for row in rows) < max(row["window_end"] for row in rows)
    assert len({row["body"] for row in rows}) == len(rows)


class _Keep(beam.DoFn):
    """Appends each row to a file, with the time and the end of its window."""

    def __init__(self, path: str) -> None:
        self._path = path

    def process(self, row: dict[str, Any], window: Any = beam.DoFn.WindowParam) -> None:
        """Keep one row."""
        line = json.dumps({**row, "kept": time.time(), "window_end": float(window.end)})
        with Path(self._path).open("a") as file:
            file.write(f"{line}\n")

"""Whole runs on Prism, Beam's portable local runner (opt-in)."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from pipeline.sandbox.running import SandboxProcess
from tests.engines import installed
from tests.runners.jobs import Job, check_whole_run

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

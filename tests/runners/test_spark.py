"""Whole runs on a real Spark (opt-in)."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.sandbox.running import SandboxProcess
from tests.engines import installed
from tests.runners.jobs import Job, check_that_workers_stop, check_whole_run
from tests.runners.spark import SparkServer

pytestmark = [pytest.mark.engines, pytest.mark.timeout(900)]


@pytest.fixture
def spark(tmp_path: Path) -> Iterator[SparkServer]:
    with SparkServer(installed("spark/lib"), tmp_path / "spark") as server:
        yield server


@pytest.mark.parametrize("environment", ["LOOPBACK", "PROCESS"])
def test_rows_are_exact_and_a_second_run_sends_nothing(
    environment: str, spark: SparkServer, engine_hosts: list[SandboxProcess], tmp_path: Path
) -> None:
    check_whole_run(Job(tmp_path / "job", engine_hosts, spark.options(environment), files=8, rows=50))


def test_the_launchers_end_stops_the_workers(
    spark: SparkServer, engine_hosts: list[SandboxProcess], tmp_path: Path
) -> None:
    job = Job(tmp_path / "job", engine_hosts, spark.options("PROCESS"), files=8, rows=150)
    check_that_workers_stop(job, signal.SIGKILL)

"""Whole runs on a real Spark (opt-in)."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.sandbox.running import SandboxProcess
from tests.engines import installed
from tests.runners.jobs import AFTER_STOP_SECONDS, Job
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
    job = Job(tmp_path / "job", engine_hosts, spark.options(environment), files=8, rows=50)
    ended = job.run()
    assert (ended.code, ended.summary.get("rows")) == (0, job.rows), ended.log
    job.check_rows()
    served = job.served()
    assert job.run().code == 0
    assert job.served() == served


def test_the_launchers_end_stops_the_workers(
    spark: SparkServer, engine_hosts: list[SandboxProcess], tmp_path: Path
) -> None:
    job = Job(tmp_path / "job", engine_hosts, spark.options("PROCESS"), files=8, rows=150)
    ended = job.stop_after(200, signal.SIGKILL)
    assert ended.code == -signal.SIGKILL, ended.log
    time.sleep(AFTER_STOP_SECONDS)  # the bar itself, no synchronisation
    served = job.served()
    time.sleep(2 * AFTER_STOP_SECONDS)
    assert job.served() <= served + 10  # the hosts' slots: what was in flight
    assert served < job.rows
    assert job.run().code == 0
    job.check_rows()

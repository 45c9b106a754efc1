"""Whole runs on a real Flink session cluster with two TaskManagers (opt-in)."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.sandbox.running import SandboxProcess
from tests.engines import installed
from tests.runners.flink import FlinkCluster
from tests.runners.jobs import Job, check_that_workers_stop, check_whole_run, wait_until

pytestmark = [pytest.mark.engines, pytest.mark.timeout(900)]


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[FlinkCluster]:
    with FlinkCluster(installed("flink/lib"), tmp_path / "flink") as cluster:
        yield cluster


@pytest.mark.parametrize("environment", ["LOOPBACK", "PROCESS"])
def test_rows_are_exact_and_a_second_run_sends_nothing(
    environment: str, cluster: FlinkCluster, engine_hosts: list[SandboxProcess], tmp_path: Path
) -> None:
    check_whole_run(Job(tmp_path / "job", engine_hosts, cluster.options(environment), files=8, rows=50))


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_the_launchers_end_stops_the_workers(
    how: signal.Signals, cluster: FlinkCluster, engine_hosts: list[SandboxProcess], tmp_path: Path
) -> None:
    job = Job(tmp_path / "job", engine_hosts, cluster.options("PROCESS"), files=8, rows=150)
    check_that_workers_stop(job, how)


def test_a_second_run_is_refused_while_the_workers_of_the_first_run(
    cluster: FlinkCluster, engine_hosts: list[SandboxProcess], tmp_path: Path
) -> None:
    job = Job(tmp_path / "job", engine_hosts, cluster.options("PROCESS"), files=8, rows=100)
    first = job.start()
    wait_until(lambda: job.served() >= 50)
    for host in engine_hosts:
        host.control(tokens_per_second=2.0)  # the first run must not end before the second one starts
    second = job.run()
    assert second.code == 1
    assert f"another run is writing to {job.output}" in second.log
    assert first.poll() is None
    for host in engine_hosts:
        host.control(tokens_per_second=400.0)
    assert job.end(first).code == 0
    job.check_rows()


def test_a_lost_task_manager_costs_no_row(
    cluster: FlinkCluster, engine_hosts: list[SandboxProcess], tmp_path: Path
) -> None:
    job = Job(tmp_path / "job", engine_hosts, cluster.options("PROCESS"), files=8, rows=100)
    process = job.start()
    wait_until(lambda: job.served() >= 200)
    cluster.kill_task_manager(1)
    cluster.start_task_manager(2)
    ended = job.end(process)
    assert ended.code == 0, ended.log
    job.check_rows()

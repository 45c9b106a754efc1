"""The example DAG in a real Airflow (opt-in): TRANSLATE_TEST_AIRFLOW names the virtual environment that holds it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from pipeline.sandbox.running import SandboxProcess
from tests.conftest import ROOT
from tests.runners.jobs import Job, wait_until

VARIABLE = "TRANSLATE_TEST_AIRFLOW"
pytestmark = [
    pytest.mark.engines,
    pytest.mark.timeout(600),
    pytest.mark.skipif(VARIABLE not in os.environ, reason=f"{VARIABLE} names no virtual environment with Airflow"),
]

DAY = "2026-01-01"
RunDag = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def job(engine_hosts: list[SandboxProcess], tmp_path: Path) -> Job:
    """Records of one day, where the DAG looks for them."""
    job = Job(tmp_path / "job", engine_hosts, [], files=4, rows=100)
    (tmp_path / "records").mkdir()
    job.source = job.source.rename(tmp_path / "records" / DAY)
    job.output = tmp_path / "english" / DAY
    return job


@pytest.fixture
def run_dag(job: Job, tmp_path: Path) -> RunDag:
    """Start the DAG of ``examples/airflow/translate_bash.py`` in a process of Airflow's own."""
    airflow = Path(os.environ[VARIABLE]) / "bin"
    (tmp_path / "dags").mkdir()
    command = tmp_path / "translate"
    command.write_text(f"#!/bin/sh\nPYTHONPATH='{ROOT}' exec '{sys.executable}' -m pipeline \"$@\"\n")
    command.chmod(0o755)
    environment = os.environ | {
        "AIRFLOW_HOME": str(tmp_path / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(tmp_path / "dags"),
        "AIRFLOW_VAR_TRANSLATE_COMMAND": str(command),
        "AIRFLOW_VAR_TRANSLATE_INPUT": str(tmp_path / "records"),
        "AIRFLOW_VAR_TRANSLATE_OUTPUT": str(tmp_path / "english"),
        "AIRFLOW_VAR_OLLAMA_HOSTS": ",".join(host.url for host in job.hosts),
    }
    environment.pop("PYTHONPATH", None)
    dag = Path(shutil.copy(ROOT / "examples" / "airflow" / "translate_bash.py", tmp_path / "dags"))
    for command_line in (("db", "migrate"), ("dags", "reserialize")):
        subprocess.run([airflow / "airflow", *command_line], env=environment, check=True, capture_output=True)

    def start(*arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [airflow / "python", Path(__file__).with_name("airflow_driver.py"), dag, *arguments],
            env=environment,
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    return start


def task_of(process: subprocess.Popen[str]) -> dict[str, Any]:
    """What became of the DAG's task."""
    out, _ = process.communicate()
    results = [line for line in out.splitlines() if line.startswith("RESULT ")]
    assert results, out[-5000:]
    task: dict[str, Any] = json.loads(results[-1].removeprefix("RESULT "))["translate"]
    return task


def commands_of(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """The processes of the command that the DAG has started."""
    children = psutil.Process(process.pid).children(recursive=True)
    return [child for child in children if "pipeline" in child.cmdline() and "python" in child.name()]


def test_success_gives_the_summary_and_a_second_run_is_skipped(job: Job, run_dag: RunDag) -> None:
    task = task_of(run_dag())
    assert task["state"] == "success"
    assert task["xcom"]["rows"] == job.rows
    job.check_rows()
    assert task_of(run_dag())["state"] == "skipped"


def test_a_retry_resumes_after_a_killed_command(job: Job, run_dag: RunDag) -> None:
    process = run_dag()
    wait_until(lambda: job.served() >= 100)
    [command] = commands_of(process)
    command.send_signal(signal.SIGKILL)
    task = task_of(process)
    assert task["state"] == "success"
    assert task["tries"] > 1
    job.check_rows()
    assert job.served() < 1.5 * job.rows  # without a memory, 100 rows and more would be paid for twice


def test_a_time_out_ends_the_command(job: Job, run_dag: RunDag) -> None:
    for host in job.hosts:
        host.control(tokens_per_second=4.0)  # takes minutes
    process = run_dag("4")
    wait_until(lambda: bool(commands_of(process)))
    commands = commands_of(process)
    assert task_of(process)["state"] == "failed"
    wait_until(lambda: not any(command.is_running() for command in commands), seconds=20)

"""Runs of the command on a real engine, and what must hold for their rows."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.sandbox.running import SandboxProcess
from tests.conftest import ROOT

PATIENCE_SECONDS = 300.0
POLL_SECONDS = 0.05
AFTER_STOP_SECONDS = 2.0
"""Workers may send requests for so long after the launcher's end."""


@dataclass(frozen=True)
class Ended:
    """How a run ended: its exit code, the summary of stdout (empty without one), and the log of stderr."""

    code: int
    summary: dict[str, Any]
    log: str


class Job:
    """One translation of generated records on simulated hosts, by an engine.

    Args:
        place: A directory for input, output and logs.
        hosts: Simulated hosts in processes of their own, since workers may run in other processes.
        options: The options that choose the engine.
        files, rows: Input files, and rows of each.
    """

    def __init__(self, place: Path, hosts: Sequence[SandboxProcess], options: Sequence[str], files: int, rows: int):
        self.source, self.output, self._place = place / "in", place / "out", place
        self.hosts = hosts
        self.rows = files * rows
        self._options = options
        self.source.mkdir(parents=True)
        for file in range(files):
            numbers = range(file * rows, (file + 1) * rows)
            texts = [f"La pompe {n} du bâtiment {n % 7} a été remplacée hier soir." for n in numbers]
            pq.write_table(pa.table({"id": list(numbers), "body": texts}), self.source / f"f{file:03d}.parquet")

    def start(self) -> subprocess.Popen[bytes]:
        """Start the command; its log is in ``log()``."""
        urls = ",".join(host.url for host in self.hosts)
        command = [sys.executable, "-m", "pipeline", "--input", str(self.source), "--output", str(self.output)]
        environment = os.environ | {"PYTHONPATH": f"{ROOT}:{os.environ.get('PYTHONPATH', '')}"}
        with (self._place / "log").open("wb") as log:
            return subprocess.Popen(
                [*command, "--hosts", urls, "--progress", "plain", *self._options],
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=ROOT,
                env=environment,
            )

    def end(self, process: subprocess.Popen[bytes]) -> Ended:
        """Wait for the command's end."""
        try:
            out, _ = process.communicate(timeout=PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise AssertionError(f"the run did not end: {self.log()[-3000:]}") from None
        lines = out.decode().splitlines()
        return Ended(process.returncode, json.loads(lines[-1]) if lines else {}, self.log())

    def run(self) -> Ended:
        """Run the command to its end."""
        return self.end(self.start())

    def stop_after(self, requests: int, how: signal.Signals) -> Ended:
        """Start the command, and send it a signal once the hosts have served so many requests."""
        process = self.start()
        wait_until(lambda: self.served() >= requests or process.poll() is not None)
        process.send_signal(how)
        return self.end(process)

    def served(self) -> int:
        """Requests that all hosts have answered."""
        return sum(int(host.stats()["served"]) for host in self.hosts)

    def log(self) -> str:
        """What the command has logged."""
        return (self._place / "log").read_text("utf-8", "replace")

    def check_rows(self) -> None:
        """Assert that each row is there once, in order, with a translation."""
        tables = [pq.read_table(part) for part in sorted(self.output.glob("part-*.parquet"))]
        ids = [number for table in tables for number in table.column("id").to_pylist()]
        assert sorted(ids) == list(range(self.rows))
        for table in tables:
            numbers = table.column("id").to_pylist()
            assert numbers == sorted(numbers)
            assert set(table.column("body_en_status").to_pylist()) <= {"ok", "warn"}
        assert not [path for path in self.output.rglob("*") if path.suffix == ".tmp"]


def check_whole_run(job: Job) -> None:
    """Assert that a run translates each row once, and that a second run sends nothing."""
    ended = job.run()
    assert (ended.code, ended.summary.get("rows")) == (0, job.rows), ended.log
    job.check_rows()
    served = job.served()
    assert job.run().code == 0
    assert job.served() == served


def check_that_workers_stop(job: Job, how: signal.Signals) -> None:
    """Assert that the launcher's end stops workers in processes of their own, and that the next run resumes."""
    ended = job.stop_after(200, how)
    assert ended.code == (143 if how is signal.SIGTERM else -how), ended.log
    time.sleep(AFTER_STOP_SECONDS)  # the bar itself, no synchronisation
    served = job.served()
    time.sleep(2 * AFTER_STOP_SECONDS)
    assert job.served() <= served + 10  # the hosts' slots: what was in flight
    assert served < job.rows
    assert job.run().code == 0
    job.check_rows()


def wait_until(condition: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
    """Wait for a condition, and fail if it does not hold in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not hold in time"
        time.sleep(POLL_SECONDS)

"""Runs with several worker processes, as real processes."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.sandbox.running import SandboxThread
from tests.pipeline.runs import sentence

PATIENCE_SECONDS = 60.0


def reports(tmp_path: Path, rows: int, texts: int) -> Path:
    """Records of which every ``texts``-th has the same text, in row groups of 50."""
    numbers = list(range(rows))
    path = tmp_path / "reports.parquet"
    table = pa.table({"id": numbers, "text": [sentence(number % texts) for number in numbers]})
    pq.write_table(table, path, row_group_size=50)
    return path


class Job:
    """A run in a process of its own, with two workers."""

    def __init__(self, source: Path, output: Path, host: SandboxThread, *more: str) -> None:
        self._log = output.with_suffix(".log")
        self._host = host
        arguments = ["--input", str(source), "--output", str(output), "--hosts", host.url, "--unit_rows", "50"]
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "pipeline", *arguments, "--workers", "2", "--progress", "off", *more],
                stdout=subprocess.PIPE,
                stderr=log,
            )

    def workers_at(self, served: int) -> list[psutil.Process]:
        """The worker processes, once the host has served so many requests."""
        wait_until(lambda: self._host.stats()["served"] >= served or self.process.poll() is not None)
        return psutil.Process(self.process.pid).children()

    def log(self) -> str:
        """What the run and its workers have logged."""
        return self._log.read_text()

    def end(self) -> tuple[int, dict[str, Any], str]:
        """Exit code, summary and log."""
        out, _ = self.process.communicate(timeout=PATIENCE_SECONDS)
        return self.process.returncode, json.loads(out) if out else {}, self.log()


@contextmanager
def job(source: Path, output: Path, host: SandboxThread, *more: str) -> Iterator[Job]:
    """Start a run; kill it if the test fails."""
    running = Job(source, output, host, *more)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.process.kill()
        running.process.communicate()


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def wait_for_end(workers: Sequence[psutil.Process]) -> None:
    wait_until(lambda: not any(worker.is_running() and worker.status() != "zombie" for worker in workers))


def ids(output: Path) -> list[int]:
    tables = [pq.read_table(path, columns=["id", "text_en_status"]) for path in sorted(output.glob("part-*.parquet"))]
    assert {status for table in tables for status in table.column("text_en_status").to_pylist()} <= {"ok"}
    return [number for table in tables for number in table.column("id").to_pylist()]


def repeated_requests(host: SandboxThread) -> int:
    texts = Counter(request["source"] for request in host.stats(with_requests=True)["requests"])
    return texts.total() - len(texts)

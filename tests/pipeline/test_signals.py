"""SIGTERM and Ctrl-C on the real process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.sandbox.faults import Fault
from tests.conftest import MakeHost

Start = Callable[[str, Path], "subprocess.Popen[bytes]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    texts = [f"Le rapport numéro {number} décrit la panne de la pompe." for number in range(400)]
    pq.write_table(pa.table({"text": texts}), tmp_path / "reports.parquet")
    running = []

    def begin(url: str, output: Path) -> subprocess.Popen[bytes]:
        arguments = ["--input", str(tmp_path / "reports.parquet"), "--output", str(output), "--hosts", url]
        process = subprocess.Popen(
            [sys.executable, "-m", "pipeline", *arguments, "--unit_rows", "50", "--progress", "off"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        running.append(process)
        return process

    yield begin
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_it_cleanly_and_the_same_command_goes_on(
    sandbox_host: MakeHost, start: Start, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    host, output = sandbox_host(tokens_per_second=400.0), tmp_path / "out"
    process = start(host.url, output)
    wait_until(lambda: host.stats()["served"] >= 120)
    sent = time.monotonic()
    os.kill(process.pid, number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == code
    assert time.monotonic() - sent < 10
    assert b"Traceback" not in err
    summary = json.loads(out)
    assert summary["exit_code"] == code
    assert summary["units_written"] == len(list(output.glob("part-*")))
    host.control(tokens_per_second=0)
    again = start(host.url, output)
    out, _ = again.communicate(timeout=60)
    assert again.returncode == 0
    assert json.loads(out)["rows"] == 400
    assert not list(output.rglob("*.tmp"))


def test_a_second_signal_ends_it_at_once(sandbox_host: MakeHost, start: Start, tmp_path: Path) -> None:
    host = sandbox_host(faults=[Fault("hang")])
    process = start(host.url, tmp_path / "out")
    wait_until(lambda: host.stats()["in_flight"] > 0)
    os.kill(process.pid, signal.SIGTERM)
    os.kill(process.pid, signal.SIGTERM)
    process.communicate(timeout=10)
    assert process.returncode == 143


def test_a_signal_while_no_host_answers(start: Start, tmp_path: Path) -> None:
    process = start("http://127.0.0.1:9", tmp_path / "out")
    assert process.stderr is not None
    while b"no host is healthy" not in (line := process.stderr.readline()):
        assert line
    os.kill(process.pid, signal.SIGTERM)
    process.communicate(timeout=10)
    assert process.returncode == 143

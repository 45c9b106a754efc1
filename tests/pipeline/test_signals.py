"""SIGTERM and Ctrl-C on the real process."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline import signals
from pipeline.sandbox.faults import Fault
from tests.conftest import MakeHost
from tests.pipeline.runs import Run

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


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), pytest.param(signal.SIGINT, 130, marks=pytest.mark.slow)]
)
def test_a_signal_ends_it_cleanly_and_the_same_command_goes_on(
    sandbox_host: MakeHost, start: Start, run: Run, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    host, output = sandbox_host(tokens_per_second=400.0), tmp_path / "out"
    process = start(host.url, output)
    wait_until(lambda: host.stats()["served"] >= 120)
    os.kill(process.pid, number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == code
    assert b"Traceback" not in err
    summary = json.loads(out)  # a forced exit prints none
    assert summary["exit_code"] == code
    assert summary["units_written"] == len(list(output.glob("part-*")))
    host.control(tokens_per_second=0)
    again = run(tmp_path / "reports.parquet", output, [host], "--unit_rows", "50")
    assert again.code == 0
    assert again.summary["rows"] == 400
    assert not list(output.rglob("*.tmp"))


def test_a_second_signal_ends_it_at_once(sandbox_host: MakeHost, start: Start, tmp_path: Path) -> None:
    host = sandbox_host(faults=[Fault("hang")])
    process = start(host.url, tmp_path / "out")
    wait_until(lambda: host.stats()["in_flight"] > 0)
    os.kill(process.pid, signal.SIGTERM)
    assert process.stderr is not None
    while b"waiting up to" not in (line := process.stderr.readline()):
        assert line
    os.kill(process.pid, signal.SIGTERM)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 143
    assert out == b"", "after one signal alone, the run ends with its summary"


def test_a_signal_while_no_host_answers(start: Start, tmp_path: Path) -> None:
    process = start("http://127.0.0.1:9", tmp_path / "out")
    assert process.stderr is not None
    while b"no healthy host" not in (line := process.stderr.readline()):
        assert line
    os.kill(process.pid, signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 143


STUBBORN = """
import sys, time
from pipeline import signals
from transforms.engine import engine

class Stubborn:
    def stop(self):
        pass

engine.live_engines = lambda: [Stubborn()]
signals.PATIENCE_SECONDS = float(sys.argv[1])
with signals.CleanStop():
    print("ready", flush=True)
    while True:
        time.sleep(1)
"""


def child(code: str, *arguments: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


def test_a_run_that_does_not_stop_is_ended_after_the_deadline() -> None:
    assert signals.PATIENCE_SECONDS < 10
    with child(STUBBORN, "0.2") as process:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 143


def test_a_second_signal_does_not_wait_for_the_deadline() -> None:
    with child(STUBBORN, "3600") as process:
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) in (130, 143)


class SilentServer:
    """Accepts connections and never answers."""

    def __enter__(self) -> str:
        self._socket = socket.create_server(("127.0.0.1", 0))
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def __exit__(self, *_: object) -> None:
        self._socket.close()


def test_a_signal_while_an_input_is_awaited_exits_with_its_code(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pipeline", "--output", str(tmp_path / "out"), "--hosts", "127.0.0.1:9"]
    with (
        SilentServer() as url,
        subprocess.Popen([*command, "--input", f"{url}/a.parquet"], stderr=subprocess.PIPE) as process,
    ):
        assert process.stderr is not None
        assert b"still waiting" in next(line for line in process.stderr if b"still" in line)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
        assert process.returncode == 143
        assert b"Traceback" not in err


@pytest.mark.slow
def test_a_hosts_file_that_is_an_empty_pipe_neither_hangs_nor_keeps_a_signal_away(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "hosts")
    (tmp_path / "a.jsonl").write_text('{"text": "Bonjour."}\n')
    command = [sys.executable, "-m", "pipeline", "--input", str(tmp_path / "a.jsonl"), "--output", str(tmp_path / "o")]
    with subprocess.Popen([*command, "--hosts_file", str(tmp_path / "hosts")], stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        assert b"still waiting" in process.stderr.readline()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
        assert process.returncode == 143

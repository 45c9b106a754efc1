from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from concurrent import futures
from pathlib import Path

import grpc
import pytest

from pipeline import runner
from pipeline.cli import main
from pipeline.runner import (
    check_endpoint,
    failure_of_job,
    failure_of_start,
    original_error,
    quiet_reader,
    reason_of,
    warn_of_slots,
)
from tests.conftest import MakeHost
from tests.pipeline.console.restored_logging import restored_logging
from tests.ports import free_port
from transforms.errors import NoHostLeft, RunFailed


@pytest.fixture
def _logging_as_before() -> Iterator[None]:
    with restored_logging():
        yield


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that accepts connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_an_exception_of_a_worker_is_found_in_the_runners_text() -> None:
    text = "Traceback…\ntransforms.errors.NoHostLeft: no host was healthy [while running 'Translate']\n\nmore"
    error = original_error(text)
    assert isinstance(error, NoHostLeft)
    assert str(error) == "no host was healthy"
    assert isinstance(original_error("RunFailed: disk full"), RunFailed)
    assert original_error("KeyError: 'x' [while running 'Read']") is None


FLINK = (
    "Pipeline BeamApp-1_2 failed in state FAILED: org.apache.flink.util.FlinkException: TaskManager lost\n"
    "\tat org.apache.flink.A.b(A.java:1)\nCaused by: java.lang.RuntimeException: x\n\tat c\n"
    'Caused by: java.io.IOException: Cannot run program "docker": error=2, No such file\n\t... 3 more'
)
PYTHON = (
    "RuntimeError: Traceback (most recent call last):\n  File \"a.py\", line 1, in b\n    c()\nKeyError: 'd'\n\nmore"
)


class LostServer(Exception):
    """As gRPC's errors are: they have no text for people."""

    def __str__(self) -> str:
        return "<_MultiThreadedRendezvous of RPC that terminated with:\n\tstatus = StatusCode.UNAVAILABLE>"

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.UNAVAILABLE

    def details(self) -> str:
        return "Socket closed"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (RuntimeError(FLINK), 'java.io.IOException: Cannot run program "docker": error=2, No such file'),
        (RuntimeError("Pipeline x_1 failed in state FAILED: no workers.\nmore"), "no workers"),
        (RuntimeError(PYTHON), "KeyError: 'd'"),
        (LostServer(), "the connection to the job server was lost: UNAVAILABLE: Socket closed"),
        (TimeoutError(), "TimeoutError without a message"),
        (ValueError("x" * 1000), "x" * 400 + "…"),
    ],
)
def test_the_reason_of_a_runner_is_its_root_cause_in_one_line(error: Exception, reason: str) -> None:
    assert reason_of(error) == reason
    assert str(failure_of_job("PortableRunner", error)) == (
        f"the job failed on PortableRunner: {reason}; finished parts are kept; rerun the same command to resume"
    )


def test_a_runner_that_cannot_start_is_told_with_what_it_needs() -> None:
    message = str(failure_of_start("apache_beam.runners.FlinkRunner", FileNotFoundError(2, "No such file", "java")))
    assert message.startswith("FlinkRunner cannot start the job: [Errno 2] No such file: 'java'; name the job server's")
    assert "rerun the same command" in str(failure_of_start("SomeRunner", ValueError("a")))


def test_a_refused_or_foreign_endpoint_is_told_at_once(silent_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    with pytest.raises(RunFailed, match=rf"no job server at --job_endpoint localhost:{port}: Connection refused"):
        check_endpoint([f"--job_endpoint=localhost:{port}"])
    with pytest.raises(RunFailed, match=r"no job server at --job_endpoint no-such-host\.invalid:8099"):
        check_endpoint(["--job_endpoint", "no-such-host.invalid:8099"])
    monkeypatch.setattr(runner, "ENDPOINT_SECONDS", 0.2)
    with pytest.raises(RunFailed, match="but it is no job server of Beam"):
        check_endpoint([f"--job_endpoint=127.0.0.1:{silent_port}"])


def test_a_job_server_is_accepted_and_so_is_none() -> None:
    server = grpc.server(futures.ThreadPoolExecutor(1))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        check_endpoint([f"--job_endpoint=127.0.0.1:{port}"])
    finally:
        server.stop(None).wait()
    check_endpoint([])
    check_endpoint(["--job_endpoint=embed"])


@pytest.mark.parametrize(
    ("slots", "arguments", "said"),
    [
        (2, ["--runner=PortableRunner", "--environment_type=EXTERNAL"], True),
        (2, ["--runner=PortableRunner", "--environment_type=LOOPBACK"], False),
        (2, ["--runner=FnApiRunner"], False),
        (None, ["--runner=FlinkRunner"], False),
    ],
)
def test_slots_of_several_processes_are_said_to_add_up(
    slots: int | None, arguments: list[str], said: bool, caplog: pytest.LogCaptureFixture
) -> None:
    warn_of_slots(slots, arguments)
    assert ("--slots holds for each worker process" in caplog.text) == said


def test_only_the_reader_of_messages_is_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(threading, "excepthook", lambda failed: told.append(failed.thread.name))

    def fail() -> None:
        raise RuntimeError("gone")

    with quiet_reader():
        for name in ("wait_until_finish_read", "another"):
            thread = threading.Thread(target=fail, name=name)
            thread.start()
            thread.join()
    assert told == ["another"]


@pytest.mark.usefixtures("_logging_as_before")
@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--runner=PrismRunner", "--prism_location=/no/such/prism"], "PrismRunner cannot start the job: "),
        (["--runner=PortableRunner", "--job_endpoint=localhost:{port}"], "no job server at --job_endpoint localhost:"),
    ],
)
def test_a_run_whose_runner_fails_ends_with_one_line_and_a_summary(
    options: list[str], reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in.jsonl").write_text('{"text": "Le pont est fermé."}\n')
    arguments = [f"--input={tmp_path}/in.jsonl", f"--output={tmp_path}/out", "--sandbox=1", "--log_level=error"]
    assert main([*arguments, *(option.format(port=free_port()) for option in options)]) == 1
    captured = capsys.readouterr()
    (line,) = [line for line in captured.err.splitlines() if "ERROR" in line]
    assert reason in line
    assert line.endswith("rerun the same command to resume")
    assert "Traceback" not in captured.err
    summary = json.loads(captured.out)
    assert (summary["exit_code"], summary["rows"]) == (1, 0)
    assert summary["message"].startswith(reason)
    assert json.loads((tmp_path / "out" / "_summary.json").read_text())["message"] == summary["message"]


@pytest.mark.usefixtures("_logging_as_before")
def test_options_that_beam_refuses_together_are_wrong_usage(
    sandbox_host: MakeHost, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in.jsonl").write_text('{"text": "Le pont est fermé."}\n')
    arguments = [
        f"--input={tmp_path}/in.jsonl",
        f"--output={tmp_path}/out",
        f"--hosts={sandbox_host().url}",
        "--log_level=error",
    ]
    wrong = ["--runner=PortableRunner", "--job_endpoint=localhost:8099", "--environment_type=EXTERNAL"]
    assert main([*arguments, *wrong]) == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert line.startswith("error: Apache Beam refuses its options: ")
    assert line.endswith("required for environment type EXTERNAL")

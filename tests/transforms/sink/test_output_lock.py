from __future__ import annotations

import errno
import fcntl
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import fsspec
import pytest

from transforms.errors import RunFailed
from transforms.sink import lease, output_lock
from transforms.sink.lease import LOCK_FILE, Lease, parse_lease
from transforms.sink.output_directory import OutputDirectory
from transforms.sink.output_lock import OutputLock

HOLDER = """
import sys, time
from transforms.sink.output_directory import OutputDirectory
from transforms.sink.output_lock import OutputLock
output = OutputDirectory(sys.argv[1])
output.prepare()
with OutputLock(output, "first"):
    print("held", flush=True)
    time.sleep(60)
"""


def prepared(url: str) -> OutputDirectory:
    output = OutputDirectory(url)
    output.prepare()
    return output


def test_a_second_run_is_refused_and_told_by_whom_until_the_first_ends_or_dies(tmp_path: Path) -> None:
    output = prepared(str(tmp_path / "out"))
    with subprocess.Popen([sys.executable, "-c", HOLDER, output.url], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with (
            pytest.raises(RunFailed, match=rf"process {process.pid} on .*another --output"),
            OutputLock(output, "refused"),
        ):
            pass
        process.kill()
    with OutputLock(output, "second"):
        pass
    with OutputLock(output, "third"):
        pass


@pytest.fixture
def remote(monkeypatch: pytest.MonkeyPatch) -> OutputDirectory:
    monkeypatch.setattr(output_lock, "SETTLE_SECONDS", 0.0)
    memory = fsspec.filesystem("memory")
    if memory.exists("/locked"):
        memory.rm("/locked", recursive=True)
    return prepared("memory://locked")


def held(**changes: Any) -> bytes:
    """The lease of another run, renewed just now."""
    return replace(Lease("other", "elsewhere", 7, since="today", renewed_at=time.time()), **changes).to_bytes()


def lease_of(output: OutputDirectory) -> Lease:
    """The lease as soon as it can be read: while it is being rewritten, the file is empty or cut off."""
    while (lease := parse_lease(output.read_bytes(LOCK_FILE))) is None:
        pass
    return lease


@pytest.mark.parametrize("kind", ["remote", "local"])
def test_the_lease_is_renewed_and_names_the_run_while_the_lock_is_held(
    kind: str, remote: OutputDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = remote if kind == "remote" else prepared(str(tmp_path / "out"))
    monkeypatch.setattr(output_lock, "RENEW_SECONDS", 0.01)
    with OutputLock(output, "mine"):
        first = lease_of(output)
        assert (first.run_id, first.pid, first.ended) == ("mine", os.getpid(), False)
        with pytest.raises(RunFailed, match=f"process {os.getpid()}"), OutputLock(output, "refused"):
            pass
        while lease_of(output).renewed_at == first.renewed_at:
            pass
    if kind == "remote":
        assert remote.read_bytes(LOCK_FILE) == b""
    else:
        assert lease_of(output).ended


DEAD = {"host": socket.gethostname(), "pid": 2**22 + 1, "pid_namespace": lease._pid_namespace()}


@pytest.mark.parametrize(
    ("changes", "free"),
    [
        ({}, False),
        ({"renewed_at": 1.0}, True),
        (DEAD, True),
        ({**DEAD, "pid": 1}, False),
        ({**DEAD, "pid": os.getpid()}, True),
        ({**DEAD, "pid_namespace": "pid:[1]"}, False),
        ({"ended": True}, False),
    ],
    ids=[
        "fresh",
        "stale",
        "dead process",
        "living process",
        "an earlier process with this number",
        "another container's number",
        "workers are being stopped",
    ],
)
def test_a_lock_of_a_dead_run_does_not_block(changes: dict[str, Any], free: bool, remote: OutputDirectory) -> None:
    content = held(**changes)  # made now: a lease that was made when the tests were collected would be stale
    remote.write_bytes(LOCK_FILE, content)
    if free:
        with OutputLock(remote, "mine"):
            assert lease_of(remote).run_id == "mine"
    else:
        with pytest.raises(RunFailed), OutputLock(remote, "mine"):
            pass
        assert remote.read_bytes(LOCK_FILE) == content


@pytest.mark.parametrize(
    "content",
    [b"nonsense", b"[]", b"[" * 100_000, b'{"run_id": "x"}', held(run_id=5)],
    ids=["no JSON", "no object", "deep", "incomplete", "wrong type"],
)
def test_a_lock_that_cannot_be_read_does_not_block(content: bytes, remote: OutputDirectory) -> None:
    remote.write_bytes(LOCK_FILE, content)
    with OutputLock(remote, "mine"):
        assert lease_of(remote).run_id == "mine"


def test_of_two_runs_at_the_same_moment_the_last_one_has_the_lock(
    remote: OutputDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def other_comes(seconds: float) -> None:
        remote.write_bytes(LOCK_FILE, held())

    monkeypatch.setattr(time, "sleep", other_comes)
    with pytest.raises(RunFailed, match="process 7 on elsewhere"), OutputLock(remote, "mine"):
        pass


def test_a_lease_that_is_gone_again_is_not_held(remote: OutputDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: remote.remove(LOCK_FILE))
    with pytest.raises(RunFailed, match="another run is writing to"), OutputLock(remote, "mine"):
        pass


def test_a_renewal_that_is_under_way_ends_before_the_lock_is_given_back(
    remote: OutputDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output_lock, "RENEW_SECONDS", 0.001)
    write, writing, answered = remote.write_bytes, threading.Event(), threading.Event()

    def slow(name: str, content: bytes) -> None:
        writing.set()
        answered.wait(30)
        write(name, content)

    with OutputLock(remote, "mine") as lock:
        monkeypatch.setattr(remote, "write_bytes", slow)
        assert writing.wait(30)
        threading.Timer(0.02, answered.set).start()
    assert lock._renewing is not None
    lock._renewing.join()
    assert remote.read_bytes(LOCK_FILE) == b""


def test_workers_that_cannot_be_told_to_stop_are_a_warning(
    remote: OutputDirectory, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(name: str, content: bytes) -> None:
        raise RunFailed("HTTP 503")

    with OutputLock(remote, "mine") as lock, monkeypatch.context() as fault:
        fault.setattr(remote, "write_bytes", fails)
        lock.stop_workers(elsewhere=False)
    assert caplog.messages == ["cannot tell the workers to stop: HTTP 503"]
    assert remote.read_bytes(LOCK_FILE) == b""


def test_the_lock_of_another_run_is_not_removed(remote: OutputDirectory) -> None:
    with OutputLock(remote, "mine"):
        remote.write_bytes(LOCK_FILE, held())
    assert remote.read_bytes(LOCK_FILE) != b""


@pytest.mark.parametrize("kind", ["remote", "local"])
def test_a_stopped_run_holds_the_lock_until_its_workers_elsewhere_have_stopped(
    kind: str, remote: OutputDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = remote if kind == "remote" else prepared(str(tmp_path / "out"))
    waits: list[float] = []

    def refused_meanwhile(seconds: float) -> None:
        waits.append(seconds)
        if seconds:
            with pytest.raises(RunFailed), OutputLock(output, "refused"):
                pass

    with OutputLock(output, "mine") as lock:
        monkeypatch.setattr(time, "sleep", refused_meanwhile)
        lock.stop_workers(elsewhere=True)
        assert lease_of(output).ended
    assert waits[0] > 0
    waits.clear()
    monkeypatch.setattr(time, "sleep", waits.append)
    with OutputLock(output, "next") as lock:
        waits.clear()
        lock.stop_workers(elsewhere=False)
    assert waits == [0.0]


@pytest.mark.parametrize("link", ["symbolic", "hard", "pipe", "directory"])
def test_a_lock_file_that_is_a_link_leaves_its_target_alone(tmp_path: Path, link: str) -> None:
    output = prepared(str(tmp_path / "out"))
    target, path = tmp_path / "thesis.txt", tmp_path / "out" / LOCK_FILE
    target.write_text("all of it")
    make: dict[str, Callable[[], object]] = {
        "symbolic": lambda: path.symlink_to(target),
        "hard": lambda: path.hardlink_to(target),
        "pipe": lambda: os.mkfifo(path),
        "directory": path.mkdir,
    }
    make[link]()
    with pytest.raises(RunFailed, match=r"_state/lock: .*link|_state/lock: Is a directory"), OutputLock(output, "mine"):
        pass
    assert target.read_text() == "all of it"


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_uses_the_lease(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(descriptor: int, operation: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", no_locks)
    monkeypatch.setattr(output_lock, "SETTLE_SECONDS", 0.0)
    output = prepared(str(tmp_path / "out"))
    with OutputLock(output, "mine"):
        with pytest.raises(RunFailed, match=f"process {os.getpid()}"), OutputLock(output, "refused"):
            pass
        assert lease_of(output).run_id == "mine"
    assert output.read_bytes(LOCK_FILE) == b""


def test_a_lease_that_cannot_be_renewed_is_reported_once_until_it_could(
    remote: OutputDirectory, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(output_lock, "RENEW_SECONDS", 0.001)
    tries = []

    def fails_but_for_the_third_time(name: str, content: bytes) -> None:
        tries.append(name)
        if len(tries) != 3:
            raise RunFailed("HTTP 503")

    with OutputLock(remote, "mine"):
        monkeypatch.setattr(remote, "write_bytes", fails_but_for_the_third_time)
        while len(tries) < 6:
            pass
    assert caplog.messages == [f"cannot renew the lock of {remote}: HTTP 503"] * 2

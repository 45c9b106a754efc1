from __future__ import annotations

import logging
import multiprocessing
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.transforms.memory.stores import entries, key
from transforms.errors import UsageError
from transforms.memory.sqlite_store import SCHEMA_VERSION, SqliteStore
from transforms.memory.store import MemoryUnavailable, sealed


def write_and_read(path: Path, start: int) -> None:
    store = SqliteStore(path)
    for step in range(20):
        store.add(entries(start + 50 * step, start + 50 * (step + 1)))
        assert len(store.look_up([key(number) for number in range(start, start + 50 * (step + 1))])) == 50 * (step + 1)
    store.close()


def test_several_processes_at_once(tmp_path: Path) -> None:
    path = tmp_path / "memory.sqlite"
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=write_and_read, args=(path, 1000 * number)) for number in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    store = SqliteStore(path)
    assert store.statistics().entries == 3000
    store.close()


@pytest.mark.parametrize("content", [b"", b"not a database at all" * 1000, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_no_database_is_set_aside(
    content: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "memory.sqlite"
    path.write_bytes(content)
    store = SqliteStore(path)
    store.add(entries(0, 5))
    assert store.look_up([key(2)]) == dict(entries(2, 3))
    store.close()
    aside = [found for found in tmp_path.iterdir() if ".damaged-" in found.name]
    assert [found.read_bytes() for found in aside] == ([content] if content else [])
    assert ("was set aside" in caplog.text) == bool(content)


def test_damage_in_the_middle_is_noticed_while_it_is_used(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "memory.sqlite"
    first = SqliteStore(path)
    first.add(entries(0, 5000))
    first.close()
    whole = bytearray(path.read_bytes())
    for start in range(4096, len(whole), 4096):
        whole[start : start + 200] = b"\xff" * 200
    path.write_bytes(whole)
    store = SqliteStore(path)
    with caplog.at_level(logging.WARNING):
        assert store.look_up([key(number) for number in range(5000)]) == {}
    assert "is damaged" in caplog.text
    store.add(entries(0, 5))
    assert len(store.look_up([key(number) for number in range(5)])) == 5
    store.close()


def test_two_processes_do_not_set_aside_each_others_new_file(tmp_path: Path) -> None:
    path = tmp_path / "memory.sqlite"
    SqliteStore(path).close()
    one, two = SqliteStore(path), SqliteStore(path)
    one.add(entries(0, 3000))
    with path.open("r+b") as file:
        file.seek(0)
        file.write(b"\xff" * 4096)
    for store in (one, two):
        store._connection().execute("PRAGMA cache_size = 0")
        store.look_up([key(1)])
        store.add(entries(0, 2))
    assert len([found for found in tmp_path.iterdir() if found.name.split(".")[-1].startswith("damaged")]) <= 1
    third = SqliteStore(path)
    assert len(third.look_up([key(0), key(1)])) == 2
    for store in (one, two, third):
        store.close()


def test_a_value_that_was_changed_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "memory.sqlite"
    store = SqliteStore(path)
    store.add(entries(0, 3))
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE entries SET value = ? WHERE key = ?", (sealed(key(0), b"x")[:-1] + b"y", key(0)))
        connection.execute(
            "UPDATE entries SET value = (SELECT value FROM entries WHERE key = ?) WHERE key = ?", (key(2), key(1))
        )
    connection.close()
    assert store.look_up([key(0), key(1), key(2)]) == dict(entries(2, 3))
    store.add(entries(0, 2))
    assert len(store.look_up([key(0), key(1)])) == 2
    store.close()


def test_a_newer_schema_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "memory.sqlite"
    SqliteStore(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(UsageError, match="newer version"):
        SqliteStore(path)
    assert path.read_bytes() == before


def test_a_place_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(MemoryUnavailable, match="nowhere"):
        SqliteStore(tmp_path / "nowhere" / "memory.sqlite")
    with pytest.raises(MemoryUnavailable):
        SqliteStore(tmp_path)


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from tests.transforms.memory.stores import entries, key
from transforms.memory.sqlite_store import SqliteStore
from transforms.memory.store import MemoryUnavailable
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
store = SqliteStore(Path(sys.argv[1]))
store.add(entries(0, 10))
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))
for step in range(100):
    try:
        store.add([(key(100 * step + number), bytes(1000)) for number in range(100)])
    except MemoryUnavailable as error:
        print("told:", error)
        break
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
store.add(entries(20, 30))
print(len(store.look_up([key(number) for number in range(30)])))
"""


def test_a_full_disk_is_told_and_the_store_works_again_when_there_is_room(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FULL_DISK, str(tmp_path / "memory.sqlite")]
    told = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    assert "told: the translation memory" in told
    assert int(told.split()[-1]) >= 20
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


WRITER = """
import asyncio, sys
from pathlib import Path
from tests.transforms.memory.stores import entries
from transforms.memory.memory import Memory
from transforms.memory.sqlite_store import SqliteStore

async def main():
    memory = Memory(SqliteStore(Path(sys.argv[1])))
    async def remember(number):
        ((key, value),) = entries(number, number + 1)
        await memory.remember(key, value)
        print(number, flush=True)
    number = 0
    while True:
        await asyncio.gather(*(remember(number + more) for more in range(20)))
        number += 20

asyncio.run(main())
"""


@pytest.mark.parametrize("after", [1, 130, 333])
def test_what_was_told_to_be_safe_survives_kill_9(after: int, tmp_path: Path) -> None:
    path = tmp_path / "memory.sqlite"
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = [int(process.stdout.readline()) for _ in range(after)]
        os.kill(process.pid, signal.SIGKILL)
        told += [int(line) for line in process.stdout.read().split("\n")[:-1]]
    store = SqliteStore(path)
    assert set(store.look_up([key(number) for number in told])) == {key(number) for number in told}
    store.close()


def test_waiting_for_the_disk_is_a_choice(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "memory.sqlite", synchronous="full")
    assert store._connection().execute("PRAGMA synchronous").fetchone() == (2,)
    began = time.monotonic()
    store.add(entries(0, 10))
    assert time.monotonic() >= began
    store.close()

"""One file, several processes and threads: they share it, wait for it, leave it, or are killed."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from tests.transforms.memory.stores import entries, key, moved_aside
from transforms.memory import sqlite_store
from transforms.memory.sqlite_store import SqliteStore
from transforms.memory.store import MemoryUnavailable

OPENED = 20


def write_and_read(folders: list[Path], start: int, barrier: Barrier) -> None:
    for folder in folders:
        for number in range(OPENED):
            barrier.wait(60)
            SqliteStore(folder / f"{number}.sqlite").close()
        store = SqliteStore(folder / "memory.sqlite")
        for stop in range(start + 50, start + 1001, 50):
            store.add(entries(stop - 50, stop))
            assert len(store.look_up([key(number) for number in range(start, stop)])) == stop - start
        store.close()


def test_several_processes_share_a_file(tmp_path: Path) -> None:
    """Several processes share a file that all of them have to create, or that all of them find damaged."""
    new, damaged = tmp_path / "new", tmp_path / "damaged"
    new.mkdir()
    damaged.mkdir()
    content = b"not a database at all" * 1000
    for name in ("memory.sqlite", *(f"{number}.sqlite" for number in range(OPENED))):
        (damaged / name).write_bytes(content)
    spawn = multiprocessing.get_context("spawn")
    barrier = spawn.Barrier(3)
    processes = [
        spawn.Process(target=write_and_read, args=([new, damaged], 1000 * number, barrier)) for number in range(3)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    for folder in (new, damaged):
        store = SqliteStore(folder / "memory.sqlite")
        assert store.statistics().entries == 3000
        store.close()
    assert moved_aside(new) == []
    assert [found.read_bytes() for found in moved_aside(damaged)] == [content] * (OPENED + 1)


def test_many_threads_create_the_same_file(tmp_path: Path) -> None:
    path = tmp_path / "memory.sqlite"
    with ThreadPoolExecutor(8) as pool:
        stores = list(pool.map(lambda _: SqliteStore(path), range(8)))
        list(pool.map(lambda number: stores[number % 8].add(entries(number, number + 1)), range(64)))
        found = pool.map(lambda store: len(store.look_up([key(number) for number in range(64)])), stores)
        assert list(found) == [64] * 8
    for store in stores:
        store.close()


def test_an_exception_in_a_transaction_releases_its_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_store, "BUSY_SECONDS", 0.05)
    one, two = SqliteStore(tmp_path / "memory.sqlite"), SqliteStore(tmp_path / "memory.sqlite")

    def mistake(connection: sqlite3.Connection) -> None:
        connection.execute("BEGIN IMMEDIATE")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        one._run(mistake)
    two.add(entries(0, 1))
    one.add(entries(1, 2))
    assert two.look_up([key(0), key(1)]) == dict(entries(0, 2))
    one.close()
    two.close()


def test_a_locked_file_is_reported_and_used_again_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_store, "BUSY_SECONDS", 0.05)
    path = tmp_path / "memory.sqlite"
    store = SqliteStore(path)
    store.add(entries(0, 1))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(MemoryUnavailable, match="another process kept it locked"):
            store.add(entries(1, 2))
        assert store.look_up([key(0), key(1)]) == dict(entries(0, 1))
        other.execute("ROLLBACK")
    store.add(entries(1, 2))
    assert store.look_up([key(0), key(1)]) == dict(entries(0, 2))
    store.close()


WRITER = """
import asyncio, sys
from pathlib import Path
from tests.transforms.memory.stores import entries, remember
from transforms.memory.memory import Memory
from transforms.memory.sqlite_store import SqliteStore

async def main():
    memory = Memory(SqliteStore(Path(sys.argv[1])))
    async def write(number):
        ((key, value),) = entries(number, number + 1)
        await remember(memory, key, value)
        print(number, flush=True)
    number = 0
    while True:
        await asyncio.gather(*(write(number + more) for more in range(20)))
        number += 20

asyncio.run(main())
"""


@pytest.mark.parametrize("after", [1, 130, 333])
def test_acknowledged_entries_survive_kill_9(after: int, tmp_path: Path) -> None:
    path = tmp_path / "memory.sqlite"
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        acknowledged = [int(process.stdout.readline()) for _ in range(after)]
        os.kill(process.pid, signal.SIGKILL)
        acknowledged += [int(line) for line in process.stdout.read().split("\n")[:-1]]
    store = SqliteStore(path)
    assert set(store.look_up([key(number) for number in acknowledged])) == {key(number) for number in acknowledged}
    store.close()


OPEN_AND_CLOSE = """
import sys
from pathlib import Path
from transforms.memory.sqlite_store import SqliteStore

SqliteStore(Path(sys.argv[1])).close()
"""


def test_another_process_that_leaves_takes_no_file_away_from_the_threads_of_this_one(tmp_path: Path) -> None:
    """The last process to close the file removes its log: a process with two connections must not be overlooked."""
    path = tmp_path / "memory.sqlite"
    store = SqliteStore(path)
    with ThreadPoolExecutor(1) as other_thread:
        other_thread.submit(store.add, entries(0, 10)).result()
        subprocess.run([sys.executable, "-c", OPEN_AND_CLOSE, str(path)], check=True, timeout=60)
        assert path.with_name("memory.sqlite-wal").exists()
        store.add(entries(10, 20))
        other_thread.submit(store.add, entries(20, 30)).result()
        with closing(SqliteStore(path)) as reader:
            assert len(reader.look_up([key(number) for number in range(30)])) == 30
    store.close()

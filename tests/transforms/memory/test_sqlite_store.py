from __future__ import annotations

import logging
import multiprocessing
import os
import resource
import signal
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timezone
from multiprocessing.synchronize import Barrier
from pathlib import Path
from random import Random
from typing import Literal

import pytest

from tests.transforms.memory.stores import entries, key
from transforms.errors import UsageError
from transforms.memory import sqlite_store
from transforms.memory.sqlite_store import SCHEMA_VERSION, SqliteStore
from transforms.memory.store import MemoryUnavailable, with_checksum

OPENED = 20


def moved_aside(folder: Path) -> list[Path]:
    """Return the files that were moved aside, without the side files of SQLite."""
    return [path for path in folder.iterdir() if ".damaged-" in path.name and not path.name.endswith(("-wal", "-shm"))]


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


@pytest.mark.parametrize("content", [b"", b"not a database at all" * 1000, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_not_a_database_is_moved_aside(
    content: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "memory.sqlite"
    path.write_bytes(content)
    store = SqliteStore(path)
    store.add(entries(0, 5))
    assert store.look_up([key(2)]) == dict(entries(2, 3))
    store.close()
    assert [found.read_bytes() for found in moved_aside(tmp_path)] == ([content] if content else [])
    assert caplog.text.count("was renamed to") == bool(content)


def test_damage_is_detected_while_the_store_is_in_use(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
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


def damage(data: bytearray, random: Random) -> None:
    """Damage the pages of a file as disks, copies and people do."""
    kind = random.choice(["cut", "bytes", "zeros", "heads", "swapped", "header"])
    pages = range(0, len(data), 4096)
    if kind == "cut":
        del data[random.randrange(len(data)) :]
    elif kind == "bytes":
        for _ in range(random.choice([1, 10, 1000])):
            data[random.randrange(len(data))] = random.randrange(256)
    elif kind == "zeros":
        start = random.randrange(len(data) - 8192)
        data[start : start + 8192] = bytes(8192)
    elif kind == "heads":
        for page in random.sample(pages, len(pages) // 3):
            data[page : page + 16] = random.randbytes(16)
    elif kind == "swapped":
        one, two = random.sample(pages, 2)
        data[one : one + 4096], data[two : two + 4096] = data[two : two + 4096], data[one : one + 4096]
    else:
        for _ in range(5):
            data[24 + random.randrange(80)] = random.randrange(256)  # after its name, page size and versions


@pytest.fixture(scope="module")
def whole_file(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("whole") / "memory.sqlite"
    store = SqliteStore(path)
    store.add([(sought, value * 20) for sought, value in entries(0, 300)])
    store.add([(key(300), b"long" * 20_000)])
    store.close()
    return path.read_bytes()


@pytest.mark.parametrize("seed", range(60))
def test_damage_never_causes_a_crash_or_a_wrong_value(seed: int, whole_file: bytes, tmp_path: Path) -> None:
    path = tmp_path / "memory.sqlite"
    data = bytearray(whole_file)
    damage(data, Random(seed))
    path.write_bytes(data)
    right = {sought: value * 20 for sought, value in entries(0, 300)} | {key(300): b"long" * 20_000}
    store = SqliteStore(path)
    for _ in range(2):
        found = store.look_up(list(right))
        assert found.items() <= right.items()
        store.add(entries(1000, 1200))
        store.statistics()
    store.close()


@pytest.mark.parametrize(
    ("original", "damaged"),
    [
        (b"CREATE TABLE entries", b"CREATE TABL\xc1 entries"),
        (b"entriesentries", b"entri\xc1sentri\xc1s"),
        (b"schema_version", b"schema_fersion"),
    ],
)
def test_a_file_with_a_damaged_schema_is_moved_aside(
    original: bytes, damaged: bytes, whole_file: bytes, tmp_path: Path
) -> None:
    assert original in whole_file
    path = tmp_path / "memory.sqlite"
    path.write_bytes(whole_file.replace(original, damaged))
    store = SqliteStore(path)
    store.add(entries(0, 2))
    assert store.look_up([key(0)]) == dict(entries(0, 1))
    store.close()
    assert moved_aside(tmp_path)


def test_a_file_with_a_damaged_header_is_moved_aside(whole_file: bytes, tmp_path: Path) -> None:
    path = tmp_path / "memory.sqlite"
    path.write_bytes(whole_file[:44] + b"\0\0\0\x09" + whole_file[48:])  # the number of the schema's format
    SqliteStore(path).close()
    assert moved_aside(tmp_path)


def test_values_of_unexpected_types_are_ignored(tmp_path: Path) -> None:
    path = tmp_path / "memory.sqlite"
    store = SqliteStore(path)
    store.add(entries(0, 6))
    with closing(sqlite3.connect(path)) as connection, connection:
        for number, value in enumerate([5, "text", b"", b"short", 0.5]):
            connection.execute("UPDATE entries SET value = ? WHERE key = ?", (value, key(number)))
        connection.execute("UPDATE entries SET written_at = ? WHERE key = ?", (b"never", key(0)))
        connection.execute("UPDATE entries SET written_at = ? WHERE key = ?", (2**62, key(1)))
    assert store.look_up([key(number) for number in range(6)]) == dict(entries(5, 6))
    newest = store.statistics().newest
    assert newest is not None
    assert newest <= datetime.now(timezone.utc)
    store.close()


def test_a_process_switches_to_the_file_that_replaced_a_damaged_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "memory.sqlite"
    first = SqliteStore(path)
    first.add(entries(0, 300))
    first.close()
    one, two = SqliteStore(path), SqliteStore(path)
    with path.open("r+b") as file:
        for start in range(4096, path.stat().st_size, 4096):
            file.seek(start)
            file.write(b"\xff" * 200)
    sought = [key(number) for number in range(300)]
    assert one.look_up(sought) == {}
    one.add(entries(0, 2))
    two.add(entries(2, 4))
    assert one.look_up(sought) == two.look_up(sought) == dict(entries(0, 4))
    two.close()  # it had the old file open, and must not remove the side files of the new one
    third = SqliteStore(path)
    assert third.look_up(sought) == dict(entries(0, 4))
    third.close()
    assert len(moved_aside(tmp_path)) == 1
    assert caplog.text.count("was renamed to") == 1
    one.close()


def test_a_new_file_is_kept_by_a_process_that_detects_the_damage_late(tmp_path: Path) -> None:
    path = tmp_path / "memory.sqlite"
    one, two = SqliteStore(path), SqliteStore(path)

    def damaged(_: sqlite3.Connection) -> None:
        if not moved_aside(tmp_path):
            raise sqlite3.DatabaseError("database disk image is malformed")

    def read(connection: sqlite3.Connection) -> int:
        if not moved_aside(tmp_path):
            one._run(damaged)
            one.add(entries(0, 1))
            raise sqlite3.DatabaseError("database disk image is malformed")
        return len(connection.execute("SELECT key FROM entries").fetchall())

    assert two._run(read) == 1
    assert len(moved_aside(tmp_path)) == 1
    one.close()
    two.close()


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


def test_a_file_that_is_deleted_during_the_run_is_created_again(tmp_path: Path) -> None:
    path = tmp_path / "memory.sqlite"
    store = SqliteStore(path)
    store.add(entries(0, 3))
    for found in tmp_path.iterdir():
        found.unlink()
    assert store.look_up([key(0)]) == {}
    store.add(entries(0, 2))
    store.close()
    store = SqliteStore(path)
    assert store.look_up([key(0), key(1), key(2)]) == dict(entries(0, 2))
    store.close()


def test_another_programs_database_is_refused_and_not_changed(tmp_path: Path) -> None:
    path = tmp_path / "customers.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE customers (name TEXT)")
    with pytest.raises(UsageError, match="another program's database"):
        SqliteStore(path)
    assert not moved_aside(tmp_path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("customers",)]


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


def test_pruning_frees_the_space(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "memory.sqlite")
    store.add([(key(number), bytes(5000)) for number in range(400)])
    with closing(sqlite3.connect(tmp_path / "memory.sqlite")) as connection, connection:
        connection.execute("UPDATE entries SET written_at = 1000 WHERE key <> ?", (key(7),))
    before = store.statistics().size_bytes
    assert store.prune(datetime.fromtimestamp(2000, timezone.utc)) == 399
    assert store.statistics().size_bytes < before / 10
    assert store.look_up([key(7), key(8)]) == {key(7): bytes(5000)}
    store.close()


def test_modified_values_are_ignored(tmp_path: Path) -> None:
    path = tmp_path / "memory.sqlite"
    store = SqliteStore(path)
    store.add(entries(0, 3))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "UPDATE entries SET value = ? WHERE key = ?", (with_checksum(key(0), b"x")[:-1] + b"y", key(0))
        )
        connection.execute(
            "UPDATE entries SET value = (SELECT value FROM entries WHERE key = ?) WHERE key = ?", (key(2), key(1))
        )
    assert store.look_up([key(0), key(1), key(2)]) == dict(entries(2, 3))
    store.add(entries(0, 2))
    assert len(store.look_up([key(0), key(1)])) == 2
    store.close()


def test_a_newer_schema_is_refused_and_not_changed(tmp_path: Path) -> None:
    path = tmp_path / "memory.sqlite"
    SqliteStore(path).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE meta SET value = ? WHERE name = 'schema_version'", (SCHEMA_VERSION + 1,))
    before = path.read_bytes()
    with pytest.raises(UsageError, match="newer version"):
        SqliteStore(path)
    assert path.read_bytes() == before


def test_a_missing_directory_is_reported(tmp_path: Path) -> None:
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
        print("error:", error)
        break
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
store.add(entries(20, 30))
print(len(store.look_up([key(number) for number in range(30)])))
"""


def test_a_full_disk_is_reported_and_the_store_recovers(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FULL_DISK, str(tmp_path / "memory.sqlite")]
    printed = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    assert "error: the translation memory" in printed
    assert int(printed.split()[-1]) >= 20
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


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


@pytest.mark.parametrize(("mode", "number"), [("normal", 1), ("full", 2)])
def test_the_synchronous_mode_is_configurable(mode: Literal["normal", "full"], number: int, tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "memory.sqlite", synchronous=mode)
    assert store._connection().execute("PRAGMA synchronous").fetchone() == (number,)
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

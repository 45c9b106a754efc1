"""Damaged and foreign files: they are moved aside or refused, and never cause a crash or a wrong value."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path
from random import Random

import pytest

from tests.transforms.memory.stores import entries, key, moved_aside
from transforms.errors import UsageError
from transforms.memory.sqlite_store import SCHEMA_VERSION, SqliteStore
from transforms.memory.store import with_checksum


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


def test_another_programs_database_is_refused_and_not_changed(tmp_path: Path) -> None:
    path = tmp_path / "customers.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE customers (name TEXT)")
    with pytest.raises(UsageError, match="another program's database"):
        SqliteStore(path)
    assert not moved_aside(tmp_path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("customers",)]


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

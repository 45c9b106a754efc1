"""The translation memory in a SQLite file, for any number of processes on one machine."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Literal, NamedTuple, TypeVar

from transforms.errors import UsageError
from transforms.memory.store import MemoryUnavailable, StoreStatistics, with_checksum, without_checksum

LOG = logging.getLogger(__name__)
Result = TypeVar("Result")

SCHEMA_VERSION = 1
BUSY_SECONDS = 30.0
KEYS_AT_ONCE = 500
OWNER_ONLY = 0o600
"""Permissions of a new file; SQLite gives its side files the same."""

LATEST_SECONDS = 253_402_300_799
"""The end of the year 9999: a larger number comes from a damaged page."""

_MAGIC = b"SQLite format 3\0"
_SIDE_FILES = ("-wal", "-shm")
_ERRORS = (sqlite3.Error, UnicodeDecodeError)
"""``sqlite3`` raises UnicodeDecodeError for an error whose message names a damaged table."""

# Row numbers keep the tree of keys small, which allows twice as many adds and 1.5 times as many look-ups per second as
# WITHOUT ROWID. The time precedes the value, because the value may take several pages.
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value)",
    "CREATE TABLE IF NOT EXISTS entries (key BLOB PRIMARY KEY, written_at INTEGER NOT NULL, value BLOB NOT NULL)",
    f"INSERT OR IGNORE INTO meta VALUES ('schema_version', {SCHEMA_VERSION})",  # noqa: S608 - a constant
)
_STATISTICS = f"""
SELECT COUNT(*), MIN(time), MAX(time)
FROM (SELECT CASE WHEN written_at BETWEEN 0 AND {LATEST_SECONDS} THEN written_at END AS time FROM entries)
"""  # noqa: S608 - a constant
_ADVICE = (
    ("locked", f"another process kept it locked for {BUSY_SECONDS:.0f} s; see which one has it open"),
    ("full", "make room on its disk"),
    ("readonly", "make the file and its directory writable"),
    ("unable to open", "its directory must exist and be writable"),
)


class _Connection(NamedTuple):
    """A thread's connection, with device and inode of the open file."""

    sqlite: sqlite3.Connection
    file: tuple[int, int] | None


class SqliteStore:
    """A SQLite file in write-ahead mode, with an empty lock file that is held while it is opened or moved aside.

    Once ``add`` has returned, its entries are with the operating system and survive the end of the process at any
    moment, even by kill -9. A power cut or a crash of the operating system may lose the latest transactions. With
    ``synchronous`` "normal", these are the transactions since the last checkpoint (every 1,000 pages, about 4 MB, and
    at the end) that were not yet on disk. With "full" none are lost, but each ``add`` waits for the disk. Neither
    damages the file (https://www.sqlite.org/pragma.html#pragma_synchronous).

    If the file is damaged nevertheless, it is moved aside under another name with a warning, and a new one is created.
    Only its owner can read a new file, since it holds texts; an existing file keeps its permissions.

    Args:
        path: Path of the file, on a local disk; its directory must exist.
        synchronous: How durable entries are; see above.

    Raises:
        MemoryUnavailable: The file cannot be opened or created.
        UsageError: A newer version of the program has created the file, or it is another program's database.
    """

    def __init__(self, path: Path, synchronous: Literal["normal", "full"] = "normal") -> None:
        self._path = path
        self._synchronous = synchronous
        self._connections: dict[int, _Connection] = {}  # by thread; each uses only its own until the store is closed
        self._run(lambda connection: None)

    def look_up(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return the intact values of those keys that are in the store."""
        found: dict[bytes, bytes] = {}
        asked = set(keys)

        def read(connection: sqlite3.Connection) -> None:
            for start in range(0, len(keys), KEYS_AT_ONCE):
                some = keys[start : start + KEYS_AT_ONCE]
                placeholders = ",".join("?" * len(some))
                # Only question marks are interpolated into the statement.
                rows = connection.execute(f"SELECT key, value FROM entries WHERE key IN ({placeholders})", some)  # noqa: S608
                for key, value in rows:
                    # A damaged page may hold values of any type.
                    if (
                        key in asked
                        and isinstance(value, bytes)
                        and (content := without_checksum(key, value)) is not None
                    ):
                        found[key] = content

        self._run(read)
        return found

    def add(self, entries: Sequence[tuple[bytes, bytes]]) -> None:
        """Store entries in one transaction, replacing those with the same keys."""
        now = int(time.time())
        rows = [(key, now, with_checksum(key, value)) for key, value in entries]

        def write(connection: sqlite3.Connection) -> None:
            with _transaction(connection):
                connection.executemany("INSERT OR REPLACE INTO entries (key, written_at, value) VALUES (?, ?, ?)", rows)

        self._run(write)

    def remove(self, keys: Sequence[bytes]) -> None:
        """Remove the entries with these keys in one transaction."""

        def delete(connection: sqlite3.Connection) -> None:
            with _transaction(connection):
                connection.executemany("DELETE FROM entries WHERE key = ?", [(key,) for key in keys])

        self._run(delete)

    def statistics(self) -> StoreStatistics:
        """Return size and age of the store."""
        entries, oldest, newest = self._run(lambda connection: connection.execute(_STATISTICS).fetchone())
        size_bytes = 0
        for path in (self._path, *map(self._beside, _SIDE_FILES)):
            with suppress(FileNotFoundError):
                size_bytes += path.stat().st_size
        return StoreStatistics(entries, size_bytes, _time(oldest), _time(newest), SCHEMA_VERSION)

    def prune(self, before: datetime) -> int:
        """Remove entries written before a time, free their space, and return their number.

        Meanwhile the file may take twice its size, and other writers wait.
        """

        def remove(connection: sqlite3.Connection) -> int:
            with _transaction(connection):
                sought = (int(before.timestamp()),)
                count = connection.execute("DELETE FROM entries WHERE written_at < ?", sought).rowcount
            (unused_pages,) = connection.execute("PRAGMA freelist_count").fetchone()
            if unused_pages:
                connection.execute("VACUUM")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # the file itself shrinks only now
            return int(count)

        return self._run(remove)

    def close(self) -> None:
        """Close the connections. No other thread may use the store afterwards."""
        while self._connections:
            _, connection = self._connections.popitem()
            connection.sqlite.close()

    def _beside(self, suffix: str) -> Path:
        return self._path.with_name(self._path.name + suffix)

    def _run(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        """Call ``work`` with this thread's connection. If the file is damaged, call it again with a new file."""
        try:
            connection = self._connection()
            try:
                return work(connection)
            except _ERRORS as error:
                if not _is_damage(error):
                    raise
                damaged_file = self._connections[threading.get_ident()].file
                with _locked(self._beside(".lock")):
                    if _file(self._path) == damaged_file:  # otherwise another process has already created a new one
                        self._move_aside(error)
            return work(self._connection())
        except BaseException as error:
            self._discard()  # ends the transaction; the next attempt opens a new connection
            if not isinstance(error, (*_ERRORS, OSError)):
                raise
            advice = "".join(f" ({what})" for word, what in _ADVICE if word in str(error))
            raise MemoryUnavailable(f"the translation memory {self._path} cannot be used: {error}{advice}") from error

    def _connection(self) -> sqlite3.Connection:
        """Return the thread's connection to the current file: another process may have moved the former one aside."""
        thread = threading.get_ident()
        known = self._connections.get(thread)
        if known is not None and known.file != _file(self._path):
            self._discard()
            known = None
        if known is None:
            known = self._connections[thread] = self._open()
        return known.sqlite

    def _discard(self) -> None:
        connection = self._connections.pop(threading.get_ident(), None)
        if connection is not None:
            connection.sqlite.close()

    def _open(self) -> _Connection:
        # One process at a time: SQLite does not wait if two create the same file ("database is locked").
        with _locked(self._beside(".lock")):
            try:
                connection = self._connect()
            except _ERRORS as error:
                if not _is_damage(error):
                    raise
                self._move_aside(error)
                connection = self._connect()
            return _Connection(connection, _file(self._path))

    def _connect(self) -> sqlite3.Connection:
        # Threads do not share connections, but one thread closes all of them.
        with suppress(FileExistsError):  # closing an existing file would release this process's locks on it
            os.close(os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_RDWR, OWNER_ONLY))
        connection = sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            connection.text_factory = bytes  # a damaged page may hold text that is not UTF-8
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(f"PRAGMA synchronous = {self._synchronous}")
            self._check_schema(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _check_schema(self, connection: sqlite3.Connection) -> None:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if tables and b"entries" not in tables:
            raise UsageError(
                f"--memory: {self._path} is another program's database and was not changed: choose another file"
            )
        if not {b"meta", b"entries"} <= tables:
            with _transaction(connection):
                for statement in _SCHEMA:
                    connection.execute(statement)
        found = connection.execute("SELECT value FROM meta WHERE name = 'schema_version'").fetchone()
        if found is None or not isinstance(found[0], int):
            raise sqlite3.DatabaseError("malformed: the schema version is missing")
        if found[0] > SCHEMA_VERSION:
            raise UsageError(
                f"the translation memory {self._path} was created by a newer version of this program (schema "
                f"{found[0]}; this version supports {SCHEMA_VERSION}): use that version, or another --memory"
            )

    def _move_aside(self, error: Exception) -> None:
        """Rename the file and its side files; the caller holds the lock.

        Connections to the file may be open. SQLite notices that it was moved and does not touch the new one.
        """
        stamp = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%S%f")
        aside = self._beside(f".damaged-{stamp}")
        self._path.rename(aside)
        for suffix in _SIDE_FILES:
            with suppress(FileNotFoundError):
                self._beside(suffix).rename(aside.with_name(aside.name + suffix))
        LOG.warning(
            "the translation memory %s is damaged (%s): it was renamed to %s, and a new one was created",
            self._path,
            error,
            aside.name,
        )


def is_other_file(path: Path) -> bool:
    """Return whether a path names an existing file that is not a SQLite file.

    Raises:
        MemoryUnavailable: The file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(len(_MAGIC)) not in (_MAGIC, b"")
    except FileNotFoundError:
        return False
    except OSError as error:
        raise MemoryUnavailable(f"the translation memory {path} cannot be used: {error.strerror}") from error


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Commit at the end. After an error, the transaction stays open until its connection is closed."""
    connection.execute("BEGIN IMMEDIATE")
    yield
    connection.execute("COMMIT")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock of a file. The operating system releases it when the process ends for any reason."""
    until = time.monotonic() + BUSY_SECONDS
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o666)
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > until:
                    raise OSError(errno.EWOULDBLOCK, "locked", str(path)) from None
                time.sleep(0.01)
        yield
    finally:
        os.close(descriptor)


def _file(path: Path) -> tuple[int, int] | None:
    """Return device and inode of a file; None if it does not exist."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def _is_damage(error: Exception) -> bool:
    """Return whether an error means a damaged file: ``sqlite3`` raised the base class, or the schema is unreadable."""
    unreadable = ("no such table", "no such column", "unsupported file format")
    return type(error) in (sqlite3.DatabaseError, UnicodeDecodeError) or str(error).startswith(unreadable)


def _time(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, timezone.utc)

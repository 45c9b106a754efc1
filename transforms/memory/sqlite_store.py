"""The translation memory in one SQLite file: for one machine, any number of processes."""

from __future__ import annotations

import fcntl
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Literal, TypeVar

from transforms.errors import UsageError
from transforms.memory.store import MemoryUnavailable, StoreStatistics, opened, sealed

LOG = logging.getLogger(__name__)
T = TypeVar("T")

SCHEMA_VERSION = 1
BUSY_SECONDS = 30.0
KEYS_AT_ONCE = 500
SIDE_FILES = ("", "-wal", "-shm")
DAMAGED = ("malformed", "not a database", "corrupt", "encrypted")
"""Words in SQLite's errors that say the file itself is broken."""

_TABLE = """
CREATE TABLE IF NOT EXISTS entries (
    key BLOB PRIMARY KEY,
    value BLOB NOT NULL,
    written_at INTEGER NOT NULL
)
"""


class SqliteStore:
    """A file in write-ahead mode.

    What ``add`` has returned from survives the end of the process at any moment, kill -9 included. A power cut may take
    the last transactions with it (``synchronous`` "normal": as a rule what came since the last checkpoint, every 1,000
    pages), but never damages the file; those texts are asked for again. "full" waits for the disk at each ``add``.

    A file that is damaged all the same is set aside under another name, with a warning, and a new one is begun.

    Args:
        path: Of the file; its directory must exist.
        synchronous: As above.

    Raises:
        MemoryUnavailable: If the file can't be opened or made.
        UsageError: If a newer program has made it.
    """

    def __init__(self, path: Path, synchronous: Literal["normal", "full"] = "normal") -> None:
        self._path = path
        self._synchronous = synchronous
        self._lock = threading.Lock()  # guards the two fields below
        self._inode = 0
        self._connections: dict[int, sqlite3.Connection] = {}
        self._run(lambda connection: None)

    def look_up(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """The values of those keys that it has and that are intact."""
        found: dict[bytes, bytes] = {}

        def read(connection: sqlite3.Connection) -> None:
            for start in range(0, len(keys), KEYS_AT_ONCE):
                some = keys[start : start + KEYS_AT_ONCE]
                marks = ",".join("?" * len(some))
                # Only question marks are put into the statement.
                rows = connection.execute(f"SELECT key, value FROM entries WHERE key IN ({marks})", some)  # noqa: S608
                for key, value in rows:
                    if (content := opened(key, value)) is not None:
                        found[key] = content

        self._run(read)
        return found

    def add(self, entries: Sequence[tuple[bytes, bytes]]) -> None:
        """Keeps entries in one transaction, in place of former ones."""
        now = int(time.time())
        rows = [(key, sealed(key, value), now) for key, value in entries]

        def write(connection: sqlite3.Connection) -> None:
            with _transaction(connection):
                connection.executemany("INSERT OR REPLACE INTO entries VALUES (?, ?, ?)", rows)

        self._run(write)

    def statistics(self) -> StoreStatistics:
        """What it holds."""
        query = "SELECT COUNT(*), MIN(written_at), MAX(written_at) FROM entries"
        entries, oldest, newest = self._run(lambda connection: connection.execute(query).fetchone())
        size = sum(path.stat().st_size for path in map(self._beside, SIDE_FILES) if path.exists())
        return StoreStatistics(entries, size, _time(oldest), _time(newest))

    def prune(self, before: datetime) -> int:
        """Removes entries written before a time, gives their space back, and returns how many there were."""

        def remove(connection: sqlite3.Connection) -> int:
            with _transaction(connection):
                sought = (int(before.timestamp()),)
                count = connection.execute("DELETE FROM entries WHERE written_at < ?", sought).rowcount
            if count:
                connection.execute("VACUUM")
            return int(count)

        return self._run(remove)

    def close(self) -> None:
        """Ends its connections."""
        with self._lock:
            for connection in self._connections.values():
                connection.close()
            self._connections.clear()

    def _beside(self, suffix: str) -> Path:
        return self._path.with_name(self._path.name + suffix)

    def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Does something with this thread's connection; once more with a new file if the file is damaged."""
        try:
            return work(self._connection())
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise self._unavailable(error) from error
            self._set_aside(error)
        except OSError as error:
            raise self._unavailable(error) from error
        try:
            return work(self._connection())
        except (sqlite3.Error, OSError) as error:
            raise self._unavailable(error) from error

    def _unavailable(self, error: Exception) -> MemoryUnavailable:
        return MemoryUnavailable(f"the translation memory {self._path} can't be used: {error}")

    def _connection(self) -> sqlite3.Connection:
        number = threading.get_ident()
        with self._lock:
            if number not in self._connections:
                self._connections[number] = self._connect()
                self._inode = self._path.stat().st_ino
            return self._connections[number]

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(f"PRAGMA synchronous = {self._synchronous}")
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version > SCHEMA_VERSION:
                raise UsageError(
                    f"the translation memory {self._path} was made by a newer version of this program (schema "
                    f"{version}, known here {SCHEMA_VERSION}): use that version, or another --memory"
                )
            with _transaction(connection):
                connection.execute(_TABLE)
                connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        except BaseException:
            connection.close()
            raise
        return connection

    def _set_aside(self, error: sqlite3.DatabaseError) -> None:
        """Renames the damaged file and those beside it; another process may have done so already."""
        with self._lock:
            inode = self._inode
            for connection in self._connections.values():
                connection.close()
            self._connections.clear()
        with _locked(self._beside(".lock")):
            try:
                there = self._path.stat().st_ino
            except FileNotFoundError:
                return
            if inode not in (0, there) or (inode == 0 and _is_sound(self._path)):
                return
            stamp = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%S%f")
            for suffix in SIDE_FILES:
                if (path := self._beside(suffix)).exists():
                    path.rename(path.with_name(f"{self._path.name}.damaged-{stamp}{suffix}"))
            LOG.warning(
                "the translation memory %s is damaged (%s): it was set aside as %s.damaged-%s, a new one is begun",
                self._path,
                error,
                self._path.name,
                stamp,
            )


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _is_sound(path: Path) -> bool:
    """Whether a file that was never opened here can be opened now: another process may have begun a new one."""
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS)
    try:
        connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
    except sqlite3.DatabaseError:
        return False
    finally:
        connection.close()
    return True


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    return any(word in str(error) for word in DAMAGED)


def _time(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, timezone.utc)

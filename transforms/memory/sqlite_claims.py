"""Claims in a SQLite file of their own, beside the memory's, for any number of processes on one machine.

The file holds keys only, and nothing that must survive: it may be deleted between runs.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from transforms.memory.store import MemoryUnavailable

BUSY_SECONDS = 10.0
OWNER_ONLY = 0o600

Result = TypeVar("Result")

_TABLE = "CREATE TABLE IF NOT EXISTS claims (key BLOB PRIMARY KEY, owner TEXT NOT NULL, expires REAL NOT NULL)"
_CLAIM = """
INSERT INTO claims (key, owner, expires) VALUES (:key, :owner, :expires)
ON CONFLICT (key) DO UPDATE SET owner = excluded.owner, expires = excluded.expires
WHERE claims.owner = excluded.owner OR claims.expires < :now
"""


class SqliteClaims:
    """A ``ClaimStore``. The file is opened at the first use, by the thread that uses it.

    Args:
        path: Path of the file, on a local disk; its directory must exist.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None

    def claim(self, keys: Sequence[bytes], owner: str, seconds: float) -> set[bytes]:
        """Claim those keys that no other owner holds, and return the keys that ``owner`` holds now."""
        now = time.time()
        rows = [{"key": key, "owner": owner, "expires": now + seconds, "now": now} for key in keys]

        def write(connection: sqlite3.Connection) -> set[bytes]:
            connection.executemany(_CLAIM, rows)
            held = "SELECT 1 FROM claims WHERE key = ? AND owner = ?"
            return {key for key in keys if connection.execute(held, (key, owner)).fetchone()}

        return self._in_transaction(write)

    def release(self, keys: Sequence[bytes], owner: str) -> None:
        """Give up claims."""
        rows = [(key, owner) for key in keys]
        self._in_transaction(
            lambda connection: connection.executemany("DELETE FROM claims WHERE key = ? AND owner = ?", rows)
        )

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _in_transaction(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        try:
            if self._connection is None:
                self._connection = self._open()
            self._connection.execute("BEGIN IMMEDIATE")
            result = work(self._connection)
            self._connection.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            self.close()  # ends the transaction
            raise MemoryUnavailable(f"the claims of texts in {self._path} cannot be used: {error}") from error
        else:
            return result

    def _open(self) -> sqlite3.Connection:
        os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, OWNER_ONLY))
        # Another thread closes it once this one has ended.
        connection = sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA synchronous = off")
            connection.execute(_TABLE)
            connection.execute("DELETE FROM claims WHERE expires < ?", (time.time(),))
        except BaseException:
            connection.close()
            raise
        return connection

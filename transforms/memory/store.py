"""What a store of translation memory entries can do, and how it knows that they are intact."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from transforms.errors import TranslateError

CHECKSUM_BYTES = 8


class MemoryUnavailable(TranslateError):
    """The store can't be read or written now; the run goes on without it."""


@dataclass(frozen=True)
class StoreStatistics:
    """What a store holds.

    Attributes:
        entries: Texts.
        size_bytes: On the disk, or in memory.
        oldest, newest: When the first and the last entry were written; None without entries.
        schema_version: Of the form in which they are kept.
    """

    entries: int
    size_bytes: int
    oldest: datetime | None
    newest: datetime | None
    schema_version: int


class Store(Protocol):
    """Keys of 32 bytes and values of any; safe for several processes and for a reading and a writing thread."""

    def look_up(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """The values of those keys that it has and that are intact.

        Raises:
            MemoryUnavailable: If it can't be read.
        """

    def add(self, entries: Sequence[tuple[bytes, bytes]]) -> None:
        """Keeps entries, in place of former ones; they are safe, in the store's sense, when it returns.

        Raises:
            MemoryUnavailable: If it can't be written.
        """

    def statistics(self) -> StoreStatistics:
        """What it holds.

        Raises:
            MemoryUnavailable: If it can't be read.
        """

    def prune(self, before: datetime) -> int:
        """Removes entries written before a time and gives their space back; returns how many there were.

        Raises:
            MemoryUnavailable: If it can't be written.
        """

    def close(self) -> None:
        """Ends its connections; no other thread uses it any more."""


def with_checksum(key: bytes, value: bytes) -> bytes:
    """The value with a checksum of both before it: what a damaged page or server returns is never taken for true."""
    return _checksum(key, value) + value


def without_checksum(key: bytes, value: bytes) -> bytes | None:
    """The value that ``with_checksum`` was given; None if it is not intact."""
    content = value[CHECKSUM_BYTES:]
    return content if value[:CHECKSUM_BYTES] == _checksum(key, content) else None


def _checksum(key: bytes, value: bytes) -> bytes:
    return hashlib.blake2b(value, digest_size=CHECKSUM_BYTES, key=key).digest()

"""Interface of a store of translation memory entries, and the checksums of the entries."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from transforms.errors import TranslateError

CHECKSUM_BYTES = 8


class MemoryUnavailable(TranslateError):
    """The store cannot be read or written now; the run continues without it."""


@dataclass(frozen=True)
class StoreStatistics:
    """Size and age of a store.

    Attributes:
        entries: Number of texts.
        size_bytes: Size on the disk, or in the server's memory.
        oldest, newest: Time at which the first and the last entry were written; None without entries.
        schema_version: Version of the storage format.
    """

    entries: int
    size_bytes: int
    oldest: datetime | None
    newest: datetime | None
    schema_version: int


class Store(Protocol):
    """Values of any size under keys of 32 bytes; for several processes, each with a reading and a writing thread."""

    def look_up(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return the intact values of those keys that the store has.

        Raises:
            MemoryUnavailable: The store cannot be read.
        """

    def add(self, entries: Sequence[tuple[bytes, bytes]]) -> None:
        """Store entries, in place of former ones; they are durable, as the store defines it, on return.

        Raises:
            MemoryUnavailable: The store cannot be written.
        """

    def statistics(self) -> StoreStatistics:
        """Return size and age of the store.

        Raises:
            MemoryUnavailable: The store cannot be read.
        """

    def prune(self, before: datetime) -> int:
        """Remove entries written before a time, free their space, and return their number.

        Raises:
            MemoryUnavailable: The store cannot be written.
        """

    def close(self) -> None:
        """Close the connections; no other thread may use the store any more."""


def with_checksum(key: bytes, value: bytes) -> bytes:
    """Return the value after a checksum of key and value, by which damage to a page or a server's memory is found."""
    return _checksum(key, value) + value


def without_checksum(key: bytes, value: bytes) -> bytes | None:
    """Return the value that was given to ``with_checksum``; None if it is damaged."""
    content = value[CHECKSUM_BYTES:]
    return content if value[:CHECKSUM_BYTES] == _checksum(key, content) else None


def _checksum(key: bytes, value: bytes) -> bytes:
    return hashlib.blake2b(value, digest_size=CHECKSUM_BYTES, key=key).digest()

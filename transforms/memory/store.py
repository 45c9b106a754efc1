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
    """The store cannot be read or written at the moment; the run continues without it."""


@dataclass(frozen=True)
class StoreStatistics:
    """Size and age of a store.

    Attributes:
        entries: Number of texts.
        size_bytes: Size on the disk, or in the server's memory.
        oldest, newest: Times at which the first and the last entry were written; None without entries.
        schema_version: Version of the storage format.
    """

    entries: int
    size_bytes: int
    oldest: datetime | None
    newest: datetime | None
    schema_version: int


class Store(Protocol):
    """A map from keys of 32 bytes to values of any size.

    Several processes may use it at the same time, each with a reading and a writing thread.
    """

    def look_up(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return the intact values of those keys that are in the store.

        Raises:
            MemoryUnavailable: The store cannot be read.
        """

    def add(self, entries: Sequence[tuple[bytes, bytes]]) -> None:
        """Store entries, replacing those with the same keys. On return they are durable by the store's definition.

        Raises:
            MemoryUnavailable: The store cannot be written.
        """

    def remove(self, keys: Sequence[bytes]) -> None:
        """Remove the entries with these keys, if they exist.

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
        """Close the connections. No other thread may use the store afterwards."""


def with_checksum(key: bytes, value: bytes) -> bytes:
    """Return the value after a checksum of key and value, which reveals damage to a page or to a server's memory."""
    return _checksum(key, value) + value


def without_checksum(key: bytes, value: bytes) -> bytes | None:
    """Return the value that was given to ``with_checksum``; None if it is damaged."""
    content = value[CHECKSUM_BYTES:]
    return content if value[:CHECKSUM_BYTES] == _checksum(key, content) else None


def _checksum(key: bytes, value: bytes) -> bytes:
    return hashlib.blake2b(value, digest_size=CHECKSUM_BYTES, key=key).digest()

"""The translation memory on a Redis server: for runs on many machines."""

from __future__ import annotations

import struct
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Any
from urllib.parse import urlsplit

from transforms.errors import UsageError
from transforms.memory.store import MemoryUnavailable, StoreStatistics, with_checksum, without_checksum

SCHEMA_VERSION = 1
PREFIX = b"translate:%d:" % SCHEMA_VERSION
"""Before each key; another version of this program may use the same server."""

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 10.0
KEYS_AT_ONCE = 500
SCANNED_AT_ONCE = 1000
_WRITTEN_AT = struct.Struct(">q")


class RedisStore:
    """One key for each entry; the value begins with the time of writing, then a checksum. Entries do not expire.

    How safe an entry is when ``add`` returns is the server's setting (``appendfsync``).

    Args:
        url: ``redis://[user:password@]host:port/database``, ``rediss://`` or ``unix://``.

    Raises:
        MemoryUnavailable: If the server does not answer, or not in time: 5 s to connect, 10 s for an answer.
        UsageError: If the package for Redis is missing, or the address is none.
    """

    def __init__(self, url: str) -> None:
        try:
            import redis
            from redis.backoff import NoBackoff
            from redis.retry import Retry
        except ImportError:
            raise UsageError(
                "--memory redis://… needs the package for Redis: pip install 'beam-ollama-translate[redis]'"
            ) from None
        self._errors: tuple[type[Exception], ...] = (redis.RedisError, OSError)
        try:
            parts = urlsplit(url)
            self._place = f"{parts.hostname}:{parts.port or 6379}" if parts.hostname else parts.path
            self._client: Any = redis.Redis.from_url(
                url,
                socket_connect_timeout=CONNECT_SECONDS,
                socket_timeout=ANSWER_SECONDS,
                retry=Retry(NoBackoff(), 0),  # or what takes its time takes a multiple of it
            )
            with self._failures():
                self._client.ping()
        except (ValueError, TypeError):
            # Their texts may have a piece of the password.
            raise UsageError(
                "--memory: this address of a Redis server can't be understood; its form is "
                "redis://[user:password@]host:port/database, with %23, %2F, %3A and %40 for #, /, : and @ in a password"
            ) from None

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except self._errors as error:
            # Errors of the package name host and port, and never the password.
            raise MemoryUnavailable(f"the translation memory on Redis, {self._place}, can't be used: {error}") from None

    def look_up(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """The values of those keys that it has and that are intact."""
        found = {}
        for start in range(0, len(keys), KEYS_AT_ONCE):
            some = keys[start : start + KEYS_AT_ONCE]
            with self._failures():
                values = self._client.mget([PREFIX + key for key in some])
            for key, value in zip(some, values, strict=True):
                if value is not None and (content := without_checksum(key, value[_WRITTEN_AT.size :])) is not None:
                    found[key] = content
        return found

    def add(self, entries: Sequence[tuple[bytes, bytes]]) -> None:
        """Keeps entries, in place of former ones."""
        now = _WRITTEN_AT.pack(int(time.time()))
        with self._failures():
            pipeline = self._client.pipeline(transaction=False)
            for key, value in entries:
                pipeline.set(PREFIX + key, now + with_checksum(key, value))
            # If it raised the first error itself, its text would have the entry in it.
            for answer in pipeline.execute(raise_on_error=False):
                if isinstance(answer, Exception):
                    raise answer

    def statistics(self) -> StoreStatistics:
        """What it holds; looks at every entry, and may count some twice that are moved meanwhile."""
        entries = size = 0
        times: list[int] = []
        for keys, written in self._scan():
            entries += len(keys)
            times += [min(written), max(written)] if written else []
            with self._failures():
                pipeline = self._client.pipeline(transaction=False)
                for key in keys:
                    pipeline.strlen(key)
                size += sum(pipeline.execute())
        moments = [datetime.fromtimestamp(seconds, timezone.utc) for seconds in times]
        return StoreStatistics(entries, size, min(moments, default=None), max(moments, default=None), SCHEMA_VERSION)

    def prune(self, before: datetime) -> int:
        """Removes entries written before a time; returns how many."""
        removed = 0
        for keys, written in self._scan():
            old = [key for key, seconds in zip(keys, written, strict=True) if seconds < before.timestamp()]
            if old:
                with self._failures():
                    removed += self._client.delete(*old)
        return removed

    def _scan(self) -> Iterator[tuple[list[bytes], list[int]]]:
        """Our keys, some at a time, and when each was written."""
        cursor = -1
        while cursor:
            with self._failures():
                cursor, keys = self._client.scan(max(cursor, 0), match=PREFIX + b"*", count=SCANNED_AT_ONCE)
                pipeline = self._client.pipeline(transaction=False)
                for key in keys:
                    pipeline.getrange(key, 0, _WRITTEN_AT.size - 1)
                heads = pipeline.execute() if keys else []
            whole = [(key, head) for key, head in zip(keys, heads, strict=True) if len(head) == _WRITTEN_AT.size]
            if whole:
                yield [key for key, _ in whole], [_WRITTEN_AT.unpack(head)[0] for _, head in whole]

    def close(self) -> None:
        """Ends its connections."""
        self._client.close()

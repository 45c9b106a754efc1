"""The translation memory on a Redis server, for runs on several machines."""

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
"""Prefix of each key, since another version of this program may use the same server."""

CLAIM_PREFIX = b"translate-claim:%d:" % SCHEMA_VERSION
CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 10.0
KEYS_AT_ONCE = 500
SCANNED_AT_ONCE = 1000
_WRITTEN_AT = struct.Struct(">q")


class RedisStore:
    """A store with one Redis key per entry. A value holds the time of writing, a checksum and the entry.

    Entries do not expire. How durable they are when ``add`` returns depends on the server's ``appendfsync``.

    Args:
        url: ``redis://[user:password@]host:port/database``, ``rediss://`` or ``unix://``.

    Raises:
        MemoryUnavailable: The server does not accept the connection within 5 s or does not answer within 10 s.
        UsageError: The Redis package is missing, or the address is invalid.
    """

    def __init__(self, url: str) -> None:
        try:
            import redis
            from redis.backoff import NoBackoff
            from redis.retry import Retry
        except ImportError:
            raise UsageError(
                "--memory redis://… needs the Redis package: pip install 'beam-ollama-translate[redis]'"
            ) from None
        self._errors: tuple[type[Exception], ...] = (redis.RedisError, OSError)
        try:
            parts = urlsplit(url)
            self._place = f"{parts.hostname}:{parts.port or 6379}" if parts.hostname else parts.path
            self._client: Any = redis.Redis.from_url(
                url,
                socket_connect_timeout=CONNECT_SECONDS,
                socket_timeout=ANSWER_SECONDS,
                retry=Retry(NoBackoff(), 0),  # a retry would multiply the time-outs
            )
            with self._failures():
                self._client.ping()
        except (ValueError, TypeError):
            # Their messages may contain a piece of the password.
            raise UsageError(
                "--memory: invalid Redis address; expected redis://[user:password@]host:port/database, with #, /, : "
                "and @ in a password written as %23, %2F, %3A and %40"
            ) from None

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except self._errors as error:
            # Errors of the package name host and port, but never the password.
            raise MemoryUnavailable(
                f"the translation memory on Redis, {self._place}, cannot be used: {error}"
            ) from None

    def look_up(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return the intact values of those keys that are in the store."""
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
        """Store entries, replacing those with the same keys."""
        now = _WRITTEN_AT.pack(int(time.time()))
        with self._failures():
            pipeline = self._client.pipeline(transaction=False)
            for key, value in entries:
                pipeline.set(PREFIX + key, now + with_checksum(key, value))
            # With raise_on_error, the message of the error would contain the entry.
            for answer in pipeline.execute(raise_on_error=False):
                if isinstance(answer, Exception):
                    raise answer

    def remove(self, keys: Sequence[bytes]) -> None:
        """Remove the entries with these keys."""
        if keys:
            with self._failures():
                self._client.delete(*(PREFIX + key for key in keys))

    def claim(self, keys: Sequence[bytes], owner: str, seconds: float) -> set[bytes]:
        """Claim those keys that no other owner holds, and return the keys that ``owner`` holds now."""
        names = [CLAIM_PREFIX + key for key in keys]
        milliseconds = round(seconds * 1000)
        with self._failures():
            pipeline = self._client.pipeline(transaction=False)
            for name in names:
                pipeline.set(name, owner, nx=True, px=milliseconds)
                pipeline.get(name)
            holders = pipeline.execute()[1::2]
            held = [holder == owner.encode() for holder in holders]
            pipeline = self._client.pipeline(transaction=False)
            for name, is_held in zip(names, held, strict=True):
                if is_held:
                    pipeline.pexpire(name, milliseconds)
            pipeline.execute()
        return {key for key, is_held in zip(keys, held, strict=True) if is_held}

    def release(self, keys: Sequence[bytes], owner: str) -> None:
        """Give up claims. One that has just expired and is another's is given up too, which costs a request."""
        names = [CLAIM_PREFIX + key for key in keys]
        if names:
            with self._failures():
                holders = self._client.mget(names)
                if own := [name for name, holder in zip(names, holders, strict=True) if holder == owner.encode()]:
                    self._client.delete(*own)

    def statistics(self) -> StoreStatistics:
        """Return size and age of the store. Entries that the server moves during the scan may be counted twice."""
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
        """Remove entries written before a time, and return their number."""
        removed = 0
        for keys, written in self._scan():
            old = [key for key, seconds in zip(keys, written, strict=True) if seconds < before.timestamp()]
            if old:
                with self._failures():
                    removed += self._client.delete(*old)
        return removed

    def _scan(self) -> Iterator[tuple[list[bytes], list[int]]]:
        """Yield the keys of this program and their times of writing, in batches."""
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
        """Close the connections."""
        self._client.close()

"""The translation memory as an event loop uses it: look-ups and writes of many tasks, gathered into few.

Each of the two has a thread of its own. What arrives while one transaction is written goes into the next one (group
commit), so that a row waits for tens of milliseconds and a thousand rows a second cost little.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from transforms.memory.store import MemoryUnavailable, Store

LOG = logging.getLogger(__name__)

GATHER_SECONDS = 0.03
"""How long a write waits for others to go with it."""

MOST_AT_ONCE = 4096
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0

Item = TypeVar("Item")
Answer = TypeVar("Answer")


@dataclass
class Counters:
    """What the memory did: keys found and not found, entries written, and both of them that a failing store cost."""

    hits: int = 0
    misses: int = 0
    written: int = 0
    failed_lookups: int = 0
    failed_writes: int = 0


class _Gatherer(Generic[Item, Answer]):
    """A thread that does what many tasks ask for, many at once."""

    def __init__(self, name: str, work: Callable[[list[Item]], Sequence[Answer]], pause_seconds: float) -> None:
        self._work = work
        self._pause_seconds = pause_seconds
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[tuple[Item, asyncio.Future[Answer]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    async def ask(self, item: Item) -> Answer:
        future: asyncio.Future[Answer] = self._loop.create_future()
        self._queue.put((item, future))
        return await future

    async def close(self) -> None:
        """Waits until all that was asked for is done."""
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        more = True
        while more:
            batch = [self._queue.get()]
            if self._pause_seconds and batch[0] is not None:
                time.sleep(self._pause_seconds)
            while batch[-1] is not None and len(batch) < MOST_AT_ONCE:
                try:
                    batch.append(self._queue.get_nowait())
                except queue.Empty:
                    break
            more = batch[-1] is not None
            asked = [entry for entry in batch if entry is not None]
            if asked:
                self._do(asked)

    def _do(self, asked: list[tuple[Item, asyncio.Future[Answer]]]) -> None:
        futures = [future for _, future in asked]
        try:
            answers = self._work([item for item, _ in asked])
        except Exception as error:  # told to those who wait, in their own thread
            self._loop.call_soon_threadsafe(_fail, futures, error)
        else:
            self._loop.call_soon_threadsafe(_resolve, futures, answers)


def _resolve(futures: Sequence[asyncio.Future[Answer]], answers: Sequence[Answer]) -> None:
    for future, answer in zip(futures, answers, strict=True):
        if not future.done():
            future.set_result(answer)


def _fail(futures: Sequence[asyncio.Future[Answer]], error: Exception) -> None:
    for future in futures:
        if not future.done():
            future.set_exception(error)


class _Patience:
    """Leaves a store that fails alone for a while: 1 s, doubling up to 30 s; says when that begins and ends."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._retry_at = 0.0
        self._pause_seconds = 0.0

    def attempt(self, work: Callable[[], None]) -> bool:
        """Does something with the store; returns whether it was done."""
        with self._lock:
            if time.monotonic() < self._retry_at:
                return False
        try:
            work()
        except MemoryUnavailable as error:
            with self._lock:
                if not self._pause_seconds:
                    LOG.warning("%s; the run goes on without it, and tries it again", error)
                self._pause_seconds = min(max(FIRST_PAUSE_SECONDS, 2 * self._pause_seconds), LONGEST_PAUSE_SECONDS)
                self._retry_at = time.monotonic() + self._pause_seconds
            return False
        with self._lock:
            if self._pause_seconds:
                LOG.info("the translation memory works again")
            self._pause_seconds = 0.0
        return True


class Memory:
    """The asynchronous front of a store; for one event loop, inside which it is made.

    A store that fails costs translations that are asked for twice, never a row and never the run.

    Attributes:
        counters: What it did so far.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.counters = Counters()
        self._patience = _Patience()
        self._reading: _Gatherer[Sequence[bytes], dict[bytes, bytes]] = _Gatherer("memory-read", self._read, 0.0)
        self._writing: _Gatherer[tuple[bytes, bytes], None] = _Gatherer("memory-write", self._write, GATHER_SECONDS)

    async def look_up(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """The values of those keys that it has."""
        return await self._reading.ask(keys)

    async def remember(self, key: bytes, value: bytes) -> None:
        """Keeps an entry: it is safe, in the store's sense, when this returns, unless the store fails."""
        await self._writing.ask((key, value))

    async def close(self) -> None:
        """Writes what was handed over, and ends the threads and the store."""
        await asyncio.gather(self._reading.close(), self._writing.close())
        self._store.close()
        if self.counters.failed_writes:
            LOG.warning("%d translations are not in the memory, as it failed", self.counters.failed_writes)

    def _read(self, asked: list[Sequence[bytes]]) -> list[dict[bytes, bytes]]:
        keys = list(dict.fromkeys(key for some in asked for key in some))
        found: dict[bytes, bytes] = {}
        if not self._patience.attempt(lambda: found.update(self._store.look_up(keys))):
            self.counters.failed_lookups += len(keys)
        else:
            self.counters.hits += len(found)
            self.counters.misses += len(keys) - len(found)
        return [{key: found[key] for key in some if key in found} for some in asked]

    def _write(self, entries: list[tuple[bytes, bytes]]) -> list[None]:
        if self._patience.attempt(lambda: self._store.add(entries)):
            self.counters.written += len(entries)
        else:
            self.counters.failed_writes += len(entries)
        return [None] * len(entries)

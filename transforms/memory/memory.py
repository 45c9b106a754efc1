"""The translation memory for an event loop, which batches the look-ups and writes of many tasks.

Look-ups and writes have a thread each. Entries that arrive while a transaction is written go into the next one (group
commit). So a row waits tens of milliseconds, and a thousand rows per second cost little.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from transforms.memory.store import MemoryUnavailable, Store

LOG = logging.getLogger(__name__)

GATHER_SECONDS = 0.1
"""How long a write waits for others to join its transaction."""

MAX_AT_ONCE = 4096
"""Maximum keys or entries per call of the store. A single request with more is not split."""

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0

Item = TypeVar("Item")
Answer = TypeVar("Answer")


@dataclass
class Counters:
    """Counts of the memory's look-ups and writes, in keys and entries. Only the event loop changes them.

    While the store fails, look-ups count as failed and not as misses.
    """

    hits: int = 0
    misses: int = 0
    written: int = 0
    failed_lookups: int = 0
    failed_writes: int = 0


class Memory:
    """Asynchronous access to a store, for the event loop in which it is created.

    A failing store costs repeated translations, but never a row or the run. It is retried with a single call after
    pauses of 1 s that double up to 30 s, and meanwhile all other tasks continue without it.

    Attributes:
        counters: The counts so far.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.counters: Final = Counters()
        outage = Outage()
        self._reader: Final[Batcher[Sequence[bytes], dict[bytes, bytes]]] = Batcher(
            "memory-read", self._read, len, 0.0, outage
        )
        self._writer: Final[Batcher[tuple[bytes, bytes | None], bool]] = Batcher(
            "memory-write", self._write, lambda entry: 1, GATHER_SECONDS, outage
        )

    async def look_up(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return the values of those keys that are in the store; none while the store fails."""
        if not keys:
            return {}
        found = await self._reader.request(keys)
        if found is None:
            self.counters.failed_lookups += len(keys)
            return {}
        hits = sum(key in found for key in keys)
        self.counters.hits += hits
        self.counters.misses += len(keys) - hits
        return found

    async def keep(self, key: bytes, value: bytes) -> None:
        """Store an entry, and return when it is durable by the store's definition or when the store has failed."""
        if await self._writer.request((key, value)):
            self.counters.written += 1
        else:
            self.counters.failed_writes += 1

    async def remove(self, key: bytes) -> None:
        """Remove an entry, in order with the writes before and after it."""
        if not await self._writer.request((key, None)):
            self.counters.failed_writes += 1

    async def close(self) -> None:
        """Write the queued entries, end the threads, and close the store."""
        await asyncio.gather(self._reader.close(), self._writer.close())
        self._store.close()
        if self.counters.failed_writes:
            LOG.warning("%d translations could not be stored in the translation memory", self.counters.failed_writes)

    def _read(self, requests: list[Sequence[bytes]]) -> list[dict[bytes, bytes]]:
        found = self._store.look_up(list(dict.fromkeys(key for keys in requests for key in keys)))
        return [{key: found[key] for key in keys if key in found} for keys in requests]

    def _write(self, changes: list[tuple[bytes, bytes | None]]) -> list[bool]:
        latest = dict(changes)
        if entries := [(key, value) for key, value in latest.items() if value is not None]:
            self._store.add(entries)
        if removed := [key for key, value in latest.items() if value is None]:
            self._store.remove(removed)
        return [True] * len(changes)


class Outage:
    """Reports once when reads or writes of the store begin to fail, and once when both work again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failing: set[str] = set()

    def began(self, side: str, error: MemoryUnavailable) -> None:
        """Note that one side fails."""
        with self._lock:
            if not self._failing:
                LOG.warning("%s; continuing without it, and retrying", error)
            self._failing.add(side)

    def ended(self, side: str) -> None:
        """Note that one side works again."""
        with self._lock:
            self._failing.discard(side)
            if not self._failing:
                LOG.info("the translation memory works again")


class Batcher(Generic[Item, Answer]):
    """A thread that serves the requests of many tasks in batches, and pauses while the store fails.

    Args:
        name: Name of the thread.
        serve: Serves a batch in the thread, and returns an answer for each request; may raise MemoryUnavailable.
        size: Returns the size of a request; ``MAX_AT_ONCE`` limits the total size of a batch.
        gather_seconds: How long the first request of a batch waits for others.
        outage: Reports when the store begins to fail and when it works again.
    """

    def __init__(
        self,
        name: str,
        serve: Callable[[list[Item]], Sequence[Answer]],
        size: Callable[[Item], int],
        gather_seconds: float,
        outage: Outage,
    ) -> None:
        self._serve = serve
        self._size = size
        self._gather_seconds = gather_seconds
        self._outage = outage
        self._loop = asyncio.get_running_loop()
        self._closed = False
        self._pause_seconds = 0.0  # 0 while the store works
        self._retry_at = 0.0
        self._probing = False  # whether a request is in flight to test a failed store
        self._queue: queue.SimpleQueue[tuple[Item, asyncio.Future[Answer | None]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    async def request(self, item: Item) -> Answer | None:
        """Return the answer to a request; None if the store fails.

        Raises:
            RuntimeError: The batcher is closed.
        """
        if self._closed:
            raise RuntimeError(f"{self._thread.name} is closed")
        if self._pause_seconds:
            if self._probing or time.monotonic() < self._retry_at:
                return None
            self._probing = True
        future: asyncio.Future[Answer | None] = self._loop.create_future()
        self._queue.put((item, future))
        return await future

    async def close(self) -> None:
        """Wait until all requests are served."""
        self._closed = True
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            if self._gather_seconds:
                time.sleep(self._gather_seconds)
            batch, size, last = [first], self._size(first[0]), False
            while size < MAX_AT_ONCE and not last:
                try:
                    request = self._queue.get_nowait()
                except queue.Empty:
                    break
                if request is None:
                    last = True
                else:
                    batch.append(request)
                    size += self._size(request[0])
            self._answer(batch)
            if last:
                return

    def _answer(self, batch: list[tuple[Item, asyncio.Future[Answer | None]]]) -> None:
        """Serve a batch, and wake up the event loop once for the whole batch."""
        futures = [future for _, future in batch]
        try:
            answers = self._attempt([item for item, _ in batch])
        except Exception as error:  # a bug: raise it in the waiting tasks
            self._loop.call_soon_threadsafe(_fail, futures, error)
        else:
            self._loop.call_soon_threadsafe(_resolve, futures, answers)

    def _attempt(self, items: list[Item]) -> Sequence[Answer | None]:
        """Return the answers to a batch, which are all None while the store fails."""
        if time.monotonic() < self._retry_at:  # these requests were queued before the failure
            return [None] * len(items)
        try:
            answers = self._serve(items)
        except MemoryUnavailable as error:
            if not self._pause_seconds:
                self._outage.began(self._thread.name, error)
            pause_seconds = min(max(FIRST_PAUSE_SECONDS, 2 * self._pause_seconds), LONGEST_PAUSE_SECONDS)
            self._retry_at = time.monotonic() + pause_seconds
            self._pause_seconds = pause_seconds
            return [None] * len(items)
        else:
            if self._pause_seconds:
                self._outage.ended(self._thread.name)
            self._pause_seconds = 0.0
            return answers
        finally:
            self._probing = False


def _resolve(futures: Sequence[asyncio.Future[Answer | None]], answers: Sequence[Answer | None]) -> None:
    for future, answer in zip(futures, answers, strict=True):
        if not future.done():  # its task may have been cancelled
            future.set_result(answer)


def _fail(futures: Sequence[asyncio.Future[Answer | None]], error: Exception) -> None:
    for future in futures:
        if not future.done():
            future.set_exception(error)

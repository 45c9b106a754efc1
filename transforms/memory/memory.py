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
from typing import Final, Generic, TypeAlias, TypeVar, cast

from transforms.memory.store import MemoryUnavailable, Store

LOG = logging.getLogger(__name__)

GATHER_SECONDS = 0.1
"""How long a write waits for others to go with it."""

MOST_AT_ONCE = 4096
"""Keys or entries that go to the store together; one call with more is not cut."""

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0

Item = TypeVar("Item")
Answer = TypeVar("Answer")
_Asked: TypeAlias = tuple[Item, Callable[[Answer | None, Exception | None], None]]


@dataclass
class Counters:
    """What the memory did, in keys and entries; those that a failing store cost are failed, not misses.

    Changed in the event loop only.
    """

    hits: int = 0
    misses: int = 0
    written: int = 0
    failed_lookups: int = 0
    failed_writes: int = 0


class Memory:
    """The asynchronous front of a store; for one event loop, inside which it is made.

    A store that fails costs translations that are asked for twice, never a row and never the run: it is left alone for
    1 s, doubling up to 30 s, and then tried with a single call, while all others go on without it.

    Attributes:
        counters: What it did so far.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.counters: Final = Counters()
        outage = _Outage()
        self._reader: Final[_Gatherer[Sequence[bytes], dict[bytes, bytes]]] = _Gatherer(
            "memory-read", self._read, self._was_read, len, 0.0, outage
        )
        self._writer: Final[_Gatherer[tuple[bytes, bytes], bool]] = _Gatherer(
            "memory-write", self._write, self._was_written, lambda entry: 1, GATHER_SECONDS, outage
        )

    async def look_up(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """The values of those keys that it has; none while the store fails."""
        return await self._reader.ask(keys) if keys else {}

    async def keep(self, key: bytes, value: bytes) -> None:
        """Keep an entry; returns when it is safe, in the store's sense, or the store has failed."""
        await self._writer.ask((key, value))

    async def close(self) -> None:
        """Writes what was handed over, and ends the threads and the store."""
        await asyncio.gather(self._reader.close(), self._writer.close())
        self._store.close()
        if self.counters.failed_writes:
            LOG.warning("%d translations are not in the memory, as it failed", self.counters.failed_writes)

    def _read(self, asked: list[Sequence[bytes]]) -> list[dict[bytes, bytes]]:
        found = self._store.look_up(list(dict.fromkeys(key for keys in asked for key in keys)))
        return [{key: found[key] for key in keys if key in found} for keys in asked]

    def _was_read(self, keys: Sequence[bytes], found: dict[bytes, bytes] | None) -> dict[bytes, bytes]:
        if found is None:
            self.counters.failed_lookups += len(keys)
            return {}
        hits = sum(key in found for key in keys)
        self.counters.hits += hits
        self.counters.misses += len(keys) - hits
        return found

    def _write(self, entries: list[tuple[bytes, bytes]]) -> list[bool]:
        self._store.add(entries)
        return [True] * len(entries)

    def _was_written(self, entry: tuple[bytes, bytes], written: bool | None) -> bool:
        if written:
            self.counters.written += 1
        else:
            self.counters.failed_writes += 1
        return bool(written)


class _Outage:
    """Says once when the store begins to fail, for reads or writes, and once when both work again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failing: set[str] = set()

    def began(self, side: str, error: MemoryUnavailable) -> None:
        with self._lock:
            if not self._failing:
                LOG.warning("%s; the run goes on without it, and tries it again", error)
            self._failing.add(side)

    def ended(self, side: str) -> None:
        with self._lock:
            self._failing.discard(side)
            if not self._failing:
                LOG.info("the translation memory works again")


class _Gatherer(Generic[Item, Answer]):
    """A thread that does what many tasks ask for, many at once, and leaves a store that fails alone for a while.

    Args:
        name: Of the thread.
        work: Does what was asked, in the thread, and gives an answer for each; may raise MemoryUnavailable.
        ended: Told in the event loop of each item and its answer, None if the store failed; gives what the task gets.
        size: Of an item, for ``MOST_AT_ONCE``.
        gather_seconds: How long the first item waits for others to go with it.
        outage: Told when the store begins to fail and when it works again.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[list[Item]], Sequence[Answer]],
        ended: Callable[[Item, Answer | None], Answer],
        size: Callable[[Item], int],
        gather_seconds: float,
        outage: _Outage,
    ) -> None:
        self._work = work
        self._ended = ended
        self._size = size
        self._gather_seconds = gather_seconds
        self._outage = outage
        self._loop = asyncio.get_running_loop()
        self._closed = False
        self._pause_seconds = 0.0  # 0 while the store works
        self._retry_at = 0.0
        self._trying = False  # whether a call that was let through will tell if it works again
        self._queue: queue.SimpleQueue[_Asked[Item, Answer] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    async def ask(self, item: Item) -> Answer:
        future: asyncio.Future[Answer] = self._loop.create_future()

        def told(answer: Answer | None, error: Exception | None) -> None:
            if future.done():  # its task was cancelled
                return
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(cast("Answer", answer))

        self.submit(item, told)
        return await future

    def submit(self, item: Item, told: Callable[[Answer | None, Exception | None], None]) -> None:
        """Has something done; ``told`` is called in the event loop, with the answer or with an exception."""
        if self._closed:
            raise RuntimeError(f"{self._thread.name} was asked after its end")
        if self._pause_seconds:
            if self._trying or time.monotonic() < self._retry_at:
                told(self._ended(item, None), None)
                return
            self._trying = True
        self._queue.put((item, told))

    async def close(self) -> None:
        """Waits until all that was asked for is done."""
        self._closed = True
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            if self._gather_seconds:
                time.sleep(self._gather_seconds)
            asked, size, last = [first], self._size(first[0]), False
            while size < MOST_AT_ONCE and not last:
                try:
                    entry = self._queue.get_nowait()
                except queue.Empty:
                    break
                if entry is None:
                    last = True
                else:
                    asked.append(entry)
                    size += self._size(entry[0])
            self._do(asked)
            if last:
                return

    def _do(self, asked: list[_Asked[Item, Answer]]) -> None:
        """One wake-up of the event loop for all of them."""
        try:
            answers = self._attempt([item for item, _ in asked])
        except Exception as error:  # a mistake in the program: told to those who wait, in their own thread
            self._loop.call_soon_threadsafe(_fail, asked, error)
        else:
            self._loop.call_soon_threadsafe(self._deliver, asked, answers)

    def _attempt(self, items: list[Item]) -> Sequence[Answer | None]:
        """The answers; None for each if the store fails or is left alone."""
        if time.monotonic() < self._retry_at:  # these came before it was known
            return [None] * len(items)
        try:
            answers = self._work(items)
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
            self._trying = False

    def _deliver(self, asked: list[_Asked[Item, Answer]], answers: Sequence[Answer | None]) -> None:
        for (item, told), answer in zip(asked, answers, strict=True):
            told(self._ended(item, answer), None)


def _fail(asked: Sequence[_Asked[Item, Answer]], error: Exception) -> None:
    for _, told in asked:
        told(None, error)

"""The window of rows in flight: large enough to keep every host busy, and bounded for inputs of any size."""

from __future__ import annotations

import math
import queue
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

Ticket = TypeVar("Ticket")

MIN_TEXTS = 512
TEXTS_PER_SLOT = 8
HELD_WINDOWS = 8
HELD_BYTES = 32 << 20


@dataclass(eq=False)
class _Entry(Generic[Ticket]):
    ticket: Ticket
    texts_before: int
    bytes_before: int


@dataclass
class SlidingWindow(Generic[Ticket]):
    """Batches in flight; one thread adds them and takes them out, another one translates their texts.

    There is room while fewer than ``size`` texts are unfinished, and while the rows added since the oldest unfinished
    batch, which wait to be written in order, stay within 8 windows and 32 MB. So one slow row does not hold up the
    others for long, and memory does not grow with the input.

    Attributes:
        capacity: Returns the number of requests that all hosts together can have in flight now.
    """

    capacity: Callable[[], int]
    _entries: dict[int, _Entry[Ticket]] = field(default_factory=dict)
    _events: queue.SimpleQueue[int | None] = field(default_factory=queue.SimpleQueue)
    _batches: int = 0
    _texts: int = 0
    _bytes: int = 0
    _finished: int = 0  # texts; written by the translating thread only
    _wake_at: float = math.inf  # the value of _finished at which to wake the waiting thread

    def size(self) -> int:
        """Return the number of texts that may be unfinished at once."""
        return max(MIN_TEXTS, TEXTS_PER_SLOT * self.capacity())

    def unfinished(self) -> int:
        """Return the number of texts that were added and have not finished."""
        return self._texts - self._finished

    def has_room(self) -> bool:
        """Return whether another batch may be added."""
        if not self._entries:
            return True
        size = self.size()
        oldest = next(iter(self._entries.values()))
        return (
            self.unfinished() < size
            and self._texts - oldest.texts_before < HELD_WINDOWS * size
            and self._bytes - oldest.bytes_before < HELD_BYTES
        )

    def add(self, ticket: Ticket, translated: Future[Any], texts: int, size_bytes: int) -> None:
        """Add a batch.

        Args:
            ticket: Yielded when the batch is finished.
            translated: A future that is done when the batch is finished.
            texts: The number of its texts; each is reported to ``texts_done``.
            size_bytes: The memory that the batch takes.
        """
        self._batches += 1
        number = self._batches
        self._entries[number] = _Entry(ticket, self._texts, self._bytes)
        self._texts += texts
        self._bytes += size_bytes
        translated.add_done_callback(lambda _: self._events.put(number))

    def texts_done(self, count: int) -> None:
        """Report finished texts, from the translating thread."""
        self._finished += count
        if self._finished >= self._wake_at:
            self._wake_at = math.inf
            self._events.put(None)

    def wait_for_room(self) -> Iterator[Ticket]:
        """Yield the batches that have finished, and wait until there is room for another one."""
        while True:
            while not self._events.empty():
                yield from self._take()
            unfinished_limit = self._texts - self.size()
            self._wake_at = unfinished_limit + 1 if self._finished <= unfinished_limit else math.inf
            if self.has_room():  # asked after _wake_at was set, so that no text in between is missed
                self._wake_at = math.inf
                return
            yield from self._take()

    def drain(self) -> Iterator[Ticket]:
        """Yield all batches in flight as they finish."""
        while self._entries:
            yield from self._take()

    def _take(self) -> Iterator[Ticket]:
        number = self._events.get()
        if number is not None:
            yield self._entries.pop(number).ticket

"""How many rows are under way at once: enough to keep every host busy, and bounded whatever the input's size."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Ticket = TypeVar("Ticket")

LEAST_TEXTS = 512
TEXTS_PER_SLOT = 8
HELD_SHARE = 8
HELD_BYTES = 32 << 20


@dataclass(eq=False)
class _Entry(Generic[Ticket]):
    ticket: Ticket
    texts_before: int
    bytes_before: int


@dataclass
class SlidingWindow(Generic[Ticket]):
    """Counts texts and bytes under way; one thread submits, another tells what has ended.

    There is room while fewer texts are unfinished than ``capacity`` asks for, and while the rows submitted since the
    oldest unfinished batch (they wait to be written in order) stay within 8 windows and 32 MB. So one slow row holds
    up nothing until then, and memory does not grow with the input.

    Attributes:
        capacity: Requests that the hosts may have in flight together, now.
    """

    capacity: Callable[[], int]
    _entries: dict[int, _Entry[Ticket]] = field(default_factory=dict)
    _events: queue.SimpleQueue[int | None] = field(default_factory=queue.SimpleQueue)
    _numbers: int = 0
    _texts: int = 0
    _bytes: int = 0
    _finished: int = 0  # written by the other thread only
    _wants_room: bool = False

    def size(self) -> int:
        """Texts that may be unfinished at once."""
        return max(LEAST_TEXTS, TEXTS_PER_SLOT * self.capacity())

    def has_room(self) -> bool:
        """Whether more may be submitted."""
        if not self._entries:
            return True
        size = self.size()
        oldest = next(iter(self._entries.values()))
        return (
            self._texts - self._finished < size
            and self._texts - oldest.texts_before < HELD_SHARE * size
            and self._bytes - oldest.bytes_before < HELD_BYTES
        )

    def add(self, ticket: Ticket, texts: int, size_bytes: int) -> int:
        """Notes a batch of ``texts`` texts as submitted; returns its number, to be given to ``batch_done``."""
        self._numbers += 1
        self._entries[self._numbers] = _Entry(ticket, self._texts, self._bytes)
        self._texts += texts
        self._bytes += size_bytes
        return self._numbers

    def text_done(self) -> None:
        """One text has ended; called from the other thread."""
        self._finished += 1
        if self._wants_room and self.has_room():
            self._wants_room = False
            self._events.put(None)

    def batch_done(self, number: int) -> None:
        """All texts of a batch have ended, after their ``text_done``; called from the other thread."""
        self._events.put(number)

    def wait_for_room(self) -> Iterator[Ticket]:
        """Yields batches that have ended, until there is room for another; waits if it must."""
        while True:
            while not self._events.empty():
                yield from self._take()
            self._wants_room = True
            if self.has_room():
                break
            yield from self._take()
        self._wants_room = False

    def drain(self) -> Iterator[Ticket]:
        """Yields all batches that are still under way as they end."""
        while self._entries:
            yield from self._take()

    def _take(self) -> Iterator[Ticket]:
        number = self._events.get()
        if number is not None:
            yield self._entries.pop(number).ticket

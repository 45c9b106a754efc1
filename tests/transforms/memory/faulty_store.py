"""A store whose faults a test decides, a clock that stands still, and a memory for the length of a function."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TypeVar

from transforms.memory.memory import Memory
from transforms.memory.store import MemoryUnavailable, Store, StoreStatistics

T = TypeVar("T")


class FakeStore:
    """A store that fails or blocks on demand."""

    def __init__(self) -> None:
        self.values: dict[bytes, bytes] = {}
        self.batches: list[int] = []
        self.calls = 0
        self.failing: set[str] = set()
        self.released = threading.Event()
        self.released.set()

    def _called(self, what: str) -> None:
        self.calls += 1
        assert self.released.wait(60)
        if what in self.failing:
            raise MemoryUnavailable("the disk is gone")

    def look_up(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        self._called("look_up")
        self.batches.append(len(keys))
        return {sought: self.values[sought] for sought in keys if sought in self.values}

    def add(self, some: Sequence[tuple[bytes, bytes]]) -> None:
        self._called("add")
        self.batches.append(len(some))
        self.values.update(some)

    def remove(self, keys: Sequence[bytes]) -> None:
        self._called("remove")
        for each in keys:
            self.values.pop(each, None)

    def statistics(self) -> StoreStatistics:
        raise NotImplementedError

    def prune(self, before: datetime) -> int:
        raise NotImplementedError

    def close(self) -> None:
        """Nothing is open."""


class Clock:
    """A replacement for the module ``time`` whose clock stands still until it is set."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        """Return at once."""


def use(store: Store, call: Callable[[Memory], Awaitable[T]]) -> T:
    async def run() -> T:
        memory = Memory(store)
        try:
            return await call(memory)
        finally:
            await memory.close()

    return asyncio.run(run())


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - another thread makes it true
        await asyncio.sleep(0.001)

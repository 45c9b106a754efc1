"""The deadlines of requests in flight, with one timer for all of them: most end long before."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from time import monotonic
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Expiry(Generic[Item]):
    """Calls ``expire`` for each item whose time has come, unless it was removed before. For one event loop.

    Args:
        expire: Called once for an item, which is removed first.
    """

    def __init__(self, expire: Callable[[Item], None]) -> None:
        self._expire = expire
        self._times: dict[Item, float] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._wakes_at = math.inf

    def add(self, item: Item, at: float) -> None:
        """Add an item that expires ``at``, in monotonic seconds."""
        self._times[item] = at
        if at < self._wakes_at:
            self._wake_at(at)

    def remove(self, item: Item) -> None:
        """Remove an item, if it has not expired."""
        self._times.pop(item, None)

    def _wake_at(self, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        seconds = max(0.0, at - monotonic())
        self._wakes_at, self._timer = at, asyncio.get_running_loop().call_later(seconds, self._wake)

    def _wake(self) -> None:
        due_at = self._wakes_at  # the loop's clock may fire a little early
        self._wakes_at, self._timer = math.inf, None
        for item in [item for item, at in self._times.items() if at <= due_at]:
            if self._times.pop(item, None) is not None:
                self._expire(item)
        if self._times:
            self._wake_at(min(self._wakes_at, *self._times.values()))

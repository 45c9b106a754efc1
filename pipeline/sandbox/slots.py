"""The slots of one loaded model: first come, first served, with an unbounded queue without timeout, as in Ollama.

Slots follow their own schedule: queued work begins when the preceding work was due to end, not when the event loop
noticed. A busy machine therefore doesn't slow a simulated host down, and the ideal makespan of a workload can be
computed in advance.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import deque


class Slots:
    """``size`` slots. Times are seconds on the running event loop's clock."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.active = 0
        self._free_since: list[float] = [0.0] * size
        self._waiting: deque[asyncio.Future[float]] = deque()

    @property
    def waiting(self) -> int:
        """Number of queued requests."""
        return sum(not future.done() for future in self._waiting)

    def take(self, now: float) -> float | None:
        """Take a free slot and return the start time of its work, or None if no slot is free."""
        if not self._free_since:
            return None
        self.active += 1
        return max(now, heapq.heappop(self._free_since))

    async def wait(self, now: float) -> float:
        """Queue for a slot and return the start time of its work, which may lie in the past.

        Raises:
            RuntimeError: The runner died meanwhile.
            asyncio.CancelledError: The client disconnected; its place in the queue is freed.
        """
        turn: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            free_since = await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.release(turn.result())  # granted at the moment of the disconnect
            raise
        return max(now, free_since)

    def release(self, free_since: float) -> None:
        """Return a slot whose work ended at ``free_since``, and grant it to the next in the queue."""
        self.active -= 1
        if self.active >= self.size:
            return  # the host has fewer slots than before
        self._grant(free_since)

    def resize(self, size: int, now: float) -> None:
        """Change the number of slots. Work in progress finishes first."""
        idle = max(0, size - self.active)
        self.size = size
        del self._free_since[idle:]
        for _ in range(idle - len(self._free_since)):
            self._grant(now)

    def fail(self, error: RuntimeError) -> None:
        """Fail all queued requests with ``error``."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_exception(error)

    def _grant(self, free_since: float) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                self.active += 1
                turn.set_result(free_since)
                return
        heapq.heappush(self._free_since, free_since)

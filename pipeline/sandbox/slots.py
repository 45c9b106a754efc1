"""The hidden slots of one loaded model: first come, first served, with an unbounded and untimed queue, as in Ollama.

Slots keep a schedule of their own: work that waited begins when the work before it was due to end, not when the event
loop got round to it. So a busy machine does not slow a simulated host down, and the best possible schedule of some
work can be computed beforehand.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import deque


class Slots:
    """``size`` slots; times are those of the running event loop, in seconds."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.active = 0
        self._free_since: list[float] = [0.0] * size
        self._waiting: deque[asyncio.Future[float]] = deque()

    @property
    def waiting(self) -> int:
        """Requests in the queue."""
        return sum(not future.done() for future in self._waiting)

    def take(self, now: float) -> float | None:
        """Takes a free slot and returns the time at which its work begins, or None if there is none."""
        if not self._free_since:
            return None
        self.active += 1
        return max(now, heapq.heappop(self._free_since))

    async def wait(self, now: float) -> float:
        """Queues for a slot and returns the time at which its work begins, which may have passed already.

        Raises:
            RuntimeError: The runner died meanwhile.
            asyncio.CancelledError: The client left; its place in the queue is gone.
        """
        turn: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            free_since = await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.release(turn.result())  # it was its turn in the moment in which the client left
            raise
        return max(now, free_since)

    def release(self, free_since: float) -> None:
        """Gives a slot back, whose work ended at ``free_since``, to the next in the queue."""
        self.active -= 1
        if self.active >= self.size:
            return  # the host has fewer slots than before
        self._grant(free_since)

    def resize(self, size: int, now: float) -> None:
        """Changes the number of slots; those in work finish first."""
        idle = max(0, size - self.active)
        self.size = size
        del self._free_since[idle:]
        for _ in range(idle - len(self._free_since)):
            self._grant(now)

    def fail(self, error: RuntimeError) -> None:
        """Everybody in the queue gets ``error``."""
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

"""A time limit for a series of measurements: none begins that would probably not end in time, and none outlasts it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from transforms.time_limits import limited

T = TypeVar("T")

MOST_WINDOW_SECONDS, LEAST_WINDOW_SECONDS = 20.0, 0.3
WINDOWS = 60
"""A window is at most this fraction of the limit: there are about 16, each after the start of a server and a load."""


class TimeIsUp(Exception):
    """There is no time for another measurement, or the last one did not end in time."""


class TimeLimit:
    """A limit that begins when this is made.

    Args:
        seconds: The limit.
        windows: The fraction of the limit that a measured window may be.

    Attributes:
        seconds: The limit.
        window_seconds: Length of the measured windows.
    """

    def __init__(self, seconds: float, windows: int = WINDOWS) -> None:
        self.seconds = seconds
        self.window_seconds = min(MOST_WINDOW_SECONDS, max(LEAST_WINDOW_SECONDS, seconds / windows))
        self._ends = time.monotonic() + seconds
        self._longest = self.window_seconds

    async def run(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Do a piece of work, which is cancelled at the limit.

        Raises:
            TimeIsUp: There is less time than the longest piece so far took, or the work did not end in time.
        """
        began = time.monotonic()
        left = self._ends - began
        if left < self._longest:
            raise TimeIsUp
        try:
            done = await limited(work(), left)
        except asyncio.TimeoutError:
            raise TimeIsUp from None
        self._longest = max(self._longest, time.monotonic() - began)
        return done

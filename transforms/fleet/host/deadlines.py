"""The deadline after which a request counts as hung, derived from the host's earlier answers. Pure."""

from __future__ import annotations

import statistics
from collections import deque

KNOWN_AFTER = 20
RECENT = 200
SHORTEST_SECONDS = 10.0


class Deadline:
    """A host's deadline for one request.

    For the first 20 answers it is ``longest_seconds``. That must exceed the load of a model, because a client that
    disconnects during a load makes the load start again. After that it is the largest of three times: 5 times the
    longest of the last 200 answers, 3 times the duration of ``num_predict`` tokens at the slowest speed seen, and 10 s.
    The longest answer includes the wait for a slot, so a full host raises no false alarm.
    """

    def __init__(self, longest_seconds: float) -> None:
        self._longest_seconds = longest_seconds
        self._walls: deque[float] = deque(maxlen=RECENT)
        self._longest_wall = 0.0
        self._slowest_token_seconds = 0.0
        self._typical_seconds: float | None = None  # None if it is to be found again

    def answered(self, wall_seconds: float, eval_count: int | None, eval_seconds: float | None) -> None:
        """Record an answer that took ``wall_seconds`` on our clock."""
        walls = self._walls
        leaving = walls[0] if len(walls) == RECENT else 0.0
        walls.append(wall_seconds)
        self._typical_seconds = None
        if wall_seconds > self._longest_wall:
            self._longest_wall = wall_seconds
        elif leaving >= self._longest_wall:
            self._longest_wall = max(walls)
        if eval_count and eval_seconds:
            self._slowest_token_seconds = max(self._slowest_token_seconds, eval_seconds / eval_count)

    def seconds(self, num_predict: int, charged: int = 0) -> float:
        """Return the deadline for at most ``num_predict`` tokens, doubled for each failure charged to the row."""
        if len(self._walls) < KNOWN_AFTER:
            return self._longest_seconds
        expected = max(5 * self._longest_wall, 3 * num_predict * self._slowest_token_seconds, SHORTEST_SECONDS)
        return min(expected * float(2**charged), self._longest_seconds)

    def plausible_seconds(self) -> float | None:
        """Return 5 times the longest of the last 200 answers, at least 10 s; None without answers."""
        return max(5 * self._longest_wall, SHORTEST_SECONDS) if self._walls else None

    def typical_seconds(self) -> float | None:
        """Return the median duration of the last 200 answers; None without answers."""
        if self._typical_seconds is None and self._walls:
            self._typical_seconds = statistics.median(self._walls)
        return self._typical_seconds

    def restart(self) -> None:
        """Forget all answers after the circuit opened: the successful probe may have to wait for a model load."""
        self._walls.clear()
        self._typical_seconds = None
        self._longest_wall = 0.0

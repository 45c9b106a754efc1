"""How long a request may take before its host counts as hung: from what the host has shown. Pure."""

from __future__ import annotations

import statistics
from collections import deque

KNOWN_AFTER = 20
RECENT = 200
SHORTEST_SECONDS = 10.0


class Deadline:
    """A host's deadline for one request.

    Until 20 answers are known it is ``longest_seconds``, which must exceed the load of a model (a client that leaves
    during a load makes the load start again). Then it is 5 times the longest of the last 200, or 3 times what
    ``num_predict`` tokens take at the slowest speed seen, at least 10 s. The longest answer includes the wait for a
    slot, so a full host raises no false alarm.
    """

    def __init__(self, longest_seconds: float) -> None:
        self._longest_seconds = longest_seconds
        self._walls: deque[float] = deque(maxlen=RECENT)
        self._slowest_token_seconds = 0.0

    def answered(self, wall_seconds: float, eval_count: int | None, eval_seconds: float | None) -> None:
        """A request was answered after ``wall_seconds`` on our clock."""
        self._walls.append(wall_seconds)
        if eval_count and eval_seconds:
            self._slowest_token_seconds = max(self._slowest_token_seconds, eval_seconds / eval_count)

    def seconds(self, num_predict: int, charged: int = 0) -> float:
        """For a request of at most ``num_predict`` tokens; doubled for each failure the row was charged with."""
        if len(self._walls) < KNOWN_AFTER:
            return self._longest_seconds
        expected = max(5 * max(self._walls), 3 * num_predict * self._slowest_token_seconds, SHORTEST_SECONDS)
        return min(expected * float(2**charged), self._longest_seconds)

    def typical_seconds(self) -> float | None:
        """The median of the last 200 answers; None while there are none."""
        return statistics.median(self._walls) if self._walls else None

    def restart(self) -> None:
        """The host rests: the probe that finds it back may have to wait until its model is loaded."""
        self._walls.clear()

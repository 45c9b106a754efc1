"""How many requests a host is sent at once: a number that was given, or one that is found (``AdaptiveLimit``).

Nothing that a host can be asked tells its number of slots (OLLAMA_NUM_PARALLEL), and a loaded host never refuses:
what is over its slots waits in a FIFO queue of its own. So the number is found from each answer's rank in that queue.
"""

from __future__ import annotations

from collections import deque
from typing import Protocol

START = 4
CAP = 128
MARGIN = 1.0  # one request more than slots, so that a slot never waits for the network
RELATIVE_MARGIN = 0.10  # noise and round trips look like a queue
TOLERANCE_SECONDS = 0.002  # an end and the start that follows it are heard in any order
EXIT_SECONDS = 0.050
EXIT_SHARE = 0.25
SHORTEST_ROUND = 8


class Limit(Protocol):
    """What the dispatcher needs of a limit; ``key`` names a request while it is in flight."""

    def limit(self) -> int:
        """Requests that the host may have in flight now."""

    def slots(self) -> int:
        """Requests that the host works on at once; the limit without its margin."""

    def sent(self, key: int) -> None:
        """A request was sent."""

    def gone(self, key: int) -> None:
        """It failed or was cancelled: it teaches nothing."""

    def done(self, key: int, now: float, total_seconds: float | None, service_seconds: float | None) -> None:
        """It was answered; its total and its time in a slot as the host measured them, None if it did not tell."""

    def restart(self) -> None:
        """The host came back and may have other slots now."""


class FixedLimit:
    """A limit that the operator gave."""

    def __init__(self, slots: int) -> None:
        self._slots = slots

    def limit(self) -> int:
        """Always the number given."""
        return self._slots

    def slots(self) -> int:
        """The number given."""
        return self._slots

    def sent(self, key: int) -> None:
        """Teaches nothing."""

    def gone(self, key: int) -> None:
        """Teaches nothing."""

    def done(self, key: int, now: float, total_seconds: float | None, service_seconds: float | None) -> None:
        """Teaches nothing."""

    def restart(self) -> None:
        """Changes nothing."""


class AdaptiveLimit:
    """Finds a host's slots from the FIFO rank of each answer, and follows them when they change.

    An answer's rank counts the requests that held a slot when it got its own: those sent earlier which had not ended by
    then, and itself. One answer that had to wait tells the number of slots. Service times do not matter, so the
    estimate holds for texts of any lengths. Start: one more per answer that did not wait, until one waits. Then rounds:
    the mean rank of a round, plus a margin of one request and 10 %, is the next limit. Two rounds without a queue start
    the growth again (slots were added, or another client left). Clients that share a host settle at equal shares.

    A host whose durations a proxy hides keeps the start value. Pure: the clock is the caller's, in seconds.
    """

    def __init__(self, start: int = START) -> None:
        self._start = start
        self._limit = float(start)  # stays fractional, so that unequal shares of several clients are no fixed point
        self._growing = True
        self._sequence = 0
        self._mark = 0  # what was sent before it was sent under an older limit
        self._rounds_without_queue = 0
        self._in_flight: dict[int, tuple[int, int, bool]] = {}  # sequence, in flight when sent, limit reached
        self._recent: deque[tuple[int, float]] = deque(maxlen=128)  # sequence and end of the latest answers
        self._reset_round()

    def _reset_round(self) -> None:
        self._answers = self._ranks = self._loads = 0

    def limit(self) -> int:
        """Requests that the host may have in flight now."""
        return max(1, min(CAP, int(self._limit + 0.5)))

    def slots(self) -> int:
        """The slots as found so far."""
        return max(1, int((self._limit - MARGIN) / (1 + RELATIVE_MARGIN) + 0.5))

    def sent(self, key: int) -> None:
        """A request was sent; it teaches something only if it found the limit reached."""
        self._sequence += 1
        in_flight = len(self._in_flight) + 1
        reached = in_flight >= (self.limit() / 2 if self._growing else self.limit())
        self._in_flight[key] = (self._sequence, in_flight, reached)

    def gone(self, key: int) -> None:
        """It failed or was cancelled."""
        self._in_flight.pop(key, None)

    def done(self, key: int, now: float, total_seconds: float | None, service_seconds: float | None) -> None:
        """It was answered at ``now``."""
        sequence, in_flight, reached = self._in_flight.pop(key)
        if total_seconds is None or service_seconds is None:
            return
        rank = min(self._rank(sequence, now - service_seconds), in_flight)
        self._recent.append((sequence, now))
        if not reached:
            return
        if self._growing:
            self._grow(rank, total_seconds, total_seconds - service_seconds)
        elif sequence > self._mark:
            self._learn(rank, in_flight)

    def _rank(self, sequence: int, began: float) -> int:
        running = sum(other < sequence for other, _, _ in self._in_flight.values())
        ended_since = sum(other < sequence and ended > began + TOLERANCE_SECONDS for other, ended in self._recent)
        return 1 + running + ended_since

    def _grow(self, rank: int, total_seconds: float, waited_seconds: float) -> None:
        if waited_seconds <= max(EXIT_SECONDS, EXIT_SHARE * total_seconds):
            self._limit = min(CAP, self._limit + 1)
            return
        self._growing = False
        self._set(rank)
        self._mark = self._sequence

    def _learn(self, rank: int, in_flight: int) -> None:
        self._answers += 1
        self._ranks += rank
        self._loads += in_flight
        if self._answers < max(SHORTEST_ROUND, self.limit()):
            return
        slots = self._ranks / self._answers
        queue = self._loads / self._answers - slots
        self._set(slots)
        short = queue < 0.25 * (MARGIN + RELATIVE_MARGIN * slots)
        self._rounds_without_queue = self._rounds_without_queue + 1 if short else 0
        if self._rounds_without_queue >= 2:
            self._growing, self._rounds_without_queue = True, 0
        self._mark = self._sequence - len(self._in_flight)
        self._reset_round()

    def _set(self, slots: float) -> None:
        self._limit = min(CAP, max(1.0, slots * (1 + RELATIVE_MARGIN) + MARGIN))

    def restart(self) -> None:
        """The host came back: grow again from the start value."""
        self._limit = min(self._limit, float(self._start))
        self._growing = True
        self._mark = self._sequence
        self._recent.clear()
        self._reset_round()

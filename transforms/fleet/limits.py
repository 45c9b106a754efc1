"""How many requests a host is sent at once: a number that was given, or one that is found (``AdaptiveLimit``).

Nothing that a host can be asked tells its number of slots (OLLAMA_NUM_PARALLEL), and a loaded host never refuses:
what is over its slots waits in a FIFO queue of its own. So the number is found from each answer's rank in that queue.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import NamedTuple, Protocol

START = 4
CAP = 128
MARGIN = 1.0  # one request more than slots, so that a slot never waits for the network
RELATIVE_MARGIN = 0.10  # noise and round trips look like a queue
TOLERANCE_SECONDS = 0.002  # an end and the start that follows it are heard in any order
SAME_MOMENT_SHARE = 0.02  # of the time in the slot: starts so close together are one moment
EXIT_SECONDS = 0.010  # an answer that did not wait shows up to so much noise
EXIT_SHARE = 0.25
EXIT_ANSWERS = 3  # that waited, before growth ends: one alone may be mistaken
SHORTEST_ROUND = 8
CLIMB_ROUND = 4  # times the limit: answers that are counted before the next step
CLIMB_GAIN = 1.2
CLIMB_STEP = 1.5
CLIMB_TRIES = 2


class Limit(Protocol):
    """What the dispatcher needs of a limit; ``key`` names a request while it is in flight."""

    def limit(self) -> int:
        """Requests that the host may have in flight now."""

    def slots(self) -> int:
        """Requests that the host works on at once; the limit without its margin."""

    def growing(self) -> bool:
        """Whether it still looks for the slots, and learns most from quick answers."""

    def sent(self, key: int, size: int) -> None:
        """A request with a text of so many characters was sent."""

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

    def growing(self) -> bool:
        """Never."""
        return False

    def sent(self, key: int, size: int) -> None:
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

    Where a proxy hides the durations, the limit climbs as long as more requests at once bring more text a second.
    Pure: the clock is the caller's, in seconds.
    """

    def __init__(self, start: int = START) -> None:
        self._start = start
        self._limit = float(start)  # stays fractional, so that unequal shares of several clients are no fixed point
        self._growing = True
        self._sequence = 0
        self._mark = 0  # what was sent before it was sent under an older limit
        self._rounds_without_queue = 0
        self._in_flight: dict[int, _InFlight] = {}
        self._recent: deque[tuple[int, float]] = deque(maxlen=128)  # sequence and end of the latest answers
        self._climb = _Climb()
        self._waited: list[int] = []  # ranks of answers that waited while the limit grew
        self._reset_round()

    def _reset_round(self) -> None:
        self._starts: list[tuple[float, float, int]] = []  # of the round: start in the slot, time in it, rank
        self._loads = 0

    def limit(self) -> int:
        """Requests that the host may have in flight now."""
        return max(1, min(CAP, int(self._limit + 0.5)))

    def slots(self) -> int:
        """The slots as found so far."""
        return max(1, int((self._limit - MARGIN) / (1 + RELATIVE_MARGIN) + 0.5))

    def growing(self) -> bool:
        """Whether no answer had to wait yet, and there may be more slots."""
        return self._growing and self._limit < CAP

    def sent(self, key: int, size: int) -> None:
        """A request was sent; it teaches something only if it found the limit reached."""
        self._sequence += 1
        in_flight = len(self._in_flight) + 1
        reached = in_flight >= (self.limit() / 2 if self._growing else self.limit())
        self._in_flight[key] = _InFlight(self._sequence, in_flight, reached, size)

    def gone(self, key: int) -> None:
        """It failed or was cancelled."""
        self._in_flight.pop(key, None)

    def done(self, key: int, now: float, total_seconds: float | None, service_seconds: float | None) -> None:
        """It was answered at ``now``."""
        sequence, in_flight, reached, size = self._in_flight.pop(key)
        if total_seconds is None or service_seconds is None:
            self._growing = False
            if reached and sequence > self._mark and self._climb.answered(now, self._limit, size):
                self._limit, self._mark = self._climb.limit, self._sequence
            return
        began = now - service_seconds
        if not reached:
            pass
        elif self._growing:
            waited_seconds = total_seconds - service_seconds
            if waited_seconds <= max(EXIT_SECONDS, EXIT_SHARE * total_seconds):
                self._limit = min(CAP, self._limit + 1)
            else:
                held = max(self._rank(sequence, began), self._rank(sequence, began - 2 * TOLERANCE_SECONDS) - 1)
                self._waited.append(min(held, in_flight))
                if len(self._waited) == EXIT_ANSWERS:
                    self._stop_growing()
        elif sequence > self._mark:
            self._learn(began, service_seconds, min(self._rank(sequence, began), in_flight), in_flight)
        self._recent.append((sequence, now))

    def _rank(self, sequence: int, began: float) -> int:
        running = sum(other.sequence < sequence for other in self._in_flight.values())
        ended_since = sum(other < sequence and ended > began + TOLERANCE_SECONDS for other, ended in self._recent)
        return 1 + running + ended_since

    def _stop_growing(self) -> None:
        self._growing = False
        self._set(max(self._waited))
        self._waited.clear()
        self._mark = self._sequence

    def _learn(self, began: float, service_seconds: float, rank: int, in_flight: int) -> None:
        if len(self._starts) >= max(SHORTEST_ROUND, self.limit()) and began > self._starts[-1][0] + TOLERANCE_SECONDS:
            self._end_round()
        self._starts.append((began, service_seconds, rank))
        self._loads += in_flight

    def _end_round(self) -> None:
        slots = _mean_slots(self._starts)
        queue = self._loads / len(self._starts) - slots
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
        self._waited.clear()
        self._climb = _Climb()
        self._reset_round()


class _InFlight(NamedTuple):
    """A request under way: which one, how many there were with it, whether that was the limit, and its size."""

    sequence: int
    in_flight: int
    reached: bool
    size: int


@dataclass
class _Climb:
    """A limit by throughput alone: half as much again while that brings a fifth more text a second.

    A step that does not is tried once more, as texts differ; then the limit goes back by one step and stays.

    Attributes:
        limit: The next one, after ``answered`` has said that there is one.
    """

    limit: float = 0.0
    held: bool = False
    tries: int = 0
    answers: int = 0
    characters: int = 0
    since: float | None = None
    best_rate: float = 0.0
    best_limit: float = 0.0

    def answered(self, now: float, limit: float, size: int) -> bool:
        """Counts an answer, at ``now``, to a text of so many characters, sent under ``limit``.

        Returns whether the limit is to change.
        """
        if self.held:
            return False
        if self.since is None:
            self.since = now
            return False
        self.answers += 1
        self.characters += size
        if self.answers < CLIMB_ROUND * limit:
            return False
        rate = self.characters / max(now - self.since, TOLERANCE_SECONDS)
        self.answers, self.characters, self.since = 0, 0, None
        if rate > CLIMB_GAIN * self.best_rate:
            self.best_rate, self.best_limit, self.tries = rate, limit, 0
            self.limit = min(CAP, CLIMB_STEP * limit)
            return True
        self.tries += 1
        if self.tries < CLIMB_TRIES:
            return False
        self.held, self.limit = True, self.best_limit
        return True


def _mean_slots(starts: list[tuple[float, float, int]]) -> float:
    """The mean of the ranks; of requests that got their slots at the same moment, the highest rank stands for all.

    Texts of one length end together, above all where a host works in steps; each of those that follow sees only the
    ones before it. And two answers that are heard in the wrong order err in opposite directions.

    Args:
        starts: Start in the slot, time in it, both in seconds, and rank of each answer.
    """
    ordered = sorted(starts)
    total, first = 0, 0
    while first < len(ordered):
        began, service_seconds, _ = ordered[first]
        until = began + max(TOLERANCE_SECONDS, SAME_MOMENT_SHARE * service_seconds)
        last = first
        while last < len(ordered) and ordered[last][0] <= until:
            last += 1
        total += (last - first) * max(rank for _, _, rank in ordered[first:last])
        first = last
    return total / len(ordered)

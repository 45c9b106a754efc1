"""The limit of requests in flight per host: a given number, or one that is detected (``AdaptiveLimit``).

A host does not report its number of slots (OLLAMA_NUM_PARALLEL), and a busy host never refuses a request: requests
beyond its slots wait in its FIFO queue. So the number is detected from the rank of each answer in that queue.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import NamedTuple, Protocol

START = 4
CAP = 128
MARGIN = 1.0  # one request more than slots, so that a slot never waits for the network
RELATIVE_MARGIN = 0.10  # noise and round trips look like a queue
TOLERANCE_SECONDS = 0.002  # an answer's end and the next one's start may arrive in either order
SAME_MOMENT_SHARE = 0.02  # starts within this share of the time in the slot count as simultaneous
EXIT_SECONDS = 0.010  # noise in the wait of an answer that found a free slot
EXIT_SHARE = 0.25
EXIT_ANSWERS = 3  # answers that waited before growth ends; a single one may be a measurement error
SHORTEST_ROUND = 8
CLIMB_ROUND = 4  # answers counted before the next step, as a multiple of the limit
CLIMB_GAIN = 1.2
CLIMB_STEP = 1.5
CLIMB_TRIES = 2


class Limit(Protocol):
    """The limit of a host's requests in flight, as the dispatcher uses it. ``key`` identifies a request in flight."""

    def limit(self) -> int:
        """Return the number of requests that the host may have in flight now."""

    def slots(self) -> int:
        """Return the number of requests that the host processes at once: the limit without its margin."""

    def growing(self) -> bool:
        """Return whether the limit is still searching for the number of slots and learns most from quick answers."""

    def sent(self, key: int, size: int) -> None:
        """Record that a request with a text of ``size`` characters was sent."""

    def gone(self, key: int) -> None:
        """Record that a request failed or was cancelled; it does not affect the limit."""

    def done(self, key: int, now: float, total_seconds: float | None, service_seconds: float | None) -> None:
        """Record an answer at ``now``.

        Args:
            key: The request.
            now: The caller's time.
            total_seconds: The total time of the request on the host; None if the host does not report it.
            service_seconds: The time of the request in a slot; None if the host does not report it.
        """

    def restart(self) -> None:
        """Record that the host returned, possibly with another number of slots."""


class FixedLimit:
    """A limit set by the operator."""

    def __init__(self, slots: int) -> None:
        self._slots = slots

    def limit(self) -> int:
        """Return the configured number."""
        return self._slots

    def slots(self) -> int:
        """Return the configured number."""
        return self._slots

    def growing(self) -> bool:
        """Return False."""
        return False

    def sent(self, key: int, size: int) -> None:
        """Do nothing."""

    def gone(self, key: int) -> None:
        """Do nothing."""

    def done(self, key: int, now: float, total_seconds: float | None, service_seconds: float | None) -> None:
        """Do nothing."""

    def restart(self) -> None:
        """Do nothing."""


class AdaptiveLimit:
    """A limit that detects a host's slots from the FIFO rank of each answer, and follows changes.

    An answer's rank is the number of requests in slots when it got its own: those that were sent earlier and had not
    ended by then, and itself. A single answer that had to wait reveals the number of slots. Service times do not
    matter, so the estimate holds for texts of any length.

    The limit starts by growing by one per answer that did not wait, until one waits. Then it works in rounds: the next
    limit is the mean rank of a round, plus a margin of one request and 10%. After two rounds without a queue it grows
    again, because slots were added or another client left. Clients that share a host settle at equal shares.

    If a proxy hides the durations, the limit climbs as long as more concurrent requests yield more text per second.

    Pure: the caller provides the clock, in seconds.
    """

    def __init__(self, start: int = START) -> None:
        self._start = start
        self._limit = float(start)  # stays fractional, so that unequal shares of several clients are no fixed point
        self._growing = True
        self._sequence = 0
        self._mark = 0  # requests up to this sequence number were sent under an older limit
        self._rounds_without_queue = 0
        self._in_flight: dict[int, _InFlight] = {}
        self._recent: deque[tuple[int, float]] = deque(maxlen=128)  # sequence and end of the latest answers
        self._climb = _Climb()
        self._waited: list[int] = []  # ranks of answers that waited while the limit grew
        self._reset_round()

    def _reset_round(self) -> None:
        self._starts: list[tuple[float, float, int]] = []  # per answer of the round: start and time in the slot, rank
        self._loads = 0

    def limit(self) -> int:
        """Return the number of requests that the host may have in flight now."""
        return max(1, min(CAP, int(self._limit + 0.5)))

    def slots(self) -> int:
        """Return the number of slots detected so far."""
        return max(1, int((self._limit - MARGIN) / (1 + RELATIVE_MARGIN) + 0.5))

    def growing(self) -> bool:
        """Return whether no answer had to wait yet, so that there may be more slots."""
        return self._growing and self._limit < CAP

    def sent(self, key: int, size: int) -> None:
        """Record that a request was sent. Only requests that reached the limit affect it."""
        self._sequence += 1
        in_flight = len(self._in_flight) + 1
        reached = in_flight >= (self.limit() / 2 if self._growing else self.limit())
        self._in_flight[key] = _InFlight(self._sequence, in_flight, reached, size)

    def gone(self, key: int) -> None:
        """Record that a request failed or was cancelled."""
        self._in_flight.pop(key, None)

    def done(self, key: int, now: float, total_seconds: float | None, service_seconds: float | None) -> None:
        """Record an answer at ``now``, and adapt the limit."""
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
            held = max(self._rank(sequence, began), self._rank(sequence, began - 2 * TOLERANCE_SECONDS) - 1)
            if waited_seconds <= max(EXIT_SECONDS, EXIT_SHARE * total_seconds):
                # A short answer waits only for a moment, but then other requests had to end before it.
                long_answer = EXIT_SHARE * total_seconds >= EXIT_SECONDS
                if long_answer or held >= in_flight - 1:
                    self._limit = min(CAP, self._limit + 1)
            else:
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
        """Record that the host returned: grow again from the start value."""
        self._limit = min(self._limit, float(self._start))
        self._growing = True
        self._mark = self._sequence
        self._recent.clear()
        self._waited.clear()
        self._climb = _Climb()
        self._reset_round()


class _InFlight(NamedTuple):
    """A request in flight.

    Attributes:
        sequence: Its sequence number.
        in_flight: The number of requests in flight when it was sent, including itself.
        reached: Whether that number reached the limit.
        size: The characters of its text.
    """

    sequence: int
    in_flight: int
    reached: bool
    size: int


@dataclass
class _Climb:
    """A limit derived from throughput alone: it grows by half as long as that yields a fifth more text per second.

    A step without that gain is tried once more, because texts differ. Then the limit returns to the previous step and
    is held there.

    Attributes:
        limit: The next limit; valid after ``answered`` returned True.
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
        """Count an answer at ``now`` to a text of ``size`` characters; return whether to change ``limit``."""
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
    """Return the mean rank, where requests that got their slots simultaneously all count with their highest rank.

    Texts of equal length end together, especially on a host that works in steps, and each of the requests that follow
    sees only the ones before it. Besides, two answers that arrive in the wrong order err in opposite directions.

    Args:
        starts: Per answer, the start in the slot and the time in it, both in seconds, and the rank.
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

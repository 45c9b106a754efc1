"""What the answers of a host say about its slots, beside the rank of a single one. Pure."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

from transforms.fleet.http.answers import Answer

CAP = 128
TOLERANCE_SECONDS = 0.002  # an answer's end and the next one's start may arrive in either order
SAME_MOMENT_SHARE = 0.02  # starts within this share of the time in the slot count as simultaneous
SHORTEST_ROUND = 8
CLIMB_ROUND = 4  # answers counted before the next step, as a multiple of the limit
CLIMB_GAIN = 1.2
CLIMB_STEP = 1.5
CLIMB_TRIES = 2
NOISY_SHARE = 0.15  # of the time in the slot: longer delays outside the host make ranks unreliable
LONGEST_LOADING = 0.5
LONGEST_DEVIATION = 1.7  # standard deviations: the longest of delays that vary evenly, as answers are read in batches
LEAST_ANSWERS = 4


class Times(NamedTuple):
    """Where the time of an answer went on its host, in seconds.

    Attributes:
        total_seconds: All of it.
        load_seconds: Until its model was loaded, or found to be: before it queued for a slot.
        slot_seconds: In a slot.
    """

    total_seconds: float
    load_seconds: float
    slot_seconds: float

    @classmethod
    def of(cls, answer: Answer) -> Times | None:
        """Return the times of an answer; None if its host did not report them."""
        total_ns, slot_ns, load_ns = answer.total_duration_ns, answer.service_duration_ns, answer.load_duration_ns or 0
        if total_ns is None or slot_ns is None:
            return None
        return cls(total_ns / 1e9, load_ns / 1e9, (slot_ns - load_ns) / 1e9)

    @property
    def waited_seconds(self) -> float:
        """In the queue for a slot."""
        return max(0.0, self.total_seconds - self.load_seconds - self.slot_seconds)


class BusySlots:
    """How many slots were busy, by the times in a slot that answers report.

    Attributes:
        most: The most that were busy on average over some answers.
    """

    def __init__(self) -> None:
        self.most = 0.0
        self._answers: deque[tuple[float, float]] = deque()  # when it was read, and its time in the slot
        self._sum = 0.0
        self._since: float | None = None

    def sent(self, now: float) -> None:
        """Note that a request was sent."""
        if self._since is None:
            self._since = now

    def answered(self, now: float, service_seconds: float, window: int) -> None:
        """Note an answer; ``window`` is the number of answers to average over."""
        self._sum += service_seconds
        self._answers.append((now, service_seconds))
        full = len(self._answers) > max(window, SHORTEST_ROUND)
        # Answers that were read together all belong to the time before.
        while full or (self._answers and self._answers[0][0] - (self._since or 0.0) < TOLERANCE_SECONDS):
            self._since, earliest_seconds = self._answers.popleft()
            self._sum -= earliest_seconds
            full = False
        if len(self._answers) >= LEAST_ANSWERS:
            self.most = max(self.most, self._sum / max(now - (self._since or 0.0), TOLERANCE_SECONDS))

    def mean_seconds(self) -> float:
        """Return the mean time in a slot of the latest answers; infinite without any."""
        return self._sum / len(self._answers) if self._answers else math.inf


@dataclass
class Delays:
    """Sums over the answers of a round: where their time went, in seconds.

    Attributes:
        answers: Their number.
        outside, outside_squared: On the way, or waiting to be read; and the sum of the squares.
        loading: Before the queue; a real load is rare, and counts as half of the time in the slot at most.
        waiting: In the host's queue.
        serving: In a slot.
    """

    answers: int = 0
    outside: float = 0.0
    outside_squared: float = 0.0
    loading: float = 0.0
    waiting: float = 0.0
    serving: float = 0.0

    def add(self, outside_seconds: float, times: Times) -> None:
        """Add an answer."""
        self.answers += 1
        self.outside += max(0.0, outside_seconds)
        self.outside_squared += max(0.0, outside_seconds) ** 2
        self.loading += min(times.load_seconds, LONGEST_LOADING * times.slot_seconds)
        self.waiting += times.waited_seconds
        self.serving += times.slot_seconds

    def noisy(self) -> bool:
        """Return whether ranks are unreliable."""
        return self.outside > NOISY_SHARE * self.serving

    def serving_share(self) -> float:
        """Return the share of the time of a request that it is in a slot."""
        return self.serving / self._total()

    def away_share(self) -> float:
        """Return the share of the time of a request in which it is neither in a slot nor in the queue for one.

        Where much of it is spent outside the host, the share is that of the longest delays: while answers are read late
        and many at a time, no slot must run out of work.
        """
        return (self.loading + self.noisy() * self._longest_outside()) / self._total()

    def _longest_outside(self) -> float:
        mean = self.outside / max(1, self.answers)
        deviation = math.sqrt(max(0.0, self.outside_squared / max(1, self.answers) - mean**2))
        return self.answers * (mean + LONGEST_DEVIATION * deviation)

    def _total(self) -> float:
        return max(self.outside + self.loading + self.waiting + self.serving, TOLERANCE_SECONDS)


@dataclass
class Climb:
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


def mean_slots(starts: list[tuple[float, float, int]]) -> float:
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

"""The limit of requests in flight per host: a given number, or one that is detected (``AdaptiveLimit``).

A host does not report its number of slots (OLLAMA_NUM_PARALLEL), and a busy host never refuses a request: requests
beyond its slots wait in its FIFO queue. So the number is detected from the rank of each answer in that queue.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple, Protocol

from transforms.fleet.host.limit_measures import (
    CAP,
    SHORTEST_ROUND,
    TOLERANCE_SECONDS,
    BusySlots,
    Climb,
    Delays,
    Times,
    mean_slots,
)
from transforms.fleet.host.sharing import WHOLE, Share

START = 4
MARGIN = 1.0  # one request more than slots, so that a slot never waits for the network
RELATIVE_MARGIN = 0.10  # noise and round trips look like a queue
EXIT_SECONDS = 0.010  # noise in the wait of an answer that found a free slot
EXIT_SHARE = 0.25
EXIT_RANK_SHARE = 0.10  # of the time in the slot, if the rank shows as well that the answer waited
EXIT_ANSWERS = 3  # answers that waited before growth ends; a single one may be a measurement error
MOST_AT_FIRST, MOST_AGAIN, MOST_IN_NOISE = 2.25, 1.25, 1.5  # limits as multiples of the slots that were busy
STEP_UP = 1.25

INSTANT_SECONDS, MOST_IF_INSTANT = 0.002, 16
"""Where an answer takes less time in a slot than on its way and in this process, the busy slots say little: so many
requests in flight keep such a host busy meanwhile."""


class Limit(Protocol):
    """The limit of a host's requests in flight, as the dispatcher uses it. ``key`` identifies a request in flight."""

    def limit(self) -> int:
        """Return the number of requests that the host may have in flight now."""

    def slots(self) -> int:
        """Return the number of requests that the host processes at once: the limit without its margin."""

    def growing(self) -> bool:
        """Return whether the limit is still searching for the number of slots and learns most from quick answers."""

    def sent(self, key: int, now: float, size: int) -> None:
        """Record that a request with a text of ``size`` characters was sent at ``now``."""

    def gone(self, key: int) -> None:
        """Record that a request failed or was cancelled; it does not affect the limit."""

    def done(self, key: int, now: float, times: Times | None) -> None:
        """Record an answer at ``now``.

        Args:
            key: The request.
            now: The caller's time.
            times: Where the time of the request went on the host; None if the host does not report it.
        """

    def restart(self) -> None:
        """Record that the host returned, possibly with another number of slots."""


class FixedLimit:
    """A limit set by the operator, of which this process has a share."""

    def __init__(self, slots: int, share: Share = WHOLE) -> None:
        self._slots = slots
        self._share = share

    def limit(self) -> int:
        """Return the share of the configured number."""
        return self._share.of(self._slots)

    def slots(self) -> int:
        """Return the share of the configured number."""
        return self._share.of(self._slots)

    def growing(self) -> bool:
        """Return False."""
        return False

    def sent(self, key: int, now: float, size: int) -> None:
        """Do nothing."""

    def gone(self, key: int) -> None:
        """Do nothing."""

    def done(self, key: int, now: float, times: Times | None) -> None:
        """Do nothing."""

    def restart(self) -> None:
        """Do nothing."""


class AdaptiveLimit:
    """A limit that detects a host's slots from the FIFO rank of each answer, and follows changes.

    An answer's rank is the number of requests in slots when it got its own: those that were sent earlier and had not
    ended by then, and itself. A single answer that had to wait reveals the number of slots. Service times do not
    matter, so the estimate holds for texts of any length.

    The limit starts by growing by one per answer that did not wait, until one waits. Then it works in rounds: the next
    limit is the mean rank of a round, plus a margin of one request and 10%, plus the mean number of requests that had
    not reached the queue yet: with a load time of a quarter of the time in a slot, 1.25 requests per slot keep it busy.
    After two rounds without a queue it grows again, because slots were added or another client left. Clients that share
    a host settle at equal shares.

    On a busy machine, answers are read late and many at a time, and their ranks mean little; so do those of answers
    that take hardly longer than their way. Then the slots of a round are the requests in flight that were in one on
    average, by the times that the host reports, and requests on their way are among those that have not reached the
    queue.

    If a proxy hides the durations, the limit climbs as long as more concurrent requests yield more text per second.

    Pure: the caller provides the clock, in seconds.

    Args:
        known_slots: The slots that the host had earlier, if they are known: the limit starts with this process's share
            of them, and does not grow until a round shows that there are more.
        share: Of this process among those of a run that use the host together. They share the margin, too.
    """

    def __init__(self, known_slots: int | None = None, share: Share = WHOLE) -> None:
        self._share = share
        self._start = max(1, START // share.processes)
        self._away = 0.0  # of the requests in flight, those that are neither in a slot nor in the queue for one
        self._become(float(self._start))
        self._growing = known_slots is None
        self._most_per_busy_slot: float = MOST_AT_FIRST
        self._sequence = 0
        self._mark = 0  # requests up to this sequence number were sent under an older limit
        self._rounds_without_queue = 0
        self._in_flight: dict[int, _InFlight] = {}
        self._recent: deque[tuple[int, float]] = deque(maxlen=128)  # sequence and end of the latest answers
        self._climb = Climb()
        self._waited: list[int] = []  # ranks of answers that waited while the limit grew
        self._busy = BusySlots()
        self._reset_round()
        if known_slots is not None:
            self._set(max(1, share.of(known_slots)), 0.0)

    def _reset_round(self) -> None:
        self._starts: list[tuple[float, float, int]] = []  # per answer of the round: start and time in the slot, rank
        self._loads = 0
        self._delays = Delays()

    @property
    def _margin(self) -> float:
        return MARGIN / self._share.processes

    def limit(self) -> int:
        """Return the number of requests that the host may have in flight now."""
        return self._whole

    def _become(self, limit: float, slots: float | None = None) -> None:
        self._limit = min(CAP, limit)  # stays fractional, so that unequal shares of several clients are no fixed point
        self._whole = max(1, int(self._limit + 0.5))
        found = (self._limit - self._margin - self._away) / (1 + RELATIVE_MARGIN)
        self._slots = found if slots is None else slots

    def slots(self) -> int:
        """Return the number of slots detected so far."""
        return max(1, int(self._slots + 0.5))

    def growing(self) -> bool:
        """Return whether no answer had to wait yet, so that there may be more slots."""
        return self._growing and self._limit < CAP

    def sent(self, key: int, now: float, size: int) -> None:
        """Record that a request was sent. Only requests that reached the limit affect it."""
        self._busy.sent(now)
        self._sequence += 1
        in_flight = len(self._in_flight) + 1
        reached = in_flight >= (self.limit() / 2 if self._growing else self.limit())
        self._in_flight[key] = _InFlight(self._sequence, in_flight, reached, size, now)

    def gone(self, key: int) -> None:
        """Record that a request failed or was cancelled."""
        self._in_flight.pop(key, None)

    def done(self, key: int, now: float, times: Times | None) -> None:
        """Record an answer at ``now``, and adapt the limit."""
        sequence, in_flight, reached, size, sent_at = self._in_flight.pop(key)
        if times is None:
            self._growing = False
            if reached and sequence > self._mark and self._climb.answered(now, self._limit, size):
                self._become(self._climb.limit)
                self._mark = self._sequence
            return
        began = now - times.slot_seconds
        self._busy.answered(now, times.slot_seconds, self.limit())
        if not reached:
            pass
        elif self._growing:
            self._delays.add(now - sent_at - times.total_seconds, times)
            self._grow(sequence, began, times.waited_seconds, times.slot_seconds, in_flight)
        elif sequence > self._mark:
            self._learn(began, times.slot_seconds, min(self._rank(sequence, began), in_flight), in_flight)
            self._delays.add(now - sent_at - times.total_seconds, times)
        self._recent.append((sequence, now))

    def _grow(self, sequence: int, began: float, waited_seconds: float, slot_seconds: float, in_flight: int) -> None:
        total_seconds = waited_seconds + slot_seconds
        held = max(self._rank(sequence, began), self._rank(sequence, began - 2 * TOLERANCE_SECONDS) - 1)
        # Whether other requests had to end before this one got a slot, and whether it took longer than noise does.
        behind = held < in_flight - 1
        noticed = waited_seconds > max(TOLERANCE_SECONDS, EXIT_RANK_SHARE * slot_seconds)
        if waited_seconds > max(EXIT_SECONDS, EXIT_SHARE * total_seconds) or (behind and noticed):
            self._waited.append(min(held, in_flight))
            if len(self._waited) == EXIT_ANSWERS:
                self._stop_growing()
            return
        if self._waited:
            if in_flight > max(self._waited) + 1:
                self._waited.clear()  # more requests than that found a slot each
            return
        if (held >= in_flight or not noticed) and self._limit < self._most():
            self._become(self._limit + 1)

    def _most(self) -> float:
        """Return a limit that is not worth exceeding: more requests would wait somewhere, whatever the ranks say."""
        share = self._most_per_busy_slot if self._growing else MOST_IN_NOISE
        least = MOST_IF_INSTANT if self._busy.mean_seconds() < INSTANT_SECONDS else 2.0 * self._start
        return max(least, share * self._busy.most + self._margin)

    def _rank(self, sequence: int, began: float) -> int:
        """Return the place of an answered request in the queue of the host when its time in a slot began."""
        rank = 1
        for other in self._in_flight.values():  # in the order in which they were sent
            if other.sequence > sequence:
                break
            rank += 1
        for earlier, ended in reversed(self._recent):
            if ended <= began + TOLERANCE_SECONDS:
                break
            rank += earlier < sequence
        return rank

    def _stop_growing(self) -> None:
        self._growing = False
        if not self._delays.noisy():
            self._set(sorted(self._waited)[len(self._waited) // 2], self._limit)
        self._waited.clear()
        self._mark = self._sequence
        self._reset_round()

    def _learn(self, began: float, slot_seconds: float, rank: int, in_flight: int) -> None:
        if len(self._starts) >= max(SHORTEST_ROUND, self.limit()) and began > self._starts[-1][0] + TOLERANCE_SECONDS:
            self._end_round()
        self._starts.append((began, slot_seconds, rank))
        self._loads += in_flight

    def _end_round(self) -> None:
        in_flight = self._loads / len(self._starts)
        # Of the requests in flight, as many are in slots as the share of the time that each of them is in one.
        noisy = self._delays.noisy()
        slots = in_flight * self._delays.serving_share() if noisy else mean_slots(self._starts)
        self._set(slots, in_flight)
        queue = in_flight - self._away - slots
        short = not noisy and queue < 0.25 * (self._margin + RELATIVE_MARGIN * slots)
        self._rounds_without_queue = self._rounds_without_queue + 1 if short else 0
        if self._rounds_without_queue >= 2:
            # By now it is known how many slots are busy, and ranks that are too low may be all that is wrong.
            self._growing, self._most_per_busy_slot, self._rounds_without_queue = True, MOST_AGAIN, 0
        self._mark = self._sequence - len(self._in_flight)
        self._reset_round()

    def _set(self, slots: float, in_flight: float) -> None:
        self._away = self._delays.away_share() * in_flight
        wanted = slots * (1 + RELATIVE_MARGIN) + self._margin + self._away
        if self._delays.noisy():
            wanted = min(wanted, STEP_UP * self._limit + 1, self._most())
        self._become(max(1.0, wanted), slots)

    def restart(self) -> None:
        """Record that the host returned. The slots that were found are taken to be the same until a round shows others.

        If they were still being searched for, the limit grows again from the start value.
        """
        if self._growing:
            self._become(min(self._limit, float(self._start)))
            self._most_per_busy_slot = MOST_AT_FIRST
        self._rounds_without_queue = 0
        self._mark = self._sequence
        self._recent.clear()
        self._waited.clear()
        self._climb = Climb()
        self._busy = BusySlots()
        self._reset_round()


class _InFlight(NamedTuple):
    """A request in flight.

    Attributes:
        sequence: Its sequence number.
        in_flight: The number of requests in flight when it was sent, including itself.
        reached: Whether that number reached the limit.
        size: The characters of its text.
        sent_at: When it was sent, in seconds.
    """

    sequence: int
    in_flight: int
    reached: bool
    size: int
    sent_at: float

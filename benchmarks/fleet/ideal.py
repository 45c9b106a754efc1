"""The ideal makespan, in which every slot of every healthy host is busy until the last answer. Arithmetic only.

It is a lower bound that no client reaches: it has no start-up, no network and no last request that runs alone. Work is
counted in slot-seconds at speed 1, once per answered row; repeated requests and work lost with a host count against
the client.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence


def host_rate(slots: int, speed: float, contention: float = 0.0) -> float:
    """Slot-seconds of work (at speed 1) that a host completes per second with all slots busy.

    With ``contention`` c, each concurrent request slows the others: ``slots`` requests take 1 + c (slots - 1) times as
    long. For c <= 1 no smaller concurrency gives more throughput, so full slots are optimal.
    """
    return slots * speed / (1 + contention * (slots - 1))


def ideal_seconds(work: float, rates: Sequence[tuple[float, float]]) -> float:
    """The least time in seconds in which ``work`` slot-seconds can be completed.

    ``rates`` are pairs of a start time (seconds after the start of the run) and the fleet's rate from then on, in order
    of time. The first pair must start at 0.

    Raises:
        ValueError: The first rate does not start at 0, the times are not in order, or the work can't be completed.
    """
    if not rates or rates[0][0] != 0:
        raise ValueError("the first rate must start at 0")
    for number, (begin, rate) in enumerate(rates):
        end = rates[number + 1][0] if number + 1 < len(rates) else float("inf")
        if end < begin:
            raise ValueError(f"the rate that starts at {begin} s ends at {end} s")
        if rate > 0 and work <= rate * (end - begin):
            return begin + work / rate
        if rate > 0:
            work -= rate * (end - begin)
    raise ValueError(f"{work} slot-seconds of work remain, but the last rate is 0")


Hosts = Sequence[tuple[int, float]]
"""The slots and the speed of each host."""

STOPS = (0.0, 0.25, 0.5, 1.0, 1.5, 2.0)


def best_seconds(works: Sequence[float], hosts: Hosts) -> float:
    """The makespan of a client that knows all ``works`` in advance: the longest first, to where it ends soonest."""
    slots = [(0.0, 1 / speed) for number, speed in hosts for _ in range(number)]
    for work in sorted(works, reverse=True):
        number = min(range(len(slots)), key=lambda each: slots[each][0] + work * slots[each][1])
        slots[number] = (slots[number][0] + work * slots[number][1], slots[number][1])
    return max(end for end, _ in slots)


def best_blind_seconds(works: Sequence[float], hosts: Hosts) -> float:
    """The makespan of a client that knows slots, speeds and the mean of ``works``, but none of them before its end.

    It is flattering: once all texts are sent, each has a second request on the fastest host at once, and how early
    slower slots stop taking texts is chosen afterwards.
    """
    return min(_blind_seconds(works, hosts, stop) for stop in STOPS)


def _blind_seconds(works: Sequence[float], hosts: Hosts, stop: float) -> float:
    """The same if a slot takes no text when the time left is below ``stop`` times what the fastest would save."""
    fastest, mean = max(speed for _, speed in hosts), sum(works) / len(works)
    ideal = sum(works) / sum(number * speed for number, speed in hosts)
    slots = [(0.0, -speed) for number, speed in hosts for _ in range(number)]
    began = 0.0
    ends = []
    for work in works:
        while True:
            began, speed = heapq.heappop(slots)
            if -speed == fastest or ideal - began >= stop * mean * (1 / -speed - 1 / fastest):
                break
        ends.append((began + work / -speed, work))
        heapq.heappush(slots, (ends[-1][0], speed))
    return max(min(end, began + work / fastest) if end > began else end for end, work in ends)

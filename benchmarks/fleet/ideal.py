"""The ideal: every slot of every healthy host is busy until the last answer. Arithmetic only.

It is a bound that no client reaches: the ideal has no start, no network, and no last request that runs alone. Work is
counted in slot-seconds at speed 1, for the rows that were answered, each once; what a client sends twice, or what a
host was doing when it died, is the client's loss.
"""

from __future__ import annotations

from collections.abc import Sequence


def host_rate(slots: int, speed: float, contention: float = 0.0) -> float:
    """Slot-seconds of work (at speed 1) that a host does in a second with all slots busy.

    With ``contention`` c each request in work slows the others: ``slots`` at once take 1 + c (slots - 1) times as long.
    For c <= 1 no smaller number of requests gives more, so full slots are the best there is.
    """
    return slots * speed / (1 + contention * (slots - 1))


def ideal_seconds(work: float, rates: Sequence[tuple[float, float]]) -> float:
    """How long ``work`` slot-seconds take at best.

    ``rates`` are the fleet's rates and the seconds after the start from which each holds, in order of time; the first
    one holds from 0 on, the last one for ever.

    Raises:
        ValueError: The first rate does not hold from 0 on, times go back, or the work never ends.
    """
    if not rates or rates[0][0] != 0:
        raise ValueError("the first rate must hold from 0 on")
    for number, (begin, rate) in enumerate(rates):
        end = rates[number + 1][0] if number + 1 < len(rates) else float("inf")
        if end < begin:
            raise ValueError(f"the rate from {begin} s on ends at {end} s")
        if rate > 0 and work <= rate * (end - begin):
            return begin + work / rate
        if rate > 0:
            work -= rate * (end - begin)
    raise ValueError(f"{work} slot-seconds of work are left that no host will ever do")

"""How much of the texts in flight a host has translated, estimated from its speed. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from itertools import islice

from transforms.fleet.host.traffic import Traffic

UNANSWERED_SHARE = 0.95
"""A request that has not been answered is not done, however long it takes."""


def characters_in_progress(requests: Iterable[tuple[float, int]], slots: int, traffic: Traffic) -> float:
    """Estimate how many characters of the texts in flight are translated: all of the slots work, the rest waits.

    Without it, an estimate of the time left counts long texts as not begun until they are answered, and those are sent
    first.

    Args:
        requests: Seconds since each request in flight was sent, and characters of its text; the oldest first.
        slots: Requests that the host processes at once.
        traffic: What the host has answered.

    >>> answered = Traffic(answers=1, characters=100, eval_ns=10**9)
    >>> characters_in_progress([(2.0, 500), (2.0, 150), (9.0, 9000)], 2, answered)
    342.5
    """
    busy_ns = traffic.prompt_eval_ns + traffic.eval_ns
    if not busy_ns:
        return 0.0
    speed = 1e9 * traffic.characters / busy_ns
    queue_seconds = statistics.mean(traffic.queue_seconds or (0.0,))
    return sum(
        min(UNANSWERED_SHARE * size, speed * max(0.0, seconds - queue_seconds))
        for seconds, size in islice(requests, slots)
    )

"""A host with hidden slots that several processes share, on a virtual clock."""

from __future__ import annotations

import heapq
import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from transforms.fleet.limit_measures import Times
from transforms.fleet.limits import Limit


@dataclass
class Shared:
    """What was seen at the host: requests of all processes in flight after each answer, and the makespan in seconds."""

    in_flight: list[int]
    makespan: float
    ideal: float


def share(slots: int, limits: Sequence[Limit], texts: int, seed: int) -> Shared:
    """Let processes with these limits translate one queue of texts on a host that serves requests in order."""
    draw = random.Random(seed)
    work = deque(draw.lognormvariate(0.0, 0.6) for _ in range(texts))
    ideal = sum(work) / slots
    waiting: deque[tuple[int, int, float, float]] = deque()
    running: list[tuple[float, int, int, float, float]] = []
    in_flight = [0 for _ in limits]
    seen: list[int] = []
    now, key = 0.0, 0
    while True:
        for client in draw.sample(range(len(limits)), len(limits)):
            while work and in_flight[client] < limits[client].limit():
                in_flight[client] += 1
                key += 1
                limits[client].sent(key, now, 100)
                waiting.append((client, key, now, work.popleft()))
        while waiting and len(running) < slots:
            client, number, sent_at, seconds = waiting.popleft()
            heapq.heappush(running, (now + seconds, client, number, now - sent_at, seconds))
        if not running:
            return Shared(seen, now, ideal)
        now, client, number, waited, seconds = heapq.heappop(running)
        seen.append(sum(in_flight))
        in_flight[client] -= 1
        limits[client].done(number, now, Times(waited + seconds, 0.0, seconds))

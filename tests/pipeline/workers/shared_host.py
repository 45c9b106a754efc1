"""A host with hidden slots that several processes share, on a virtual clock."""

from __future__ import annotations

import heapq
import itertools
import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from transforms.fleet.host_state import HostView
from transforms.fleet.limit_measures import Times
from transforms.fleet.limits import Limit
from transforms.fleet.traffic import Traffic

URL = "http://gpu0:11434"

Report = Callable[[int, HostView, float], None]
"""Takes the number of a worker, what it reports of the host, and the time in seconds."""


@dataclass
class Shared:
    """What was seen at the host: requests of all processes in flight after each answer, and the makespan in seconds."""

    in_flight: list[int] = field(default_factory=list)
    makespan: float = 0.0
    ideal: float = 0.0


@dataclass(eq=False)
class _Client:
    limit: Limit
    work: deque[float]
    starts_at: float
    in_flight: int = 0
    traffic: Traffic = field(default_factory=Traffic)

    def view(self) -> HostView:
        limit, traffic = self.limit.limit(), self.traffic.copy()
        return HostView(URL, "healthy", self.in_flight, limit, traffic=traffic, slots=self.limit.slots())


@dataclass(eq=False)
class _Request:
    client: _Client
    key: int
    sent_at: float
    seconds: float
    arrived_at: float = 0.0
    began_at: float = 0.0


def share(
    slots: int,
    limits: Sequence[Limit],
    texts: int,
    seed: int,
    *,
    mean_seconds: float = 1.2,
    way_seconds: float = 0.0,
    parts: Sequence[int] = (),
    starts: Sequence[float] = (),
    report: Report | None = None,
) -> Shared:
    """Let processes with these limits translate texts on a host that serves requests in order.

    Args:
        slots: Of the host.
        limits: Of the processes.
        texts: Number of texts.
        seed: Of the times of their answers, and of the ways.
        mean_seconds: In a slot.
        way_seconds: The most that a request or an answer is on its way.
        parts: The part of the texts of each process; all take them from one queue if it is empty.
        starts: When each process begins, in seconds.
        report: Called for each process once per second.
    """
    draw = random.Random(seed)
    work = deque(mean_seconds / 1.2 * draw.lognormvariate(0.0, 0.6) for _ in range(texts))
    found = Shared(ideal=sum(work) / slots)
    own = [deque(work.popleft() for _ in range(texts * part // sum(parts))) for part in parts]
    queues = own or [work for _ in limits]
    times = starts or [0.0 for _ in limits]
    clients = [_Client(limit, texts, at) for limit, texts, at in zip(limits, queues, times, strict=True)]
    events: list[tuple[float, int, str, _Request | None]] = []
    order = itertools.count()
    waiting: deque[_Request] = deque()
    now, running, left = 0.0, 0, sum(map(len, own)) or texts

    def later(what: str, request: _Request | None, seconds: float) -> None:
        heapq.heappush(events, (now + seconds, next(order), what, request))

    for at in times:
        later("start", None, at)
    later("report", None, 1.0)
    while left:
        now, _, what, request = heapq.heappop(events)
        if what == "report":
            for number, client in enumerate(clients):
                if report is not None and client.starts_at < now:
                    report(number, client.view(), now)
            later("report", None, 1.0)
        elif what == "arrive" and request is not None:
            request.arrived_at = now
            waiting.append(request)
        elif what == "end":
            running -= 1
            later("read", request, draw.uniform(0.0, way_seconds))
        elif what == "read" and request is not None:
            client, waited, left = request.client, request.began_at - request.arrived_at, left - 1
            client.in_flight -= 1
            client.traffic.answers += 1
            client.traffic.eval_ns += int(1e9 * request.seconds)
            client.traffic.queue_ns += int(1e9 * waited)
            client.limit.done(request.key, now, Times(waited + request.seconds, 0.0, request.seconds))
            found.in_flight.append(1 + sum(each.in_flight for each in clients))
        for client in draw.sample(clients, len(clients)):
            while client.work and client.starts_at <= now and client.in_flight < client.limit.limit():
                client.in_flight += 1
                sent = _Request(client, next(order), now, client.work.popleft())
                client.limit.sent(sent.key, now, 100)
                later("arrive", sent, draw.uniform(0.0, way_seconds))
        while waiting and running < slots:
            running += 1
            begun = waiting.popleft()
            begun.began_at = now
            later("end", begun, begun.seconds)
    found.makespan = now
    return found

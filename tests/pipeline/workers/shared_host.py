"""A host with hidden slots that several processes share, on a virtual clock."""

from __future__ import annotations

import heapq
import itertools
import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from transforms.fleet.host.host_state import HostView
from transforms.fleet.host.limit_measures import Times
from transforms.fleet.host.limits import Limit
from transforms.fleet.host.traffic import Traffic

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

    def may_send(self, now: float) -> bool:
        return bool(self.work) and self.starts_at <= now and self.in_flight < self.limit.limit()

    def take(self, request: _Request, now: float) -> None:
        """Take the answer to a request that this process has sent."""
        waited = request.began_at - request.arrived_at
        self.in_flight -= 1
        self.traffic.answers += 1
        self.traffic.eval_ns += int(1e9 * request.seconds)
        self.traffic.queue_ns += int(1e9 * waited)
        self.limit.done(request.key, now, Times(waited + request.seconds, 0.0, request.seconds))


@dataclass(eq=False)
class _Request:
    client: _Client
    key: int
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
    ideal = sum(work) / slots
    own = [deque(work.popleft() for _ in range(texts * part // sum(parts))) for part in parts]
    queues = own or [work for _ in limits]
    times = starts or [0.0 for _ in limits]
    clients = [_Client(limit, texts, at) for limit, texts, at in zip(limits, queues, times, strict=True)]
    simulation = _Simulation(slots, clients, draw, way_seconds, report, Shared(ideal=ideal))
    return simulation.run(sum(map(len, own)) or texts)


class _Simulation:
    """The events at the host, in order of their time."""

    def __init__(
        self,
        slots: int,
        clients: Sequence[_Client],
        draw: random.Random,
        way_seconds: float,
        report: Report | None,
        found: Shared,
    ) -> None:
        self._slots = slots
        self._clients = clients
        self._draw = draw
        self._way_seconds = way_seconds
        self._report = report
        self._found = found
        self._now = 0.0
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._waiting: deque[_Request] = deque()
        self._running = 0

    def run(self, texts: int) -> Shared:
        """Let the processes translate until each of the texts has its answer."""
        for client in self._clients:
            self._after(client.starts_at, lambda: None)  # it sends as soon as the time has come
        self._after(1.0, self._report_all)
        while len(self._found.in_flight) < texts:
            self._now, _, happen = heapq.heappop(self._events)
            happen()
            self._send_all()
            self._begin_all()
        self._found.makespan = self._now
        return self._found

    def _after(self, seconds: float, happen: Callable[[], None]) -> None:
        heapq.heappush(self._events, (self._now + seconds, next(self._order), happen))

    def _way(self) -> float:
        return self._draw.uniform(0.0, self._way_seconds)

    def _report_all(self) -> None:
        for number, client in enumerate(self._clients):
            if self._report is not None and client.starts_at < self._now:
                self._report(number, client.view(), self._now)
        self._after(1.0, self._report_all)

    def _send_all(self) -> None:
        for client in self._draw.sample(self._clients, len(self._clients)):
            while client.may_send(self._now):
                client.in_flight += 1
                request = _Request(client, next(self._order), client.work.popleft())
                client.limit.sent(request.key, self._now, 100)
                self._after(self._way(), partial(self._arrive, request))

    def _arrive(self, request: _Request) -> None:
        request.arrived_at = self._now
        self._waiting.append(request)

    def _begin_all(self) -> None:
        while self._waiting and self._running < self._slots:
            self._running += 1
            request = self._waiting.popleft()
            request.began_at = self._now
            self._after(request.seconds, partial(self._end, request))

    def _end(self, request: _Request) -> None:
        self._running -= 1
        self._after(self._way(), partial(self._answer, request))

    def _answer(self, request: _Request) -> None:
        request.client.take(request, self._now)
        self._found.in_flight.append(1 + sum(client.in_flight for client in self._clients))

"""Simulated hosts on a virtual clock, so that thousands of runs of the dispatcher take seconds."""

from __future__ import annotations

import heapq
import itertools
import random
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from transforms.fleet.answers import Answer
from transforms.fleet.breaker import Breaker
from transforms.fleet.deadlines import Deadline
from transforms.fleet.dispatch import Dispatcher, HostState, Job, Verdict
from transforms.fleet.faults import Failure, RequestFailed
from transforms.fleet.limits import AdaptiveLimit, FixedLimit

DEADLINE_SECONDS = 60.0


@dataclass
class SimulatedHost:
    """A host with hidden FIFO slots.

    Attributes:
        slots: Its hidden NUM_PARALLEL.
        speed: Work done in a second of one slot.
        faults: Share of requests by failure.
        down: Times from and to which every request is refused at once.
        hangs_from: When it stops answering for good.
        limit: Given to the dispatcher; None to let it find out.
    """

    slots: int = 4
    speed: float = 1.0
    faults: dict[Failure, float] = field(default_factory=dict)
    down: tuple[float, float] = (0.0, 0.0)
    hangs_from: float = float("inf")
    limit: int | None = None
    running: set[int] = field(default_factory=set)
    waiting: deque[tuple[int, float, float]] = field(default_factory=deque)


@dataclass
class Outcome:
    """What a simulated run did."""

    answered: Counter[int]
    rejected: Counter[int]
    makespan: float
    requests: Counter[str]
    peaks: Counter[str]
    states: dict[str, HostState]
    copies: int = 0


class Simulation:
    """Runs jobs of given work through a dispatcher until all have ended."""

    def __init__(self, hosts: Sequence[SimulatedHost], work: Sequence[float], seed: int = 0) -> None:
        self.random = random.Random(seed)
        self.hosts = {f"http://host{number}:11434": host for number, host in enumerate(hosts)}
        self.dispatcher = Dispatcher(
            HostState(
                url,
                AdaptiveLimit() if host.limit is None else FixedLimit(host.limit),
                Breaker(random.Random(seed)),
                Deadline(DEADLINE_SECONDS),
                ready=True,
            )
            for url, host in self.hosts.items()
        )
        self.work = {Job(size=int(1000 * seconds)): (number, seconds) for number, seconds in enumerate(work)}
        self.now = 0.0
        self.events: list[tuple[float, int, str, int, object]] = []
        self.order = itertools.count()
        self.sent: dict[int, tuple[Job, str, float]] = {}
        self.outcome = Outcome(Counter(), Counter(), 0.0, Counter(), Counter(), self.dispatcher.hosts)

    def at(self, when: float, what: str, key: int, value: object = None) -> None:
        heapq.heappush(self.events, (when, next(self.order), what, key, value))

    def run(self) -> Outcome:
        for job in self.work:
            self.dispatcher.add(job)
        self.pump()
        while self.events:
            self.now, _, what, key, value = heapq.heappop(self.events)
            if what == "wake":
                self.pump()
            elif key in self.sent:
                {"answer": self.answer, "fail": self.fail}[what](key, value)
                self.pump()
        assert not self.dispatcher.pending
        assert not self.dispatcher.in_flight
        return self.outcome

    def pump(self) -> None:
        while (chosen := self.dispatcher.next(self.now)) is not None:
            key, job, state = chosen
            self.sent[key] = (job, state.url, self.now)
            self.outcome.requests[state.url] += 1
            self.outcome.peaks[state.url] = max(self.outcome.peaks[state.url], state.in_flight)
            if state.breaker.closed:
                assert state.in_flight <= state.limit.limit()
            self.receive(key, job, state)
        due = self.dispatcher.next_probe_at() if self.dispatcher.pending else self.dispatcher.next_copy_at()
        if due is not None:
            self.at(max(due, self.now), "wake", -1)

    def receive(self, key: int, job: Job, state: HostState) -> None:
        host = self.hosts[state.url]
        if host.down[0] <= self.now < host.down[1]:
            self.at(self.now, "fail", key, Failure.CONNECTION_REFUSED)
            return
        self.at(self.now + state.deadline.seconds(100, job.charged), "fail", key, Failure.TIMEOUT)
        if self.now >= host.hangs_from:
            return
        service = self.work[job][1] / host.speed
        if len(host.running) < host.slots:
            self.begin(host, key, service, self.now)
        else:
            host.waiting.append((key, service, self.now))

    def begin(self, host: SimulatedHost, key: int, service: float, arrived: float) -> None:
        host.running.add(key)
        drawn = self.random.random()
        for failure, share in host.faults.items():
            drawn -= share
            if drawn < 0:
                self.at(self.now + 0.2 * service, "fail", key, failure)
                return
        self.at(self.now + service, "answer", key, (service, self.now + service - arrived))

    def leave(self, key: int) -> tuple[Job, str]:
        job, url, _ = self.sent.pop(key)
        host = self.hosts[url]
        host.running.discard(key)
        host.waiting = deque(entry for entry in host.waiting if entry[0] != key)
        while host.waiting and len(host.running) < host.slots and self.now < host.hangs_from:
            next_key, service, arrived = host.waiting.popleft()
            self.begin(host, next_key, service, arrived)
        return job, url

    def answer(self, key: int, value: object) -> None:
        assert isinstance(value, tuple)
        service, total = value
        if self.now >= self.hosts[self.sent[key][1]].hangs_from:
            return
        job, url = self.leave(key)
        nanoseconds = int(service * 1e9)
        answer = Answer("English", url, "stop", int(total * 1e9), 0, 0, nanoseconds, 10, 100)
        self.dispatcher.answered(key, self.now, answer)
        self.end_copies(job)
        self.outcome.answered[self.work[job][0]] += 1
        self.outcome.makespan = self.now

    def fail(self, key: int, value: object) -> None:
        assert isinstance(value, Failure)
        job, url = self.leave(key)
        verdict, _ = self.dispatcher.failed(key, self.now, RequestFailed(value, "simulated", url))
        if verdict is Verdict.REJECT:
            self.outcome.rejected[self.work[job][0]] += 1
            self.end_copies(job)
        elif verdict is Verdict.RETRY:
            self.dispatcher.add(job)
        else:
            assert verdict is Verdict.WAIT

    def end_copies(self, job: Job) -> None:
        for key in list(job.running):
            self.outcome.copies += 1
            self.leave(key)
            self.dispatcher.cancelled(key, self.now)

"""Simulated hosts on a virtual clock, so that thousands of runs of the dispatcher take seconds."""

from __future__ import annotations

import heapq
import itertools
import math
import random
from collections import Counter, deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from transforms.fleet.dispatch.dispatcher import Dispatcher
from transforms.fleet.dispatch.verdicts import Verdict
from transforms.fleet.faults import Failure, RequestFailed
from transforms.fleet.host.breaker import Breaker
from transforms.fleet.host.deadlines import Deadline
from transforms.fleet.host.host_state import HostState, ServedModel
from transforms.fleet.host.limits import AdaptiveLimit, FixedLimit
from transforms.fleet.http.answers import Answer
from transforms.fleet.jobs import Job

DEADLINE_SECONDS = 60.0


@dataclass
class SimulatedHost:
    """A host with hidden FIFO slots.

    Attributes:
        slots: The hidden number of slots.
        speed: The work that a slot does per second.
        faults: The share of failing requests by failure.
        down: The start and the end of a period in which every request is refused immediately.
        hangs_from: The time at which the host stops answering for good.
        limit: The limit given to the dispatcher; None to let it detect the slots.
        known_slots: The slots found in an earlier run; None for none.
        models: The host's models; the first one is loaded at the start.
        load_seconds: The time that a change of the model takes.
        arrival_seconds: The time that each request takes before it queues for a slot; Ollama reports it as load time.
        delay_seconds: The maximum delay between the release of a slot and the arrival of its answer.
        hides_durations: Whether answers have no durations, as behind some proxies.
    """

    slots: int = 4
    speed: float = 1.0
    faults: dict[Failure, float] = field(default_factory=dict)
    down: tuple[float, float] = (0.0, 0.0)
    hangs_from: float = float("inf")
    limit: int | None = None
    known_slots: int | None = None
    models: tuple[str, ...] = ("",)
    load_seconds: float = 10.0
    arrival_seconds: float = 0.0
    delay_seconds: float = 0.0
    hides_durations: bool = False
    running: set[int] = field(default_factory=set)
    waiting: deque[tuple[int, float, float]] = field(default_factory=deque)

    def new_served_model(self, model: str) -> ServedModel:
        """Return the dispatcher's initial record of a model on the host."""
        limit = AdaptiveLimit(self.known_slots) if self.limit is None else FixedLimit(self.limit)
        return ServedModel(limit, Deadline(DEADLINE_SECONDS))


@dataclass
class Outcome:
    """The result of a simulated run; ``limits`` has the limit of a host after each of its answers."""

    answered: Counter[int]
    rejected: Counter[int]
    makespan: float
    requests: Counter[str]
    peaks: Counter[str]
    states: dict[str, HostState]
    copies: int = 0
    checks: int = 0
    loads: Counter[str] = field(default_factory=Counter)
    limits: dict[str, list[int]] = field(default_factory=dict)


class Simulation:
    """Runs jobs of given work through a dispatcher until all have ended.

    A busy client reads the answers that have arrived only every ``lag_seconds``. Rows whose numbers are in ``poison``
    crash every host that receives them, with all requests in its slots.
    """

    def __init__(
        self,
        hosts: Sequence[SimulatedHost],
        work: Sequence[float],
        seed: int = 0,
        models: Sequence[str] = ("",),
        poison: Collection[int] = (),
        lag_seconds: float = 0.0,
    ) -> None:
        self.poison = poison
        self.lag_seconds = lag_seconds
        self.random = random.Random(seed)
        self.hosts = {f"http://host{number}:11434": host for number, host in enumerate(hosts)}
        self.dispatcher = Dispatcher(
            HostState(
                url,
                Breaker(random.Random(seed)),
                host.new_served_model,
                host.models[0],
                dict.fromkeys(host.models, "digest"),
                ready=True,
            )
            for url, host in self.hosts.items()
        )
        self.work = {
            Job(max(1, int(1000 * seconds)), models[number % len(models)]): (number, seconds)
            for number, seconds in enumerate(work)
        }
        self.now = 0.0
        self.wakes_at = -1.0
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
            elif what == "loaded":
                self.loaded(str(value))
            elif what == "slots":
                assert isinstance(value, int)
                for host in self.hosts.values():
                    host.slots = value
            elif what == "repaired":
                for host in self.hosts.values():
                    host.faults = {}
            elif what == "free":
                self.free(key, str(value))
            elif key in self.sent:
                {"queue": self.queue, "answer": self.answer, "fail": self.fail, "crash": self.crash}[what](key, value)
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
            assert job.model == state.model
            if job.health_check:
                self.work[job] = (-1, 0.1)
                self.outcome.checks += 1
            self.receive(key, job, state)
        while (change := self.dispatcher.next_change()) is not None:
            self.load(*change)
        due = self.dispatcher.next_wake_at(self.now)
        if due is not None and not self.now < self.wakes_at <= max(due, self.now):
            self.wakes_at = max(due, self.now)
            self.at(self.wakes_at, "wake", -1)

    def load(self, state: HostState, model: str) -> None:
        assert not state.in_flight
        host = self.hosts[state.url]
        state.model, state.ready = model, False
        self.outcome.loads[state.url] += 1
        self.at(self.now + host.load_seconds, "loaded", -1, state.url)

    def loaded(self, url: str) -> None:
        state = self.dispatcher.hosts[url]
        state.served.load_seconds, state.ready = self.hosts[url].load_seconds, True
        self.pump()

    def receive(self, key: int, job: Job, state: HostState) -> None:
        host = self.hosts[state.url]
        if host.down[0] <= self.now < host.down[1]:
            self.at(self.now, "fail", key, Failure.CONNECTION_REFUSED)
            return
        num_predict = 2 * self.tokens(job) + 128
        self.at(self.now + state.deadline.seconds(num_predict, job.charged), "fail", key, Failure.TIMEOUT)
        if self.now >= host.hangs_from:
            return
        if host.arrival_seconds:
            self.at(self.now + host.arrival_seconds, "queue", key, None)
        else:
            self.queue(key, None)

    def queue(self, key: int, value: object) -> None:
        """Give the request a slot, or a place in the queue for one."""
        assert value is None
        job, url, sent_at = self.sent[key]
        host = self.hosts[url]
        service = self.work[job][1] / host.speed
        if len(host.running) < host.slots:
            self.begin(host, key, service, sent_at)
        else:
            host.waiting.append((key, service, sent_at))

    def begin(self, host: SimulatedHost, key: int, service: float, arrived: float) -> None:
        host.running.add(key)
        if self.work[self.sent[key][0]][0] in self.poison:
            self.at(self.now + 0.2 * service, "crash", key)
            return
        drawn = self.random.random()
        for failure, share in host.faults.items():
            drawn -= share
            if drawn < 0:
                self.at(self.now + 0.2 * service, "fail", key, failure)
                return
        self.at(self.now + service, "free", key, self.sent[key][1])
        delay = self.random.uniform(0, host.delay_seconds)
        self.at(self._read_at(self.now + service + delay), "answer", key, (service, self.now + service - arrived))

    def _read_at(self, arrives_at: float) -> float:
        """Return when the client reads an answer."""
        lag = self.lag_seconds
        return math.ceil(arrives_at / lag) * lag if lag else arrives_at

    def free(self, key: int, url: str) -> None:
        """Release the slot of a request if it still has one, and give it to the next waiting request."""
        host = self.hosts[url]
        if self.now >= host.hangs_from:
            return
        host.running.discard(key)
        while host.waiting and len(host.running) < host.slots:
            next_key, service, arrived = host.waiting.popleft()
            self.begin(host, next_key, service, arrived)

    def leave(self, key: int) -> tuple[Job, str]:
        job, url, _ = self.sent.pop(key)
        host = self.hosts[url]
        host.waiting = deque(entry for entry in host.waiting if entry[0] != key)
        self.free(key, url)
        return job, url

    def answer(self, key: int, value: object) -> None:
        assert isinstance(value, tuple)
        service, total = value
        if self.now >= self.hosts[self.sent[key][1]].hangs_from:
            return
        job, url = self.leave(key)
        total_ns, service_ns = int(total * 1e9), int(service * 1e9)
        load_ns = int(self.hosts[url].arrival_seconds * 1e9)
        answer = Answer("English", url, "mistral", "stop", total_ns, load_ns, 0, service_ns, 10, self.tokens(job))
        if self.hosts[url].hides_durations:
            answer = replace(answer, total_duration_ns=None, eval_duration_ns=None)
        self.dispatcher.answered(key, self.now, answer)
        self.end_copies(job)
        if not job.health_check:
            self.outcome.answered[self.work[job][0]] += 1
        self.outcome.makespan = self.now
        self.outcome.limits.setdefault(url, []).append(self.dispatcher.hosts[url].limit.limit())

    def tokens(self, job: Job) -> int:
        """Return the number of tokens of a job's answer, which grows with its work."""
        return int(100 * self.work[job][1]) + 1

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

    def crash(self, key: int, value: object) -> None:
        """Crash the model, which fails all requests of the host."""
        host = self.hosts[self.sent[key][1]]
        for each in [*host.running, *(entry[0] for entry in host.waiting)]:
            self.at(self.now, "fail", each, Failure.MODEL_CRASHED)
        host.running.clear()
        host.waiting.clear()

    def end_copies(self, job: Job) -> None:
        for key in list(job.in_flight):
            self.outcome.copies += 1
            self.leave(key)
            self.dispatcher.cancelled(key, self.now)

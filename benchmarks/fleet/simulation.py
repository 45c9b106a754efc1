"""Simulate the scenarios on a virtual clock: our dispatcher, limits and hedged requests, without HTTP.

    python -m benchmarks.fleet.simulation [--scenario NAME ...] [--seeds 20] [--slots learnt]

A run takes a second or so and depends on its seed only, so a rule can be judged over many texts. What HTTP and a busy
machine do to a run is not in it: ``benchmarks.fleet`` measures that.

``--slots known`` starts with the slots that an earlier run has found; ``told`` sets them. All makespans are multiples
of the ideal. ``best`` is that of a client that knows slots, speeds and answers in advance, ``blind`` that of one that
knows all but the time of each answer (both are omitted where speeds change), ``all_sent`` the time of the last text.
``over`` is the most requests in flight on a host beyond its slots.
"""

from __future__ import annotations

import argparse
import heapq
import itertools
import math
import random
import statistics
import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.fleet.ideal import best_blind_seconds, best_seconds, ideal_seconds
from benchmarks.fleet.scenarios import CHARACTERS, SHORTEST, SIMULATED, Host, Scenario, Size
from transforms.engine.window import MIN_TEXTS, TEXTS_PER_SLOT
from transforms.fleet.dispatch.dispatcher import Dispatcher
from transforms.fleet.dispatch.verdicts import Verdict
from transforms.fleet.faults import Failure, RequestFailed
from transforms.fleet.host.breaker import Breaker
from transforms.fleet.host.deadlines import Deadline
from transforms.fleet.host.host_state import HostState, ServedModel
from transforms.fleet.host.limits import AdaptiveLimit, FixedLimit
from transforms.fleet.http.answers import Answer
from transforms.fleet.jobs import Job

DELAY_SECONDS = (0.0005, 0.002)
"""The least and the most time on the way between a host and the client."""

DEADLINE_SECONDS = 300.0
HEALTH_CHECK_SECONDS = 0.01
TOKENS = 50
"""Of an answer, per unit of work."""
SLOTS = ("learnt", "known", "told")


@dataclass(eq=False)
class _Host:
    """A simulated host.

    Attributes:
        given: Its properties at the moment.
        state: What the dispatcher knows about it.
        running: The requests in its slots.
        waiting: The requests in its queue, each with the time of its arrival.
    """

    given: Host
    state: HostState
    running: set[int] = field(default_factory=set)
    waiting: deque[tuple[int, float]] = field(default_factory=deque)

    def listening(self) -> bool:
        return bool(self.given.settings.get("listening", True))

    def fault(self) -> str:
        return next((fault.kind for fault in self.given.settings.get("faults", ())), "")


@dataclass(frozen=True)
class Outcome:
    """The result of a simulated run.

    Attributes:
        ratio: Makespan divided by the ideal, in which every slot is always busy.
        best: Makespan of a client that knows everything, in the same unit; None if speeds change.
        blind: Makespan of one that knows all but the time that an answer will take, likewise.
        all_sent: When the last text was sent, in units of the ideal.
        copies: Share of the requests that were hedged ones.
        most_over_slots: The most requests in flight on a host beyond its slots.
        limits: The limit of each host at the end.
    """

    ratio: float
    best: float | None
    blind: float | None
    all_sent: float
    copies: float
    most_over_slots: int
    limits: tuple[int, ...]


class Simulation:
    """One run of a scenario with one client.

    Args:
        scenario: Its fleet and changes.
        size: The amount of work.
        seed: Of the texts and of all delays.
        slots: One of ``SLOTS``.
    """

    def __init__(self, scenario: Scenario, size: Size, seed: int, slots: str = "learnt") -> None:
        self._scenario, self._size, self._slots = scenario, size, slots
        self._random = random.Random(seed)
        lengths = [self._random.lognormvariate(0.0, scenario.length_sigma) for _ in range(size.rows)]
        work = [length * self._random.lognormvariate(0.0, scenario.sigma) for length in lengths]
        unit = scenario.rates(())[0][1] * size.seconds / sum(work)
        columns = [self._random.choice(scenario.columns) for _ in lengths]
        self._work = {  # slot-seconds at speed 1
            Job(max(SHORTEST, round(CHARACTERS * length * column)), "", str(column)): unit * each
            for length, each, column in zip(lengths, work, columns, strict=True)
        }
        self._tokens = {job: math.ceil(TOKENS * each) for job, each in zip(self._work, work, strict=True)}
        self._hosts = {f"http://{number}": self._host(number, host) for number, host in enumerate(scenario.hosts)}
        self._dispatcher = Dispatcher(host.state for host in self._hosts.values())
        self._now = self._last_end = self._all_sent = 0.0
        self._wakes_at = float("-inf")
        self._order = itertools.count()
        self._events: list[tuple[float, int, str, int]] = []
        self._sent: dict[int, tuple[Job, _Host]] = {}
        self._times: dict[int, tuple[float, float]] = {}  # of each request that began: in the queue, and in the slot
        self._input = iter(list(self._work))
        self._unfinished = self._requests = self._copies = self._most_over_slots = 0

    def _host(self, number: int, given: Host) -> _Host:
        def new_served_model(model: str) -> ServedModel:
            known = given.slots if self._slots == "known" else None
            limit = FixedLimit(given.slots + 1) if self._slots == "told" else AdaptiveLimit(known)
            return ServedModel(limit, Deadline(DEADLINE_SECONDS))

        breaker = Breaker(random.Random(self._random.random()))
        state = HostState(f"http://{number}", breaker, new_served_model, digests={"": ""}, ready=True)
        return _Host(given, state)

    def run(self) -> Outcome:
        """Run until each text is answered."""
        times = [change.at * self._size.seconds for change in self._scenario.changes]
        for number, at in enumerate(times):
            self._at(at, "change", number)
        self._pump()
        while self._unfinished:
            self._now, _, what, key = heapq.heappop(self._events)
            if what == "change":
                self._change(key)
            elif what == "wake":
                self._pump()
            elif key in self._sent:
                self._happens(what, key)
        work = list(self._work.values())
        fleet = [(host.slots, host.speed) for host in self._scenario.hosts if not host.broken]
        varies = times or self._scenario.contention
        ideal = ideal_seconds(sum(work), self._scenario.rates(times))
        return Outcome(
            self._last_end / ideal,
            None if varies else best_seconds(work, fleet) / ideal,
            None if varies else best_blind_seconds(work, fleet) / ideal,
            self._all_sent / ideal,
            self._copies / self._requests,
            self._most_over_slots,
            tuple(host.state.limit.limit() for host in self._hosts.values()),
        )

    def _at(self, when: float, what: str, key: int) -> None:
        heapq.heappush(self._events, (when, next(self._order), what, key))

    def _later(self, what: str, key: int) -> None:
        self._at(self._now + self._random.uniform(*DELAY_SECONDS), what, key)

    def _happens(self, what: str, key: int) -> None:
        if what == "arrives":
            self._arrives(key)
        elif what == "ends":
            self._ends(key)
        elif what == "read":
            self._read(key)
        else:
            self._fail(key, Failure(what))

    def _pump(self) -> None:
        """Fill the window, send what may be sent, and set an alarm for the next probe or hedged request."""
        dispatcher = self._dispatcher
        room = max(MIN_TEXTS, TEXTS_PER_SLOT * dispatcher.capacity()) - self._unfinished
        for job in itertools.islice(self._input, max(0, room)):
            self._unfinished += 1
            dispatcher.add(job)
        while (chosen := dispatcher.next(self._now)) is not None:
            key, job, state = chosen
            host = self._hosts[state.url]
            self._sent[key] = (job, host)
            self._requests += 1
            if len(job.in_flight) > 1:
                self._copies += 1
            else:
                self._all_sent = self._now
            self._most_over_slots = max(self._most_over_slots, state.in_flight - host.given.slots)
            self._later("arrives", key)
            num_predict = 2 * self._tokens.get(job, 0) + 128
            deadline_seconds = state.deadline.seconds(num_predict, job.charged)
            self._at(self._now + deadline_seconds, Failure.TIMEOUT.value, key)
        due = dispatcher.next_wake_at(self._now)
        if due is not None and not self._now < self._wakes_at <= due:
            self._wakes_at = max(due, self._now) + DELAY_SECONDS[0]
            self._at(self._wakes_at, "wake", -1)

    def _change(self, number: int) -> None:
        change = self._scenario.changes[number]
        host = self._hosts[f"http://{change.host}"]
        host.given = host.given.changed(change.settings)
        if not host.listening():
            for key in [key for key, (_, at) in self._sent.items() if at is host]:
                self._later(Failure.CONNECTION_LOST.value, key)
            host.running.clear()
            host.waiting.clear()
        self._begin(host)

    def _arrives(self, key: int) -> None:
        host = self._sent[key][1]
        fault = host.fault()
        if not host.listening():
            self._later(Failure.CONNECTION_REFUSED.value, key)
        elif fault == "busy_503":
            self._later(Failure.BUSY.value, key)
        elif fault != "hang":
            host.waiting.append((key, self._now))
            self._begin(host)

    def _begin(self, host: _Host) -> None:
        while host.waiting and len(host.running) < host.given.slots:
            key, arrived = host.waiting.popleft()
            host.running.add(key)
            work = self._work.get(self._sent[key][0], HEALTH_CHECK_SECONDS)
            service = work / host.given.speed * (1 + self._scenario.contention * (len(host.running) - 1))
            self._times[key] = (self._now - arrived, service)
            self._at(self._now + service, "ends", key)

    def _ends(self, key: int) -> None:
        host = self._sent[key][1]
        if key in host.running:
            host.running.remove(key)
            self._last_end = self._now
            self._later("read", key)
            self._begin(host)

    def _leave(self, key: int) -> tuple[Job, _Host]:
        """Forget a request, whose host frees the slot."""
        job, host = self._sent.pop(key)
        host.running.discard(key)
        host.waiting = deque(entry for entry in host.waiting if entry[0] != key)
        self._begin(host)
        return job, host

    def _read(self, key: int) -> None:
        waited, service = self._times.pop(key)
        job, host = self._leave(key)
        total_ns, service_ns, tokens = int((waited + service) * 1e9), int(service * 1e9), self._tokens.get(job, 1)
        answer = Answer("English", host.state.url, "mistral", "stop", total_ns, 0, 0, service_ns, tokens, tokens)
        self._dispatcher.answered(key, self._now, answer)
        for copy in list(job.in_flight):
            self._leave(copy)
            self._dispatcher.cancelled(copy, self._now)
        self._unfinished -= not job.health_check
        self._pump()

    def _fail(self, key: int, failure: Failure) -> None:
        job, host = self._leave(key)
        failed = RequestFailed(failure, "simulated", host.state.url)
        verdict, _ = self._dispatcher.failed(key, self._now, failed)
        if verdict is Verdict.RETRY:
            self._dispatcher.add(job)
        self._pump()


def line(name: str, runs: Sequence[Outcome]) -> str:
    """Return one scenario's line of the table."""
    ratios = sorted(run.ratio for run in runs)
    best = [run.best for run in runs if run.best is not None]
    blind = [run.blind for run in runs if run.blind is not None]
    cells = [
        f"{statistics.median(ratios):.3f}",
        f"{ratios[int(0.9 * len(ratios))]:.3f}",
        f"{ratios[-1]:.3f}",
        f"{statistics.median(best):.3f}" if best else "",
        f"{statistics.median(blind):.3f}" if blind else "",
        f"{statistics.median(run.all_sent for run in runs):.3f}",
        f"{max(run.copies for run in runs):.1%}",
        str(max(run.most_over_slots for run in runs)),
    ]
    return f"{name:16}" + "".join(f"{cell:>10}" for cell in cells)


HEAD = f"{'scenario':16}" + "".join(f"{cell:>10}" for cell in "median p90 max best blind all_sent copies over".split())


def main() -> int:
    """Run the selected scenarios and print a line for each."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.fleet.simulation",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--scenario", nargs="+", choices=SIMULATED, default=list(SIMULATED), metavar="NAME")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--slots", choices=SLOTS, default=SLOTS[0])
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--ideal_seconds", type=float, default=12.0)
    given = parser.parse_args()
    print(HEAD)
    for name in given.scenario:
        scenario = SIMULATED[name]
        size = scenario.size or Size(given.rows, given.ideal_seconds)
        seeds = range(given.seeds)
        runs = [Simulation(scenario, size, seed, given.slots).run() for seed in seeds]
        print(line(name, runs), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Which request goes to which host, and what follows when it fails: rules without I/O or a clock of their own.

One pending queue; a host takes work only below its limit and while it is healthy, so limits, not chance, spread the
load, and a host that fails fast attracts nothing. When nothing is pending, free slots get copies of the requests that
take longest elsewhere; the first good answer wins. ``transforms/fleet/fleet.py`` carries out what is decided here.
"""

from __future__ import annotations

import heapq
import itertools
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from transforms.fleet.answers import Answer
from transforms.fleet.breaker import Breaker
from transforms.fleet.deadlines import Deadline
from transforms.fleet.faults import Blame, Failure, RequestFailed
from transforms.fleet.limits import Limit

BLOCK = 512
"""Longest first holds within so many requests in order of arrival, so that a short one never waits for ever."""

MOST_CHARGED = 8
"""Failures that a row may be charged with while its host serves others: then the row is the poison."""

MOST_UNCLEAR = 3
"""Equal failures that may be the host's or the row's, before they are the row's."""

LOOK_AHEAD = 16

LATE = 1.5
"""Times the typical answer of an idle host, after which a request elsewhere is copied to it."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request as it ended: ``failure`` is None if it was answered well."""

    host: str
    failure: Failure | None


@dataclass(eq=False, slots=True)
class Job:
    """One text to be generated from, by any host.

    Attributes:
        size: Characters of the text; longer ones go first.
        failed_on: Hosts on which it failed; others are preferred.
        charged: Failures charged to it.
        unclear: Failures by class that may be its own fault.
        attempts: Requests that ended.
        running: Requests under way: the host of each by its key; two at the most.
    """

    size: int
    failed_on: set[str] = field(default_factory=set)
    charged: int = 0
    unclear: Counter[Failure] = field(default_factory=Counter)
    attempts: list[Attempt] = field(default_factory=list)
    running: dict[int, str] = field(default_factory=dict)


class Verdict(Enum):
    """What follows from a failed request."""

    RETRY = "retry"
    WAIT = "wait"  # a copy is still under way
    REJECT = "reject"
    STOP_RUN = "stop_run"


@dataclass(eq=False)
class HostState:
    """What the dispatcher knows of one host.

    Attributes:
        url: Its address.
        limit: How many requests it may have in flight.
        ready: Whether it was checked and has the model loaded.
        out: Why it takes no part at all; None while it does.
        last_answer_at: The caller's time of its last good answer.
    """

    url: str
    limit: Limit
    breaker: Breaker
    deadline: Deadline
    ready: bool = False
    out: str | None = None
    in_flight: int = 0
    last_answer_at: float = float("-inf")

    def usable(self) -> bool:
        """Whether it is healthy, busy or not."""
        return self.ready and self.out is None and self.breaker.closed

    def state(self) -> str:
        """For people: healthy, loading, resting or out, and why."""
        if self.out is not None:
            return f"out: {self.out}"
        if not self.ready:
            return "loading"
        return "healthy" if self.breaker.closed else f"resting: {self.breaker.reason}"

    def free_share(self, now: float, outage: bool = False) -> float:
        """Its free share of its limit; 0 if it may not be sent anything; a due probe comes before all else."""
        if not self.ready or self.out is not None or not self.breaker.allows(now, outage):
            return 0.0
        if not self.breaker.closed:
            return 2.0
        limit = self.limit.limit()
        return max(0.0, (limit - self.in_flight) / limit)


class Dispatcher:
    """The pending queue and the hosts."""

    def __init__(self, hosts: Iterable[HostState]) -> None:
        self.hosts = {host.url: host for host in hosts}
        self._pending: list[tuple[int, int, int, Job]] = []
        self._arrivals = itertools.count()
        self._keys = itertools.count()
        self._sent: dict[int, tuple[Job, HostState, float]] = {}

    @property
    def pending(self) -> int:
        """Requests that wait for a host."""
        return len(self._pending)

    @property
    def in_flight(self) -> int:
        """Requests that were sent and have not ended."""
        return len(self._sent)

    def capacity(self) -> int:
        """Requests that the healthy hosts may have in flight together."""
        return sum(host.limit.limit() for host in self.hosts.values() if host.usable())

    def add(self, job: Job) -> None:
        """Puts a job, new or to be tried again, into the queue."""
        arrival = next(self._arrivals)
        heapq.heappush(self._pending, (arrival // BLOCK, -job.size, arrival, job))

    def take_all(self) -> list[Job]:
        """Empties the queue."""
        jobs = [job for *_, job in self._pending]
        self._pending.clear()
        return jobs

    def next(self, now: float) -> tuple[int, Job, HostState] | None:
        """The next request to send: a key for it, its job and its host; None if there is none to send now."""
        if not self._pending:
            late = self._late(now)
            return None if late is None else self._send(*late, now)
        outage = self.outage()
        shares = {host.url: share for host in self.hosts.values() if (share := host.free_share(now, outage)) > 0}
        if not shares:
            return None
        entry, host = self._choose(shares)
        return self._send(entry[3], host, now)

    def _send(self, job: Job, host: HostState, now: float) -> tuple[int, Job, HostState]:
        key = next(self._keys)
        job.running[key] = host.url
        host.in_flight += 1
        host.limit.sent(key)
        host.breaker.sent()
        self._sent[key] = (job, host, now)
        return key, job, host

    def _choose(self, shares: dict[str, float]) -> tuple[tuple[int, int, int, Job], HostState]:
        """The first job that a free host has not failed yet; if there is none, the first job."""
        aside: list[tuple[int, int, int, Job]] = []
        chosen = None
        while self._pending and len(aside) < LOOK_AHEAD:
            entry = heapq.heappop(self._pending)
            untried = (
                shares if not entry[3].failed_on else {u: s for u, s in shares.items() if u not in entry[3].failed_on}
            )
            if untried:
                chosen = entry, self.hosts[max(untried, key=untried.__getitem__)]
                break
            aside.append(entry)
        if chosen is None:
            chosen = aside.pop(0), self.hosts[max(shares, key=shares.__getitem__)]
        for entry in aside:
            heapq.heappush(self._pending, entry)
        return chosen

    def _idle(self) -> list[tuple[float, HostState]]:
        """Hosts with a slot that nothing pending will fill, the quickest first, with their typical seconds."""
        usable = (host for host in self.hosts.values() if host.usable() and host.in_flight < host.limit.slots())
        known = ((host.deadline.typical_seconds(), host) for host in usable)
        return sorted(((seconds, host) for seconds, host in known if seconds is not None), key=lambda each: each[0])

    def _late(self, now: float) -> tuple[Job, HostState] | None:
        """The oldest request that already takes longer than it would on an idle host, and that host."""
        for seconds, idle in self._idle():
            for job, host, sent_at in self._sent.values():
                if host is not idle and len(job.running) == 1 and sent_at + LATE * seconds <= now:
                    return job, idle
        return None

    def next_copy_at(self) -> float | None:
        """When a request will be late enough for a copy; None if there is nothing to copy, or no idle host."""
        if self._pending:
            return None
        idle = self._idle()
        times = [
            sent_at + LATE * seconds
            for seconds, other in idle[:2]  # one of them is not the request's own
            for job, host, sent_at in self._sent.values()
            if host is not other and len(job.running) == 1
        ]
        return min(times, default=None)

    def answered(self, key: int, now: float, answer: Answer) -> bool:
        """A request was answered well. Returns whether its host is thereby back from an outage.

        The job's other request, if there is one, is to be ended: it is what is left in ``job.running``.
        """
        job, host, sent_at = self._sent.pop(key)
        del job.running[key]
        host.in_flight -= 1
        host.last_answer_at = now
        job.attempts.append(Attempt(host.url, None))
        service_ns, total_ns = answer.service_duration_ns, answer.total_duration_ns
        host.limit.done(
            key,
            now,
            None if total_ns is None else total_ns / 1e9,
            None if service_ns is None else service_ns / 1e9,
        )
        eval_seconds = None if answer.eval_duration_ns is None else answer.eval_duration_ns / 1e9
        host.deadline.answered(now - sent_at, answer.eval_count, eval_seconds)
        return self._healthy(host)

    @staticmethod
    def _healthy(host: HostState) -> bool:
        back = host.breaker.succeeded()
        if back:
            host.limit.restart()
            host.deadline.restart()
        return back

    def failed(self, key: int, now: float, failed: RequestFailed) -> tuple[Verdict, bool]:
        """A request failed. Returns what follows for its job, and whether its host's breaker opened by it."""
        job, host, sent_at = self._sent.pop(key)
        del job.running[key]
        host.in_flight -= 1
        host.limit.gone(key)
        job.attempts.append(Attempt(host.url, failed.failure))
        job.failed_on.add(host.url)
        blame = failed.blame
        opened = False
        if blame in (Blame.HOST, Blame.UNCLEAR):
            opened = host.breaker.failed(now, str(failed), failed.retry_after_seconds, certain=blame is Blame.HOST)
        elif blame is Blame.ROW:
            self._healthy(host)
        else:
            host.breaker.gave_up_probe()
        if blame is Blame.REQUEST:
            return Verdict.STOP_RUN, opened
        if blame is Blame.ROW:
            return Verdict.REJECT, opened
        if blame is Blame.UNCLEAR:
            job.unclear[failed.failure] += 1
            return self._again(job, job.unclear[failed.failure] < MOST_UNCLEAR), opened
        # A host that serves others meanwhile is not the one at fault.
        if blame is Blame.HOST and host.breaker.closed and host.last_answer_at > sent_at:
            job.charged += 1
        return self._again(job, job.charged < MOST_CHARGED), opened

    @staticmethod
    def _again(job: Job, worth_it: bool) -> Verdict:
        if job.running:
            return Verdict.WAIT
        return Verdict.RETRY if worth_it else Verdict.REJECT

    def cancelled(self, key: int, now: float) -> None:
        """A request was given up by us: its job has its answer, or nobody waits for it any more.

        A host that has answered nothing since the request was sent may hang, which copies would hide: that is noted.
        """
        job, host, sent_at = self._sent.pop(key)
        del job.running[key]
        job.attempts.append(Attempt(host.url, Failure.SUPERSEDED))
        host.in_flight -= 1
        host.limit.gone(key)
        typical_seconds = host.deadline.typical_seconds() or 0.0
        if host.last_answer_at < sent_at and now - sent_at > LATE * typical_seconds:
            host.breaker.failed(now, "no answer in time; other hosts were quicker", certain=False)
        host.breaker.gave_up_probe()

    def outage(self) -> bool:
        """Whether no host is healthy."""
        return not any(host.usable() for host in self.hosts.values())

    def next_probe_at(self) -> float | None:
        """When the earliest probe of an open host is due; None if there is none to come."""
        outage = self.outage()
        times = [
            at
            for host in self.hosts.values()
            if host.ready and host.out is None and (at := host.breaker.probe_due_at(outage)) is not None
        ]
        return min(times, default=None)

"""Which request goes to which host, and what follows when it fails: rules without I/O or a clock of their own.

Requests wait in one queue for each model. A host takes work for the model that it has loaded, only below its limit and
while it is healthy: so limits, not chance, spread the load, and a host that fails fast attracts nothing. When nothing
is pending, free slots get copies of the requests that take longest elsewhere; the first good answer wins.
``transforms/fleet/fleet.py`` carries out what is decided here.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from transforms.fleet.answers import Answer
from transforms.fleet.faults import NEVER_A_TEXTS, Blame, Failure, RequestFailed
from transforms.fleet.host_state import HostState, Serving
from transforms.fleet.jobs import Attempt, Job, PendingJobs, Verdict
from transforms.fleet.model_assignment import next_change

MOST_CHARGED = 8
"""Failures that a row may be charged with, as its hosts serve others: then the row is the poison."""

MOST_UNCLEAR = 3
"""Equal failures that may be the host's or the row's, before they are the row's."""

LATE = 1.5
"""Times the typical answer of an idle host, after which a request elsewhere is copied to it."""

LEAST_LATE_SECONDS = 0.05
"""Where answers take milliseconds, a copy costs more than it could save."""


class _Sent(NamedTuple):
    """A request under way: its job and host, and what the host had shown with the model that it was sent for.

    The host may have another model before it answers, if its own vanishes under it. It is ``alone`` if the host had no
    other request of ours, and a ``probe`` if it rested.
    """

    job: Job
    host: HostState
    serving: Serving
    at: float
    alone: bool
    probe: bool


class Dispatcher:
    """The pending queues and the hosts."""

    def __init__(self, hosts: Iterable[HostState]) -> None:
        self.hosts = {host.url: host for host in hosts}
        self._pending = PendingJobs()
        self._keys = itertools.count()
        self._sent: dict[int, _Sent] = {}
        self._answered: set[str] = set()  # models that have answered a request of this run

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
        self._pending.add(job)

    def take_unserved(self, awaited: str) -> list[Job]:
        """Takes the jobs out of the queue whose model no host has; a host that has told nothing yet might have it.

        Jobs for the model ``awaited`` stay: it may still be brought to a host.
        """
        hosts = self.hosts.values()
        if any(host.digests is None for host in hosts):
            return []
        unserved = [
            model for model in self._pending.models() if model != awaited and not any(host.has(model) for host in hosts)
        ]
        return [job for model in unserved for job in self._pending.take_all(model)]

    def next_change(self) -> tuple[HostState, str] | None:
        """A host that should load another model now, and that model."""
        return next_change(self.hosts.values(), self._pending) if self._pending else None

    def next(self, now: float) -> tuple[int, Job, HostState] | None:
        """The next request to send: a key for it, its job and its host; None if there is none to send now."""
        shares = {
            host.url: share
            for host in self.hosts.values()
            if self._pending.count(host.model) and (share := host.free_share(now, self._needed(host))) > 0
        }
        if shares:
            return self._send(*self._choose(shares), now)
        late = self._late(now)
        return None if late is None else self._send(*late, now)

    def _send(self, job: Job, host: HostState, now: float) -> tuple[int, Job, HostState]:
        key = next(self._keys)
        alone = not host.in_flight
        job.running[key] = host.url
        host.in_flight += 1
        host.limit.sent(key, job.size)
        self._sent[key] = _Sent(job, host, host.serving, now, alone, host.breaker.sent())
        return key, job, host

    def _choose(self, shares: dict[str, float]) -> tuple[Job, HostState]:
        """The host with most room, and for its model the first job that a free host has not failed yet.

        A host whose slots are still being found gets the shortest: it answers soonest, so the search is over sooner.
        """
        freest = self.hosts[max(shares, key=shares.__getitem__)]
        if not freest.breaker.closed:
            return self._probe(freest), freest
        free = {url: share for url, share in shares.items() if self.hosts[url].model == freest.model}
        take = self._pending.take_shortest if freest.limit.growing() else self._pending.take
        job = take(freest.model, lambda job: not job.failed_on or any(url not in job.failed_on for url in free))
        if freest.url not in job.failed_on:
            return job, freest
        untried = {url: share for url, share in free.items() if url not in job.failed_on} or free
        return job, self.hosts[max(untried, key=untried.__getitem__)]

    def _probe(self, host: HostState) -> Job:
        """What shows whether a host is back: the shortest row that has not failed on it, or not all alone.

        The next of the long ones may be as bad as those on which generations broke off, and while they are tried one by
        one every other row would wait. If all have failed alone, they may be the poison that the host rests from, so it
        gets a text of our own.
        """

        def untried(job: Job) -> bool:
            return host.url not in job.failed_on

        def may_tell(job: Job) -> bool:
            return host.url not in job.failed_alone

        for wanted in (untried, may_tell):
            if self._pending.any(host.model, wanted):
                return self._pending.take_shortest(host.model, wanted)
        return Job(size=1, model=host.model, check=True)

    def _idle(self) -> list[tuple[float, HostState]]:
        """Hosts with a slot that nothing pending will fill, the quickest first, with their typical seconds."""
        known = [
            (seconds, host)
            for host in self.hosts.values()
            if host.usable() and host.in_flight < host.limit.slots() and not self._pending.count(host.model)
            if (seconds := host.deadline.typical_seconds()) is not None
        ]
        return sorted(known, key=lambda each: each[0])

    def _late(self, now: float) -> tuple[Job, HostState] | None:
        """The oldest request that already takes longer than it would on an idle host, and that host."""
        for seconds, idle in self._idle():
            for sent in self._sent.values():
                if self._may_copy(sent.job, sent.host, idle) and sent.at + _late_seconds(seconds) <= now:
                    return sent.job, idle
        return None

    @staticmethod
    def _may_copy(job: Job, host: HostState, idle: HostState) -> bool:
        return host is not idle and job.model == idle.model and len(job.running) == 1 and not job.check

    def next_copy_at(self) -> float | None:
        """When a request will be late enough for a copy; None if there is nothing to copy, or no idle host."""
        times: list[float] = []
        quickest = Counter[str]()
        for seconds, idle in self._idle():
            quickest[idle.model] += 1
            if quickest[idle.model] <= 2:  # one of them is not the request's own
                times += [
                    sent.at + _late_seconds(seconds)
                    for sent in self._sent.values()
                    if self._may_copy(sent.job, sent.host, idle)
                ]
        return min(times, default=None)

    def answered(self, key: int, now: float, answer: Answer) -> bool:
        """A request was answered well. Returns whether its host is thereby back from an outage.

        The job's other request, if there is one, is to be ended: it is what is left in ``job.running``.
        """
        job, host, serving, sent_at, *_ = self._sent.pop(key)
        del job.running[key]
        host.in_flight -= 1
        self._answered.add(job.model)
        job.attempts.append(Attempt(host.url, None))
        host.traffic.answered(now - sent_at, answer)
        service_ns, total_ns = answer.service_duration_ns, answer.total_duration_ns
        serving.limit.done(
            key,
            now,
            None if total_ns is None else total_ns / 1e9,
            None if service_ns is None else service_ns / 1e9,
        )
        eval_seconds = None if answer.eval_duration_ns is None else answer.eval_duration_ns / 1e9
        serving.deadline.answered(now - sent_at, answer.eval_count, eval_seconds)
        return self._healthy(host, now)

    @staticmethod
    def _healthy(host: HostState, now: float) -> bool:
        host.last_answer_at = now
        back = host.breaker.succeeded()
        if back:
            host.limit.restart()
        return back

    def failed(self, key: int, now: float, failed: RequestFailed) -> tuple[Verdict, bool]:
        """A request failed. Returns what follows for its job, and whether its host's breaker opened by it."""
        sent = self._sent.pop(key)
        job, host, serving = sent.job, sent.host, sent.serving
        del job.running[key]
        host.in_flight -= 1
        serving.limit.gone(key)
        job.attempts.append(Attempt(host.url, failed.failure))
        host.traffic.failed(failed.failure)
        blame, opened = failed.blame, False
        if blame is Blame.MODEL and host.url in job.failed_on:
            job.charged += 1  # the host has said in between that it has the model
        job.failed_on.add(host.url)
        if blame in (Blame.HOST, Blame.UNCLEAR, Blame.REQUEST):
            cheap = failed.failure is Failure.CONNECTION_REFUSED
            opened = host.breaker.failed(
                now, str(failed), failed.retry_after_seconds, blame is Blame.HOST, cheap, sent.probe
            )
        elif blame is Blame.ROW:
            self._healthy(host, now)
        elif sent.probe:
            host.breaker.gave_up_probe()
        if opened:
            serving.deadline.restart()
        if blame is Blame.REQUEST and self._untried(job):
            return self._again(job, True), opened  # it may be this host that is too old, say
        if blame is Blame.REQUEST and job.model not in self._answered:
            return Verdict.STOP_RUN, opened
        if blame is Blame.ROW:
            return Verdict.REJECT, opened
        if blame in (Blame.UNCLEAR, Blame.REQUEST):
            job.unclear[failed.failure] = job.unclear.get(failed.failure, 0) + 1
            return self._again(job, job.unclear[failed.failure] < MOST_UNCLEAR), opened
        if blame is Blame.HOST and failed.failure not in NEVER_A_TEXTS:
            self._charge(sent, now)
        return self._again(job, job.charged < MOST_CHARGED), opened

    def _untried(self, job: Job) -> bool:
        """Whether a healthy host has not failed a job yet."""
        hosts = self.hosts.values()
        return any(host.usable() and host.may_serve(job.model) and host.url not in job.failed_on for host in hosts)

    @staticmethod
    def _charge(sent: _Sent, now: float) -> None:
        """Charges a job with a host's fault, as far as the host has shown that it is not the one at fault.

        It has if it serves others meanwhile; or if it was well after it had failed at this job alone, and now fails at
        it again: then those failures are charged.
        """
        job, host = sent.job, sent.host
        count, since = job.failed_alone.pop(host.url, (0, now))
        if host.last_answer_at > since:
            job.charged, count = job.charged + count, 0
        if host.breaker.closed and host.last_answer_at > sent.at:
            job.charged += 1
        elif sent.alone and not host.in_flight:
            count += 1
        if count:
            job.failed_alone[host.url] = (count, now)

    @staticmethod
    def _again(job: Job, worth_it: bool) -> Verdict:
        if job.running or job.check:
            return Verdict.WAIT
        return Verdict.RETRY if worth_it else Verdict.REJECT

    def cancelled(self, key: int, now: float) -> None:
        """A request was given up by us: its job has its answer, or nobody waits for it any more.

        A host that has answered nothing since the request was sent may hang, which copies would hide: that is noted.
        """
        job, host, serving, sent_at, _, probe = self._sent.pop(key)
        del job.running[key]
        job.attempts.append(Attempt(host.url, Failure.SUPERSEDED))
        host.traffic.failed(Failure.SUPERSEDED)
        host.in_flight -= 1
        serving.limit.gone(key)
        typical_seconds = serving.deadline.typical_seconds() or 0.0
        late = host.last_answer_at < sent_at and now - sent_at > LATE * typical_seconds
        reason = "no answer in time; other hosts were quicker"
        if late and host.breaker.failed(now, reason, certain=False, probe=probe):
            serving.deadline.restart()
        if probe:
            host.breaker.gave_up_probe()

    def models_away(self) -> list[str]:
        """The models that somebody waits for and no healthy host can serve."""
        under_way = {host.model for host in self.hosts.values() if host.in_flight and host.model}
        wanted = under_way.union(self._pending.models())
        return [model for model in wanted if self._away(model)]

    def _away(self, model: str) -> bool:
        return not any(host.usable() and host.may_serve(model) for host in self.hosts.values())

    def _needed(self, host: HostState) -> bool:
        """Whether a host rests, and there is no other for its model."""
        return not host.breaker.closed and self._away(host.model)

    def next_probe_at(self) -> float | None:
        """When the earliest probe of an open host is due; None if there is none to come, or nothing to probe with."""
        times = [
            at
            for host in self.hosts.values()
            if host.ready and host.out is None and self._pending.count(host.model)
            if (at := host.breaker.probe_due_at(self._needed(host))) is not None
        ]
        return min(times, default=None)


def _late_seconds(typical_seconds: float) -> float:
    return max(LATE * typical_seconds, LEAST_LATE_SECONDS)

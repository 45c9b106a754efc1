"""Which request goes to which host, and what follows when it fails: rules without I/O or a clock of their own.

Texts wait in one queue for each model. A host takes work for the model that it has loaded, only below its limit and
only while its circuit is closed. So limits, not chance, spread the load, and a host that fails fast attracts nothing.
``transforms/fleet/fleet.py`` carries out what is decided here.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from functools import partial

from transforms.fleet.dispatch import hedging, silence, suspicion
from transforms.fleet.dispatch.expected_tokens import TokenRates
from transforms.fleet.dispatch.long_texts import FleetSpeed, longest_for
from transforms.fleet.dispatch.model_assignment import next_change
from transforms.fleet.dispatch.pending import PendingJobs
from transforms.fleet.dispatch.retries import Retry, note_failure
from transforms.fleet.dispatch.sent_request import SentRequest
from transforms.fleet.dispatch.verdicts import Circumstances, HostCharge, Verdict, charge_of, verdict_of
from transforms.fleet.faults import AWAY, Blame, Failure, RequestFailed
from transforms.fleet.host.host_state import HostState
from transforms.fleet.host.limit_measures import Times
from transforms.fleet.http.answers import Answer
from transforms.fleet.jobs import Attempt, Job


class Dispatcher:
    """The pending texts, the requests in flight, and the hosts.

    Attributes:
        hosts: By address.
    """

    def __init__(self, hosts: Iterable[HostState]) -> None:
        self.hosts = {host.url: host for host in hosts}
        self._rates = TokenRates()
        self._pending = PendingJobs(self._rates)
        self._keys = itertools.count()
        self._sent: dict[int, SentRequest] = {}
        self._working_models: set[str] = set()  # those that have answered a request of this run
        self._hedge_budget = hedging.HedgeBudget()
        self._companions_due: list[HostState] = []

    @property
    def pending(self) -> int:
        """Texts that wait for a host."""
        return len(self._pending)

    @property
    def in_flight(self) -> int:
        """Requests that were sent and have not ended."""
        return len(self._sent)

    def capacity(self) -> int:
        """Requests that the healthy hosts may have in flight together."""
        return sum(host.limit.limit() for host in self.hosts.values() if host.usable())

    def add(self, job: Job) -> None:
        """Puts a job into the queue, whether it is new or is to be tried again."""
        self._pending.add(job)

    def take_unserved(self, awaited: str) -> list[Job]:
        """Takes the jobs out of the queue whose model no host has. A host that has not been checked yet may have it.

        Jobs for the model ``awaited`` stay, as it may still be brought to a host.
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
        """The next request to send: a key for it, its job and its host; None if there is none to send now.

        A suspect text never goes without company: if there is no other text for its host, a health check goes along,
        which shows whether the host survives.
        """
        while self._companions_due:
            host = self._companions_due.pop()
            if host.in_flight < host.limit.limit():
                return self._send(Job(size=1, model=host.model, health_check=True), host, now)
        shares = [
            (share, host)
            for host in self.hosts.values()
            if host.model in self._pending and (share := host.free_share(now, self._needed(host))) > 0
        ]
        speeds: dict[str, FleetSpeed] = {}
        for _, host in sorted(shares, key=lambda each: each[0], reverse=True):
            if not host.breaker.closed:
                return self._send(self._probe(host), host, now)
            if host.model not in speeds:
                speeds[host.model] = FleetSpeed.of(host.model, self.hosts.values())
            job = self._job_for(host, speeds[host.model], now)
            if job is not None:
                return self._send(job, host, now)
        if not self._hedge_budget.allows():
            return None
        late = hedging.late_request(self._sent.values(), self.hosts.values(), self._pending, now)
        return None if late is None else self._send(*late, now)

    def _job_for(self, host: HostState, fleet: FleetSpeed, now: float) -> Job | None:
        """The job for a host that has room, while texts wait for its model; None if it should take none."""
        longest = longest_for(host, fleet, self._pending.tokens(host.model))
        # A host whose slots or speed are still being found gets short texts: it answers sooner, and a slow one would
        # not end a long text for a long time.
        unknown = host.limit.growing() or (len(self.hosts) > 1 and host.served.tokens_per_second() is None)
        return self._pending.take(host.model, partial(self._suits, host, longest, now), unknown, longest)

    def _send(self, job: Job, host: HostState, now: float) -> tuple[int, Job, HostState]:
        key = next(self._keys)
        alone = not host.in_flight
        if alone and job.suspect and host.breaker.closed and host.model not in self._pending:
            self._companions_due.append(host)
        self._hedge_budget.sent(hedged=bool(job.in_flight))
        job.in_flight[key] = host.url
        host.in_flight += 1
        tokens = self._expected_tokens(job)
        host.tokens_in_flight += tokens
        host.suspects += job.suspect
        host.reserved |= suspicion.goes_alone(job)
        served = host.served
        served.limit.sent(key, now, job.size)
        self._sent[key] = SentRequest(job, host, served, now, alone, host.breaker.sent(), job.suspect, tokens)
        return key, job, host

    def _take_back(self, key: int) -> SentRequest:
        """Removes a request that has ended from all accounts."""
        sent = self._sent.pop(key)
        del sent.job.in_flight[key]
        sent.host.in_flight -= 1
        sent.host.tokens_in_flight -= sent.tokens
        sent.host.suspects -= sent.suspect
        sent.host.reserved = False
        return sent

    def _suits(self, host: HostState, longest: float, now: float, job: Job) -> bool:
        """Whether a job that failed before may go to a host."""
        tokens, pending_tokens = self._expected_tokens(job), self._pending.tokens(job.model)
        retry = Retry(job, tokens, pending_tokens, self.hosts.values(), self._sent.values(), now)
        return retry.suits(host, longest)

    def _expected_tokens(self, job: Job) -> float:
        return job.size * self._rates.of(job.model, job.column).per_character

    def _probe(self, host: HostState) -> Job:
        """The text that shows whether a host works again: the shortest that has not failed on it, or not all alone.

        The next long text may be as bad as those on which the host failed, and every other text would wait while they
        are tried one by one. If all have failed alone, they may be what breaks the host, so a text of our own is sent.
        """
        pending, model, url = self._pending, host.model, host.url
        return (
            pending.take_shortest(model, lambda job: url not in job.failed_on)
            or pending.take_shortest(model, lambda job: url not in job.failed_alone)
            or Job(size=1, model=model, health_check=True)
        )

    def next_wake_at(self, now: float) -> float | None:
        """When there may be something to send although nothing has happened; None if never."""
        hosts, sent = self.hosts.values(), self._sent.values()
        times = [self._next_probe_at()]
        if self._hedge_budget.allows():
            times.append(hedging.next_hedge_at(sent, hosts, self._pending))
        if self._pending.any_choosy():
            times.append(silence.next_silence_at(hosts, sent, now))
        return min((at for at in times if at is not None), default=None)

    def sent(self) -> list[SentRequest]:
        """The requests in flight, in the order in which they were sent; safe to call from another thread."""
        return list(self._sent.values())

    def answered(self, key: int, now: float, answer: Answer) -> bool:
        """Notes a good answer. Returns whether its host is thereby back from an outage.

        A hedged request for the same job that is still in ``job.in_flight`` is to be cancelled.
        """
        sent = self._take_back(key)
        job, host, served = sent.job, sent.host, sent.served
        self._working_models.add(job.model)
        job.attempts.append(Attempt(host.url, None, now - sent.at))
        host.traffic.answered(now - sent.at, answer, job.size)
        suspicion.note_answer(sent)
        served.limit.done(key, now, Times.of(answer))
        eval_seconds = _seconds(answer.eval_duration_ns)
        served.deadline.answered(now - sent.at, answer.eval_count, eval_seconds)
        self._learn(sent, answer, eval_seconds or _seconds(answer.service_duration_ns))
        return self._works(host, now)

    def _learn(self, sent: SentRequest, answer: Answer, seconds: float | None) -> None:
        """Notes the speed of a host, and the length of an answer for others to texts of its column."""
        job, served = sent.job, sent.served
        served.answered(job.size, answer.eval_count or sent.tokens, seconds)
        speed = served.tokens_per_second()
        if answer.eval_count and speed is not None and not job.health_check:
            # The prompt takes time as well; it counts as the tokens that could have been written meanwhile.
            prompt_tokens = (_seconds(answer.prompt_eval_duration_ns) or 0.0) * speed
            self._rates.of(job.model, job.column).answered(job.size, answer.eval_count + prompt_tokens)

    @staticmethod
    def _works(host: HostState, now: float) -> bool:
        host.last_answer_at, host.failure = now, None
        back = host.breaker.succeeded()
        if back:
            host.limit.restart()
        return back

    def failed(self, key: int, now: float, failed: RequestFailed) -> tuple[Verdict, bool]:
        """Notes a failure. Returns what follows for its job, and whether its host's circuit was opened by it."""
        sent = self._take_back(key)
        job, host, failure = sent.job, sent.host, failed.failure
        sent.served.limit.gone(key)
        job.attempts.append(Attempt(host.url, failure, now - sent.at))
        host.traffic.failed(failure)
        job.failures[failure] = job.failures.get(failure, 0) + 1
        excused = failed.blame is Blame.HOST and suspicion.excuses(sent, now)
        if failed.blame in (Blame.HOST, Blame.SIZE):
            suspicion.note_failure(sent, failure, now)
        note_failure(job, failed)
        repeats = job.failures[failure] - len(job.failed_on) * (failed.blame is Blame.MODEL)
        host.unverified |= failure in AWAY
        circumstances = Circumstances(
            blame=failed.blame,
            hedged=bool(job.in_flight),
            health_check=job.health_check,
            untried=self._untried(job),
            repeats=repeats,
            convicted=suspicion.convicted(job),
            excused=excused,
            larger=suspicion.is_larger(sent, failure),
            model_works=job.model in self._working_models,
        )
        return verdict_of(circumstances), self._charge(sent, charge_of(circumstances), failed, now)

    def _charge(self, sent: SentRequest, charge: HostCharge, failed: RequestFailed, now: float) -> bool:
        """Charges a host's circuit breaker. Returns whether it opened."""
        host, opened = sent.host, False
        if charge is HostCharge.ANSWERED:
            suspicion.note_answer(sent)
            self._works(host, now)
        elif charge is not HostCharge.NONE:
            host.failure = failed.failure
            opened = host.breaker.failed(
                now,
                str(failed),
                failed.retry_after_seconds,
                certain=charge is HostCharge.FAULT,
                cheap=failed.failure is Failure.CONNECTION_REFUSED,
                probe=sent.probe,
            )
        elif sent.probe:
            host.breaker.gave_up_probe()
        if opened:
            sent.served.deadline.restart()
        return opened

    def _untried(self, job: Job) -> bool:
        """Whether a healthy host has not failed a job yet."""
        hosts = self.hosts.values()
        return any(host.usable() and host.may_serve(job.model) and host.url not in job.failed_on for host in hosts)

    def has_another(self, host: HostState) -> bool:
        """Whether another healthy host serves the model of a host."""
        return any(other.usable() and other.model == host.model for other in self.hosts.values() if other is not host)

    def cancelled(self, key: int, now: float) -> None:
        """Notes a request that was cancelled: its job has its answer, or nobody waits for it any more.

        A host that has answered nothing since the request was sent may hang, which hedged requests would hide.
        """
        sent = self._take_back(key)
        host, served = sent.host, sent.served
        sent.job.attempts.append(Attempt(host.url, Failure.SUPERSEDED, now - sent.at))
        host.traffic.failed(Failure.SUPERSEDED)
        served.limit.gone(key)
        typical_seconds = served.deadline.typical_seconds() or 0.0
        late = host.last_answer_at < sent.at and now - sent.at > hedging.LATE * typical_seconds
        reason = "no answer in time; other hosts were quicker"
        if late and host.breaker.failed(now, reason, certain=False, probe=sent.probe):
            served.deadline.restart()
        if sent.probe:
            host.breaker.gave_up_probe()

    def models_away(self) -> list[str]:
        """The models that somebody waits for and no healthy host can serve."""
        in_flight = {host.model for host in self.hosts.values() if host.in_flight and host.model}
        wanted = in_flight.union(self._pending.models())
        return [model for model in wanted if self._away(model)]

    def _away(self, model: str) -> bool:
        return not any(host.usable() and host.may_serve(model) for host in self.hosts.values())

    def _needed(self, host: HostState) -> bool:
        """Whether a host's circuit is open, and there is no other host for its model."""
        return not host.breaker.closed and self._away(host.model)

    def _next_probe_at(self) -> float | None:
        times = [
            at
            for host in self.hosts.values()
            if host.ready and host.out is None and host.model in self._pending
            if (at := host.breaker.probe_due_at(self._needed(host))) is not None
        ]
        return min(times, default=None)


def _seconds(duration_ns: int | None) -> float | None:
    return None if duration_ns is None else duration_ns / 1e9

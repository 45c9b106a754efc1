"""Hedged requests: when no text is pending, idle hosts get the requests that take too long elsewhere. Pure.

The first good answer wins, and the other request is cancelled. So a slow host does not keep the others waiting at the
end of a run, and a host that hangs costs little.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

from transforms.fleet.dispatch.pending import PendingJobs
from transforms.fleet.dispatch.sent_request import SentRequest
from transforms.fleet.host.host_state import HostState
from transforms.fleet.jobs import Job

LATE = 1.5
"""A request is late after this many times the typical answer of an idle host that is worth waiting for."""

FASTER, NEARLY_FASTEST, STUCK = 1.25, 1.25, 3
"""A second request pays on a host that is faster than the first one's by this factor, and that is nearly the fastest:
the fastest ones will be idle, too, in a moment. Elsewhere it would take too long, unless the first request is stuck. It
is taken to be after so many times the typical answer of its host."""

LEAST_LATE_SECONDS = 0.05
"""Where answers take milliseconds, a hedged request costs more than it can save."""

MOST_SHARE = 0.02
MOST_IN_SHORT_RUNS = 4
"""Hedged requests are at most 2 % of all requests, or so many in a run of few texts."""


class HedgeBudget:
    """How many more hedged requests may be sent."""

    def __init__(self) -> None:
        self._requests = 0
        self._hedged = 0

    def sent(self, hedged: bool) -> None:
        """Counts a request."""
        self._requests += 1
        self._hedged += hedged

    def allows(self) -> bool:
        """Whether one more may be sent."""
        return self._hedged < max(MOST_IN_SHORT_RUNS, int(MOST_SHARE * self._requests))


def late_request(
    sent: Collection[SentRequest], hosts: Collection[HostState], pending: PendingJobs, now: float
) -> tuple[Job, HostState] | None:
    """The oldest request that takes longer than it would on an idle host, and that host; None if there is none."""
    idle_hosts = _idle_hosts(hosts, pending)
    fastest = _fastest(hosts) if idle_hosts else {}
    for seconds, idle in idle_hosts:
        for request in sent:
            if _may_hedge(request, idle) and request.at + _late_seconds(request, seconds, fastest[idle.model]) <= now:
                return request.job, idle
    return None


def next_hedge_at(sent: Collection[SentRequest], hosts: Collection[HostState], pending: PendingJobs) -> float | None:
    """When a request will be late enough to be hedged; None if there is none to hedge, or no idle host."""
    times: list[float] = []
    idle_hosts = _idle_hosts(hosts, pending)
    fastest = _fastest(hosts) if idle_hosts else {}
    quickest = Counter[str]()
    for seconds, idle in idle_hosts:
        quickest[idle.model] += 1
        if quickest[idle.model] <= 2:  # one of them is not the request's own
            times += [
                request.at + _late_seconds(request, seconds, fastest[idle.model])
                for request in sent
                if _may_hedge(request, idle)
            ]
    return min(times, default=None)


def _fastest(hosts: Iterable[HostState]) -> dict[str, float]:
    """The typical seconds of the fastest healthy host, by model."""
    fastest: dict[str, float] = {}
    for host in hosts:
        if host.usable() and (seconds := host.deadline.typical_seconds()) is not None:
            fastest[host.model] = min(seconds, fastest.get(host.model, seconds))
    return fastest


def _idle_hosts(hosts: Iterable[HostState], pending: PendingJobs) -> list[tuple[float, HostState]]:
    """Hosts with a slot that no pending text will fill, the quickest first, with their typical seconds."""
    idle = [
        (seconds, host)
        for host in hosts
        if host.model not in pending and host.usable() and not host.reserved and host.in_flight < host.limit.slots()
        if (seconds := host.deadline.typical_seconds()) is not None
    ]
    return sorted(idle, key=lambda each: each[0])


def _may_hedge(request: SentRequest, idle: HostState) -> bool:
    job = request.job
    return (
        request.host is not idle
        and job.model == idle.model
        and len(job.in_flight) == 1
        and not job.health_check
        and not job.charged
        and idle.url not in job.barred
    )


def _late_seconds(request: SentRequest, idle_seconds: float, fastest_seconds: float) -> float:
    """The age at which a request is late, for an idle host with these typical seconds."""
    own_seconds = request.served.deadline.typical_seconds()
    stuck_seconds = 0.0
    if own_seconds is not None and not (
        FASTER * idle_seconds <= own_seconds and idle_seconds <= NEARLY_FASTEST * fastest_seconds
    ):
        stuck_seconds = STUCK * own_seconds
    return max(LATE * idle_seconds, stuck_seconds, LEAST_LATE_SECONDS)

"""Rates, outages and faults over time, derived from the samples of a run. Pure functions."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from pipeline.report.time_series import HostSample, Sample

MAX_POINTS = 100
"""Points of a line; neighbouring samples are merged above it."""

REMOTE = "remote"
"""State of a host that only the workers of a remote runner know."""

AVAILABLE = frozenset({"healthy", REMOTE})
"""States of hosts that take requests, as far as known."""

LOADING = "loading"
SUPERSEDED = "superseded"
"""Cancelled because another host was faster: no fault."""

Points = list[tuple[float, float]]


@dataclass(frozen=True)
class Outage:
    """A period in which a host took no requests.

    Attributes:
        host: Address of the host.
        state: Its state: loading, circuit open or excluded.
        start_seconds, end_seconds: Seconds after the start of the run.
        at_end: Whether it lasted until the end of the run.
    """

    host: str
    state: str
    start_seconds: float
    end_seconds: float
    at_end: bool


@dataclass(frozen=True)
class Faults:
    """Failed requests of one class on one host in the interval that ends at ``seconds``."""

    seconds: float
    host: str
    failure: str
    count: int


def host_names(samples: Sequence[Sample]) -> list[str]:
    """All hosts in the order of their first appearance."""
    return list(dict.fromkeys(host.host for sample in samples for host in sample.hosts))


def thinned(samples: Sequence[Sample], points: int = MAX_POINTS) -> list[Sample]:
    """At most about ``points`` of the samples, evenly spaced, always with the first and the last one."""
    step = max(1, -(-len(samples) // points))
    kept = list(samples[::step])
    if samples and kept[-1] is not samples[-1]:
        kept.append(samples[-1])
    return kept


def texts_per_second(samples: Sequence[Sample]) -> Points:
    """Completed texts per second over time."""
    return _rate([(sample.seconds, sample.texts) for sample in thinned(samples)])


def tokens_per_second(samples: Sequence[Sample], host: str) -> Points:
    """Generated tokens per second of one host over time."""
    return _rate([(seconds, state.output_tokens) for seconds, state in _of(thinned(samples), host)])


def levels(samples: Sequence[Sample], host: str, level: Callable[[HostSample], float]) -> Points:
    """A level of one host over time, such as its requests in flight."""
    return [(seconds, float(level(state))) for seconds, state in _of(thinned(samples), host)]


def outages(samples: Sequence[Sample]) -> list[Outage]:
    """All outages, by host and in order of time. Loading before the first answer does not count."""
    found: list[Outage] = []
    for host in host_names(samples):
        begin: tuple[float, str] | None = None
        served = False
        states = list(_of(samples, host))
        for seconds, state in states:
            served = served or state.answers > 0
            away = state.state not in AVAILABLE and (served or state.state != LOADING)
            if away and begin is None:
                begin = (seconds, state.state)
            elif not away and begin is not None:
                found.append(Outage(host, begin[1], begin[0], seconds, at_end=False))
                begin = None
        if begin is not None:
            found.append(Outage(host, begin[1], begin[0], states[-1][0], at_end=True))
    return found


def faults(samples: Sequence[Sample]) -> list[Faults]:
    """Failed requests over time, without superseded ones."""
    found: list[Faults] = []
    kept = thinned(samples)
    for host in host_names(samples):
        before: Counter[str] = Counter()
        for seconds, state in _of(kept, host):
            now = Counter({name: count for name, count in state.failures.items() if name != SUPERSEDED})
            found.extend(Faults(seconds, host, name, count) for name, count in (now - before).items())
            before = now
    return sorted(found, key=lambda each: (each.seconds, each.host, each.failure))


def _of(samples: Sequence[Sample], host: str) -> Iterator[tuple[float, HostSample]]:
    for sample in samples:
        for state in sample.hosts:
            if state.host == host:
                yield sample.seconds, state


def _rate(counts: Sequence[tuple[float, int]]) -> Points:
    """The rate in each interval, at its end. Counts that restart, as after an engine's restart, give 0."""
    return [
        (at, max(0, count - earlier) / (at - before))
        for (before, earlier), (at, count) in itertools.pairwise(counts)
        if at > before
    ]

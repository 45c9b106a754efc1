"""The status of a running run at one moment: plain values, computed from cumulative counts."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.monitoring.events import Event
from transforms.engine.snapshot import Snapshot
from transforms.fleet.host.host_state import HostView

LEAST_WINDOW_SECONDS = 45.0
"""Rates and ETA look back this far, or over the latter half of the run if that is longer."""

RECENT_SECONDS = 15.0
"""Speed of single hosts looks back this far."""

KEPT_SAMPLES = 1000

SUPERSEDED = "superseded"
"""Class of requests that were cancelled because a hedged request was answered first; not a fault."""


@dataclass(frozen=True)
class Workload:
    """What a run is to translate.

    Attributes:
        texts: Number of texts: rows times text columns.
        characters: Their characters, estimated from a sample; 0 if unknown.
    """

    texts: int
    characters: int = 0


@dataclass(frozen=True)
class HostStatus:
    """One host at one moment.

    Attributes:
        url: Address of the host.
        state: ``healthy``, ``loading``, or another state followed by its reason.
        in_flight, limit: Requests in flight, and how many there may be.
        model: Key of the loaded model; empty if none is known.
        answers: Accepted answers since the start.
        share: Share of this host in the accepted answers of all hosts, from 0 to 1.
        tokens_per_second: Output tokens per second, recently.
        p50_seconds, p95_seconds: Quantiles of the latest latencies; None without answers.
        queue_share: Share of their time that requests spent in the host's queue; None if the host does not report it.
        faults: Failed requests by class.
        vram_share: The part of the model in GPU memory, 0 to 1; None if unknown.
    """

    url: str
    state: str
    in_flight: int
    limit: int
    model: str
    answers: int
    share: float
    tokens_per_second: float
    p50_seconds: float | None
    p95_seconds: float | None
    queue_share: float | None
    faults: Mapping[str, int]
    vram_share: float | None = None

    @property
    def short_state(self) -> str:
        """The state without its reason."""
        return self.state.partition(":")[0]


@dataclass(frozen=True)
class RunStatus:
    """A running run at one moment.

    Attributes:
        elapsed_seconds: Time since the start.
        workload: What is to be translated.
        figures: Cumulative counts of the texts and hosts.
        texts_per_second, characters_per_second, tokens_per_second: Recent rates; tokens are output tokens.
        eta_seconds: Estimated time to the end, by characters left; None before the first texts are done.
        hosts: The hosts; empty if workers run elsewhere.
        events: The latest events, the latest last.
    """

    elapsed_seconds: float
    workload: Workload
    figures: Snapshot
    texts_per_second: float
    characters_per_second: float
    tokens_per_second: float
    eta_seconds: float | None
    hosts: tuple[HostStatus, ...]
    events: tuple[Event, ...] = ()

    @property
    def done_share(self) -> float:
        """Share of the work that is done, from 0 to 1: of the characters if they are known, else of the texts."""
        if self.workload.characters and self.figures.texts < self.workload.texts:
            return min(1.0, self.figures.characters / self.workload.characters)
        return min(1.0, self.figures.texts / self.workload.texts) if self.workload.texts else 1.0


@dataclass(frozen=True)
class _Sample:
    seconds: float
    texts: int
    characters: float
    tokens: int
    host_tokens: Mapping[str, int]


class StatusTracker:
    """Computes rates and the ETA from the snapshots of a run. Needs neither clock nor thread.

    Args:
        workload: What the run is to translate.
    """

    def __init__(self, workload: Workload) -> None:
        self._workload = workload
        self._samples: deque[_Sample] = deque([_Sample(0.0, 0, 0, 0, {})])

    def status(self, seconds: float, figures: Snapshot, events: tuple[Event, ...] = ()) -> RunStatus:
        """Return the status at ``seconds`` since the start; times must not decrease."""
        host_tokens = {host.url: host.traffic.output_tokens for host in figures.hosts}
        # With what is done of the texts in flight: the longest are sent first.
        characters = figures.characters + sum(host.characters_in_progress for host in figures.hosts)
        now = _Sample(seconds, figures.texts, characters, sum(host_tokens.values()), host_tokens)
        if now.texts == 0:
            self._samples = deque([now])  # the time until the first model is loaded is not representative
        else:
            self._keep(now)
        then = self._since(max(LEAST_WINDOW_SECONDS, seconds / 2))
        span = now.seconds - then.seconds
        texts_rate, characters_rate, tokens_rate = (
            (now_count - then_count) / span if span > 0 else 0.0
            for now_count, then_count in (
                (now.texts, then.texts),
                (now.characters, then.characters),
                (now.tokens, then.tokens),
            )
        )
        return RunStatus(
            elapsed_seconds=seconds,
            workload=self._workload,
            figures=figures,
            texts_per_second=texts_rate,
            characters_per_second=characters_rate,
            tokens_per_second=tokens_rate,
            eta_seconds=self._eta(now, texts_rate, characters_rate),
            hosts=self._hosts(figures, now),
            events=events,
        )

    def _eta(self, now: _Sample, texts_rate: float, characters_rate: float) -> float | None:
        texts_left = self._workload.texts - now.texts
        if texts_left <= 0:
            return 0.0
        characters_left = self._workload.characters - now.characters
        if characters_left > 0 and characters_rate > 0:
            return characters_left / characters_rate
        return texts_left / texts_rate if texts_rate > 0 else None

    def _hosts(self, figures: Snapshot, now: _Sample) -> tuple[HostStatus, ...]:
        then = self._since(RECENT_SECONDS)
        span = now.seconds - then.seconds
        answers = sum(host.traffic.answers for host in figures.hosts)
        return tuple(
            _host_status(
                host,
                host.traffic.answers / answers if answers else 0.0,
                (now.host_tokens[host.url] - then.host_tokens.get(host.url, 0)) / span if span > 0 else 0.0,
            )
            for host in figures.hosts
        )

    def _since(self, seconds: float) -> _Sample:
        """Return the latest sample that is at least ``seconds`` old, or the oldest one."""
        limit = self._samples[-1].seconds - seconds
        return next((sample for sample in reversed(self._samples) if sample.seconds <= limit), self._samples[0])

    def _keep(self, now: _Sample) -> None:
        """Keep a sample, at most ``KEPT_SAMPLES`` or so of them, and forget those that no window reaches."""
        if len(self._samples) > 1 and now.seconds - self._samples[-2].seconds < now.seconds / KEPT_SAMPLES:
            self._samples.pop()
        self._samples.append(now)
        limit = now.seconds - max(LEAST_WINDOW_SECONDS, now.seconds / 2)
        while len(self._samples) > 2 and self._samples[1].seconds <= limit:
            self._samples.popleft()


def _host_status(host: HostView, share: float, tokens_per_second: float) -> HostStatus:
    traffic = host.traffic
    busy_ns = traffic.load_ns + traffic.prompt_eval_ns + traffic.eval_ns
    total_ns = busy_ns + traffic.queue_ns
    return HostStatus(
        url=host.url,
        state=host.state,
        in_flight=host.in_flight,
        limit=host.limit,
        model=host.model,
        answers=traffic.answers,
        share=share,
        tokens_per_second=tokens_per_second,
        p50_seconds=traffic.percentile(0.5),
        p95_seconds=traffic.percentile(0.95),
        queue_share=traffic.queue_ns / total_ns if total_ns else None,
        faults={name: count for name, count in traffic.failures.items() if count and name != SUPERSEDED},
        vram_share=host.vram_share,
    )

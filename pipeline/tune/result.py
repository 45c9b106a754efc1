"""The results of the two forms of ``tune``, and what is said about hosts. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.doctor.gpus import Gpu
from pipeline.tune.curve import KNEE_SHARE, Curves, HostCurve
from pipeline.tune.findings import MUCH_READING
from pipeline.tune.layouts import Layout
from pipeline.tune.load import LEAST_ANSWERS
from pipeline.tune.set_up import SetUp, run_line
from pipeline.tune.texts import Sample
from pipeline.tune.trial import Trial
from transforms.fleet.host.advice import WHOLE_SHARE

SHARED_SHARE = 0.9
"""Hosts that do less together than this share of what they do alone hinder each other."""

SMALL_SHARE = 0.1
FALL = 0.75


@dataclass(frozen=True)
class LayoutsResult:
    """Layouts of this machine.

    Attributes:
        sample: The texts that were used.
        gpus: The GPUs before the first trial.
        trials: All trials, in order.
        best: The best one; None if none worked.
        untried: The first layout for which there was no time; None if there was time for all.
        findings: What limits the layouts.
        set_up: Lines for the best one.
    """

    sample: Sample
    gpus: tuple[Gpu, ...]
    trials: tuple[Trial, ...]
    best: Trial | None
    untried: Layout | None
    findings: tuple[str, ...]
    set_up: SetUp | None


@dataclass(frozen=True)
class HostsResult:
    """Hosts that run already.

    Attributes:
        sample: The texts that were used.
        curves: What was measured.
        added: Rows per second that each host adds: together with the others, or alone if they were not measured so.
        findings: What limits the hosts.
        run: The command of a run; empty if no host was measured.
    """

    sample: Sample
    curves: Curves
    added: Mapping[str, float]
    findings: tuple[str, ...]
    run: str


def hosts_result(sample: Sample, curves: Curves, inputs: Sequence[str], more: Sequence[str]) -> HostsResult:
    """Combine the curves of hosts.

    Args:
        sample: The texts that were used.
        curves: What was measured.
        inputs: Inputs of the run.
        more: Further options of the run.
    """
    alone = {host.url: host.knee.throughput.rows_per_second for host in curves.measured if host.knee is not None}
    added = alone if curves.together is None else dict(curves.together.host_rows_per_second)
    run = ""
    if curves.measured:
        slots = ",".join(f"{host.url}={_limit(host)}" for host in curves.measured)
        urls = [host.url for host in curves.measured]
        run = run_line(inputs, urls, slots, sample, more)
    return HostsResult(sample, curves, added, tuple(_findings(curves, added)), run)


def _limit(host: HostCurve) -> int:
    """One more than there are slots, so that none waits for the next request; fewer if that many were slower."""
    slots = host.slots or 0
    rates = {point.in_flight: point.throughput.rows_per_second for point in host.points}
    most = max(in_flight for in_flight, rate in rates.items() if rate >= KNEE_SHARE * max(rates.values()))
    return most if most < min(slots, max(rates)) else slots + 1


def _findings(curves: Curves, added: Mapping[str, float]) -> list[str]:
    found = [sentence for host in curves.measured for sentence in _about_host(host)]
    total = sum(added.values())
    found += [
        f"{url} adds only {rows:.2f} of {total:.2f} rows/s ({rows / total:.0%})"
        for url, rows in added.items()
        if total and rows < SMALL_SHARE * total and len(added) > 1
    ]
    together = curves.together
    if together is not None and together.rows_per_second < SHARED_SHARE * curves.sum_rows_per_second:
        found.append(
            f"together the hosts do {together.rows_per_second:.2f} rows/s, {curves.sum_rows_per_second:.2f} if each "
            "works alone: they share a GPU, a machine or a network, or other clients use them"
        )
    return found


def _about_host(host: HostCurve) -> list[str]:
    found = []
    knee, slots = host.knee, host.slots
    if knee is None or slots is None:
        return []
    works = f"{host.url} works on {slots} request{'s' * (slots > 1)} at a time"
    found.append(
        f"{works}; throughput reaches its highest, {knee.throughput.rows_per_second:.2f} rows/s, at "
        f"{knee.in_flight} in flight" + ", and may grow beyond what was tried" * host.more_possible
    )
    if slots == 1 and len(host.points) > 1 and not host.more_possible:
        found.append(f"{host.url} has one slot only: OLLAMA_NUM_PARALLEL there decides that, not its hardware")
    first = host.points[0].throughput.request_tokens_per_second
    last = knee.throughput.request_tokens_per_second
    if slots > 1 and first and last and last < FALL * first:
        found.append(
            f"{host.url}: a request alone writes {first:.1f} tokens/s, and {last:.1f} among {slots} at a time: they "
            "share the memory bandwidth and the cores of its processor"
        )
    if host.loaded is not None and host.loaded.size_bytes and host.loaded.vram_share < WHOLE_SHARE:
        part = f"only {host.loaded.vram_share:.0%}" if host.loaded.vram_bytes else "nothing"
        found.append(
            f"{host.url} has {part} of the model in GPU memory: its CPU does the rest, which slows down every token"
        )
    answers = knee.throughput.answers
    if answers < LEAST_ANSWERS:
        found.append(
            f"{host.url} was measured with only {answers} answer{'s' * (answers != 1)}, so the figures may be "
            "chance: set a longer --tune_seconds"
        )
    share = knee.throughput.reading_share
    if share is not None and share >= MUCH_READING:
        found.append(f"{host.url} spends {share:.0%} of its time on reading prompts: a shorter prompt would be faster")
    return found

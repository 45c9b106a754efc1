"""Which plots the page shows, made from the figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.report import plots, rates
from pipeline.report.figures import Figures
from pipeline.report.plots import COLOURS, Plot
from pipeline.report.row_sample import RowSample, SampledText
from pipeline.report.time_series import Sample

MAX_LINES = COLOURS
"""Hosts in one plot; more would not be told apart."""

MAX_SMALL_PLOTS = 24
RATIO_STEP = 0.1
RATIO_RANGE = (0.4, 2.0)
CERTAINTIES = (
    ("logprob_mean", "Mean log probability per token", 0.1, -2.0),
    ("logprob_min", "Log probability per token in the least certain window", 0.2, -4.0),
)
"""Field, title, width of a bucket and start of the first bucket."""


@dataclass(frozen=True)
class PlotGroup:
    """Plots that belong together; small ones stand side by side."""

    title: str
    plots: tuple[Plot, ...]
    small: bool = False


def host_plots(figures: Figures) -> list[PlotGroup]:
    """Throughput, load, time and faults by host; those over time are of the last run."""
    groups: list[PlotGroup] = []
    run = figures.last_run
    samples = () if run is None else run.samples
    names = rates.host_names(samples)
    texts = rates.texts_per_second(samples)
    texts_plot = plots.lines("texts", "Completed texts per second", {"texts": texts}, "texts/s")
    if len(samples) > 1 and not names:
        groups.append(PlotGroup("Throughput in the last run", (texts_plot,)))
    if len(samples) > 1 and names:
        shown = names[:MAX_LINES]
        tokens = {short(name): rates.tokens_per_second(samples, name) for name in shown}
        note = f"The first {MAX_LINES} of {len(names)} hosts." if len(names) > MAX_LINES else ""
        groups.append(
            PlotGroup(
                "Throughput in the last run",
                (
                    plots.lines("tokens", "Generated tokens per second", tokens, "tokens/s", note=note),
                    texts_plot,
                ),
            )
        )
        load = [
            plots.lines(
                f"load-{number}",
                short(name),
                {
                    "in flight": rates.levels(samples, name, lambda host: host.in_flight),
                    "limit": rates.levels(samples, name, lambda host: host.limit),
                },
                "requests",
                small=True,
            )
            for number, name in enumerate(names[:MAX_SMALL_PLOTS])
        ]
        if any(host.limit for host in samples[-1].hosts):  # else only the workers of a remote runner know
            groups.append(PlotGroup("Requests in flight and detected limit", tuple(load), small=True))
        groups += _events(samples, names)
    groups += _times(figures.sample)
    return groups


def _events(samples: Sequence[Sample], names: Sequence[str]) -> Iterator[PlotGroup]:
    outages, faults = rates.outages(samples), rates.faults(samples)
    if not outages and not faults:
        return
    rows = {name: number for number, name in enumerate(names)}
    frequent = Counter[str]()
    for fault in faults:
        frequent[fault.failure] += fault.count
    kept = [name for name, _ in frequent.most_common(COLOURS - 2)]
    by_class: dict[str, list[tuple[float, int, int]]] = {name: [] for name in kept}
    for fault in faults:
        kind = fault.failure if fault.failure in by_class else "other"
        by_class.setdefault(kind, []).append((fault.seconds, rows[fault.host], fault.count))
    plot = plots.events(
        "events",
        "Faults and outages in the last run",
        [short(name) for name in names],
        by_class,
        [(each.start_seconds, each.end_seconds, rows[each.host]) for each in outages],
        samples[-1].seconds,
        "The size of a dot grows with the number of failed requests.",
    )
    yield PlotGroup("Faults over time", (plot,))


def _times(sample: RowSample) -> Iterator[PlotGroup]:
    """Where the time of accepted answers went, and how it depends on the length of the answer."""
    by_host: dict[str, list[SampledText]] = {}
    for text in sample.texts:
        by_host.setdefault(text.host, []).append(text)
    if not by_host:
        return
    parts = ("load", "prompt_eval", "eval", "queue")
    sums = {
        part: [
            sum(getattr(text, f"{part}_duration_ns") or 0 for text in texts) / 1e9 / len(texts)
            for texts in by_host.values()
        ]
        for part in parts
    }
    names = {"load": "load", "prompt_eval": "prompt", "eval": "generation", "queue": "queue"}
    made = [
        plots.stacked_bars(
            "time",
            "Mean time of an accepted answer",
            [short(host) for host in by_host],
            {names[part]: values for part, values in sums.items()},
            "seconds",
            _of_sample(sample),
        )
    ]
    points = {
        short(host): [
            (float(text.eval_count), text.total_duration_ns / 1e9)
            for text in texts
            if text.eval_count is not None and text.total_duration_ns is not None
        ]
        for host, texts in list(by_host.items())[:MAX_LINES]
    }
    if any(points.values()):
        made.append(
            plots.dots(
                "latency",
                "Latency against length",
                points,
                "tokens of the answer",
                "seconds",
                _of_sample(sample),
            )
        )
    yield PlotGroup("Where the time went", tuple(made))


def quality_plots(figures: Figures) -> list[PlotGroup]:
    """Distributions over the sampled rows."""
    sample = figures.sample
    made = []
    ratios = [text.length_ratio for text in sample.texts if text.length_ratio is not None]
    if ratios:
        title = "Characters of the translation per character of the source"
        made.append(
            plots.histogram("ratios", title, _buckets(ratios, RATIO_STEP, *RATIO_RANGE), "ratio", _of_sample(sample))
        )
    for field, title, step, least in CERTAINTIES:
        values = [value for text in sample.texts if (value := getattr(text, field)) is not None]
        if values:
            buckets = _buckets(values, step, least, 0.0)
            made.append(plots.histogram(field, title, buckets, "log probability", _of_sample(sample)))
    return [PlotGroup("Distributions", tuple(made))] if made else []


def _buckets(values: Sequence[float], step: float, low: float, high: float) -> list[tuple[str, int]]:
    """Counts in buckets of ``step``; the first and the last one include everything beyond them."""
    count = round((high - low) / step)
    counts = [0] * count
    for value in values:
        counts[min(count - 1, max(0, int((value - low) / step)))] += 1
    return [(f"{low + number * step:.1f}", counts[number]) for number in range(count)]


def _of_sample(sample: RowSample) -> str:
    return "" if sample.complete else f"From a sample of {sample.rows:,} rows."


def short(url: str) -> str:
    """A host's address without its scheme."""
    return url.partition("://")[2] or url

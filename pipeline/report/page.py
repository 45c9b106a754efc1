"""The report's HTML page: one self-contained file, made from the figures with a template."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from pipeline.report.figures import Figures
from pipeline.report.findings import duration, findings, verdict
from pipeline.report.meanings import error_meaning, flag_meaning
from pipeline.report.page_plots import host_plots, quality_plots
from pipeline.report.rates import REMOTE, SUPERSEDED
from pipeline.review.rows import ReviewRow
from transforms.sink.statistics import ORIGINS, STATUSES, HostStatistics

STATUS_MEANINGS = {
    "ok": "translated, no check found anything",
    "warn": "translated, with flags",
    "skipped": "nothing to translate",
    "partial": "translated in part",
    "failed": "not translated",
}
ORIGIN_MEANINGS = {
    "generated": "by a model in this or an earlier run",
    "memory": "from the translation memory",
    "duplicate": "same text as another row",
    "source": "source passed through",
    "human": "translated by a person (command review)",
}


@dataclass(frozen=True)
class HostRow:
    """A line of the table of hosts; ``slots`` as detected in the last run, None if it did not use the host."""

    url: str
    slots: int | None
    rows: int = 0
    share: float = 0.0
    requests: int = 0
    output_tokens: int = 0
    tokens_per_second: float | None = None
    faults: str = "none"


@dataclass(frozen=True)
class CountRow:
    """A line of a table of counts: a name, its meaning, its count and its share of the total."""

    name: str
    meaning: str
    count: int
    share: float


def render(figures: Figures, now: datetime, worst: Sequence[ReviewRow] = ()) -> str:
    """Make the page.

    Args:
        figures: The figures of the output.
        now: Time of the report.
        worst: Rows to show with their texts; none unless the user asked for texts.
    """
    environment = Environment(
        loader=PackageLoader("pipeline.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters.update(number=_number, duration=duration, percent=_percent, time=_time)
    style = environment.loader.get_source(environment, "page.css")[0]  # type: ignore[union-attr]
    return environment.get_template("page.html").render(
        style=Markup(style),  # noqa: S704 - our own file
        figures=figures,
        counts=figures.statistics,
        now=now,
        verdict=verdict(figures),
        findings=findings(figures),
        statuses=_table(figures.statistics.statuses, STATUS_MEANINGS, figures.statistics.rows, STATUSES),
        origins=_table(figures.statistics.origins, ORIGIN_MEANINGS, figures.statistics.origins.total(), ORIGINS),
        flags=_flags(figures),
        failures=_failures(figures),
        hosts=_hosts(figures),
        tiles=_tiles(figures),
        host_plots=host_plots(figures),
        missing_in_series=_missing_in_series(figures),
        quality_plots=quality_plots(figures),
        worst=worst,
        runs=[_run(run.record.started, run.record.version, run.record.summary or {}) for run in reversed(figures.runs)],
        recipe=_recipe(figures),
    )


def _table(counts: Mapping[str, int], meanings: Mapping[str, str], total: int, order: Sequence[str]) -> list[CountRow]:
    names = [name for name in dict.fromkeys([*order, *counts]) if counts.get(name)]
    return [CountRow(name, meanings.get(name, ""), counts[name], counts[name] / max(1, total)) for name in names]


def _flags(figures: Figures) -> list[CountRow]:
    total = max(1, figures.statistics.rows)
    return [
        CountRow(name, flag_meaning(name).text, count, count / total)
        for name, count in figures.statistics.flags.most_common()
    ]


def _failures(figures: Figures) -> list[CountRow]:
    failures = Counter(figures.statistics.failures)
    failures.pop(SUPERSEDED, None)
    total = max(1, figures.statistics.requests)
    return [CountRow(name, error_meaning(name).text, count, count / total) for name, count in failures.most_common()]


def _hosts(figures: Figures) -> list[HostRow]:
    """A line for each host: work of all runs, slots of the last run."""
    last: Mapping[str, Mapping[str, Any]] = figures.summary.get("hosts", {})
    rows = max(1, sum(host.rows for host in figures.statistics.hosts.values()))
    shown = []
    for url in dict.fromkeys([*figures.statistics.hosts, *last]):
        host = figures.statistics.hosts.get(url, HostStatistics())
        faults = Counter(host.faults)
        faults.pop(SUPERSEDED, None)
        shown.append(
            HostRow(
                url=url,
                slots=last.get(url, {}).get("slots"),
                rows=host.rows,
                share=host.rows / rows,
                requests=host.requests,
                output_tokens=host.output_tokens,
                tokens_per_second=host.output_tokens / host.busy_seconds if host.busy_seconds else None,
                faults=", ".join(f"{name} {count:,}" for name, count in faults.most_common()) or "none",
            )
        )
    return shown


def _missing_in_series(figures: Figures) -> str:
    """Return what the time series of the last run lacks, as its workers ran elsewhere; empty if it lacks nothing."""
    run = figures.last_run
    if run is None or not run.samples:
        return ""
    hosts = run.samples[-1].hosts
    if not hosts:
        return (
            "The workers of the last run were other processes, and its runner reported no counts of hosts: the texts "
            "over time are those of published parts. The table above is complete, as the parts hold its counts."
        )
    if any(host.state == REMOTE for host in hosts):
        return (
            "The workers of the last run were other processes: requests in flight, limits, outages and latencies over "
            "time are not known here, and faults over time have no class. The table above is complete, as the parts "
            "hold its counts."
        )
    return ""


def _tiles(figures: Figures) -> list[tuple[str, str, str]]:
    """Key figures: value, label and a remark."""
    counts, summary = figures.statistics, figures.summary
    rates: Mapping[str, Any] = summary.get("rates", {})
    shown = [
        (_number(counts.rows), "rows", f"in {figures.parts:,} part{'s' * (figures.parts != 1)}"),
        (_number(counts.statuses["failed"]), "failed rows", _percent(counts.statuses["failed"] / max(1, counts.rows))),
        (
            _number(counts.requests),
            "requests",
            f"{counts.repeated_requests:,} repeated ({_percent(counts.repeated_requests / max(1, counts.requests))})",
        ),
        (
            _number(sum(host.output_tokens for host in counts.hosts.values())),
            "tokens written",
            f"on {len(counts.hosts)} host{'s' * (len(counts.hosts) != 1)}",
        ),
    ]
    if summary.get("wall_seconds"):
        wall = float(summary["wall_seconds"])
        rate = rates.get("rows_per_second")
        shown.append((duration(wall), "last run", "" if rate is None else f"{_number(rate)} rows/s"))
    saved = counts.origins["memory"] + counts.origins["duplicate"]
    if saved:
        shown.append((_number(saved), "texts without a request", "from memory or duplicates"))
    return shown


def _run(started: str, version: str, summary: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "started": started,
        "version": version,
        "exit_code": summary.get("exit_code"),
        "message": summary.get("message", "" if summary else "killed, or still running"),
        "rows_written": summary.get("rows_written"),
        "requests": summary.get("requests"),
        "wall_seconds": summary.get("wall_seconds"),
        "model": summary.get("model", ""),
    }


def _recipe(figures: Figures) -> list[tuple[str, str]]:
    """Settings of the most frequent recipe, as names and values."""
    if not figures.recipes:
        return []
    values = figures.recipes[0].to_json()
    return [
        (name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        for name, value in values.items()
        if value not in (None, "", [], {})
    ]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"


def _percent(share: float) -> str:
    return f"{share:.1%}" if share >= 0.001 or not share else f"{share:.2%}"


def _time(iso: str) -> str:
    """A time in ISO 8601, shortened to minutes."""
    return iso[:16].replace("T", " ")

"""The outcome of a run for a person at a terminal: a short table, and what to do next."""

from __future__ import annotations

from typing import TextIO

from rich.table import Table
from rich.text import Text

from pipeline.console.tables import console_for
from pipeline.exit_codes import ExitCode
from pipeline.monitoring.text import counted, duration, host_name
from pipeline.options.run import RunOptions
from pipeline.summary import SUMMARY_FILE, Summary, about_mixed_digests
from transforms.masking import mask_urls
from transforms.sink.statistics import STATUSES
from transforms.text.request.sanitize import sanitize

WIDTH = 100
"""Width of the table where stdout is not a terminal."""

SHOWN_CLASSES = 3
SHOWN_REPAIRS = 6
TOO_LITTLE_ROOM = ("output_truncated", "input_too_long", "only_thinking")
HOSTS_FAULTS = ("timeout", "busy", "server_error", "connection_lost", "connection_refused", "bad_gateway")
NOTABLE_WARN_RATIO = 0.05
ROWS_FOR_ALL = 10
"""Rows per host from which every healthy host should have translated one."""

HEADLINES = {
    ExitCode.DONE: "done",
    ExitCode.FAILED: "failed",
    ExitCode.TOO_MANY_FAILED: "done, but too many rows failed",
    ExitCode.NOTHING_TO_DO: "nothing to do",
}


def show_outcome(summary: Summary, options: RunOptions, stream: TextIO) -> None:
    """Print the outcome to ``stream``."""
    console = console_for(stream, WIDTH, highlight=False)
    console.print(Text(headline(summary), style="bold"))
    console.print(_rows(summary))
    if summary.counts.this_run.hosts:
        console.print(_hosts(summary))
    if summary.counts.this_run.repair_kinds:
        console.print(_repairs(summary))
    for sentence in next_steps(summary, options):
        console.print(Text(f"→ {sentence}"), soft_wrap=True)


def headline(summary: Summary) -> str:
    """Return one sentence about the run."""
    state = HEADLINES.get(summary.exit_code, summary.message or "stopped")
    rows, written = summary.counts.all_rows.rows, summary.counts.this_run.rows
    rate = f", {written / summary.wall_seconds:.1f} rows/s" if written and summary.wall_seconds else ""
    return (
        f"{state}: {rows:,} of {summary.rows_in:,} rows in {mask_urls(summary.output)}, {written:,} of them from "
        f"this run ({duration(summary.wall_seconds)}{rate})"
    )


def next_steps(summary: Summary, options: RunOptions) -> list[str]:
    """Return what to do next, one sentence each; the most important first."""
    rows, run = summary.counts.all_rows, summary.counts.this_run
    steps = []
    if summary.not_real:
        steps.append(summary.not_real)
    if summary.message:
        steps.append("rerun the same command to translate the remaining rows")
    if failed := rows.statuses["failed"]:
        classes = counted(rows.failed_rows, SHOWN_CLASSES)
        steps.append(
            f"{failed:,} row{'s' * (failed > 1)} failed ({classes}); rejected candidates are in "
            f"{mask_urls(summary.output)}/_dead_letter. {_retry(summary, options)}"
        )
    elif partial := rows.statuses["partial"]:
        steps.append(
            f"{partial:,} row{' is' if partial == 1 else 's are'} only partly translated. {_retry(summary, options)}"
        )
    idle = [url for url in summary.slots if url not in run.hosts or not run.hosts[url].rows]
    if idle and run.rows >= ROWS_FOR_ALL * len(summary.slots):
        names = ", ".join(map(host_name, idle))
        steps.append(f"no row came from {names}. Check with: python -m pipeline doctor --hosts {','.join(idle)}")
    steps += about_mixed_digests(summary.counts)
    warned = rows.statuses["warn"]
    if rows.rows and warned / rows.rows > NOTABLE_WARN_RATIO:
        steps.append(f"{warned:,} rows have warnings ({counted(rows.flags, SHOWN_CLASSES)}); review a sample of them")
    return steps


def _retry(summary: Summary, options: RunOptions) -> str:
    """Return the options that are most likely to help rows that failed."""
    classes = summary.counts.all_rows.failed_rows
    total = max(1, classes.total())
    if sum(classes[name] for name in TOO_LITTLE_ROOM) > total / 2:
        return f"Most answers did not fit: try --num_ctx {2 * options.num_ctx} with another --output or --overwrite"
    if sum(classes[name] for name in HOSTS_FAULTS) > total / 2:
        return "Check the hosts with `python -m pipeline doctor`, then try --retry_failed"
    return "Try --retry_failed" + " --fallback_model MODEL" * (options.fallback_model is None)


def _rows(summary: Summary) -> Table:
    rows = summary.counts.all_rows
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    table.add_column()
    table.add_row("rows", counted({status: rows.statuses[status] for status in STATUSES}) or "none")
    if rows.origins:
        table.add_row("texts", counted(rows.origins))
    if rows.flags:
        table.add_row("flags", sanitize(counted(rows.flags, 2 * SHOWN_CLASSES)))
    run = summary.counts.this_run
    if run.requests:
        table.add_row("requests", f"{run.requests:,}, {run.repeated_requests:,} of them repeated")
    if run.repairs:
        gain = (
            f"{run.repairs['requests']:,} extra requests improved {run.repairs['better']:,} of {run.repairs['texts']:,}"
        )
        table.add_row("repairs", f"{gain} texts that failed a check")
    table.add_row("details", mask_urls(f"{summary.output}/{SUMMARY_FILE}"))
    return table


def _repairs(summary: Summary) -> Table:
    """Return what the repairs of the most expensive kinds of fault cost and gained."""
    table = Table(box=None, padding=(0, 2), pad_edge=False, header_style="dim")
    table.add_column("repairs of", overflow="fold")
    for heading in ("requests", "time", "better rows", "not tried"):
        table.add_column(heading, justify="right")
    kinds = summary.counts.this_run.repair_kinds
    for fault in sorted(kinds, key=lambda fault: -kinds[fault].requests)[:SHOWN_REPAIRS]:
        kind = kinds[fault]
        numbers = (f"{kind.requests:,}", duration(kind.seconds), f"{kind.better:,}", f"{kind.omitted:,}")
        table.add_row(Text(sanitize(fault)), *numbers)
    return table


def _hosts(summary: Summary) -> Table:
    table = Table(box=None, padding=(0, 2), pad_edge=False, header_style="dim")
    table.add_column("host", overflow="fold")
    for heading in ("rows", "requests", "tokens", "busy", "slots"):
        table.add_column(heading, justify="right")
    table.add_column("faults")
    for url, host in sorted(summary.counts.this_run.hosts.items(), key=lambda each: -each[1].rows):
        slots = summary.slots.get(url)
        table.add_row(
            Text(host_name(url)),
            f"{host.rows:,}",
            f"{host.requests:,}",
            f"{host.output_tokens:,}",
            duration(host.busy_seconds),
            "–" if slots is None else str(slots),
            counted(host.faults, SHOWN_CLASSES) or "–",
        )
    return table

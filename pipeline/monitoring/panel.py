"""The live panel: a run's status for a terminal, in as many columns as its width allows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from pipeline.monitoring.status import HostStatus, RunStatus
from pipeline.monitoring.text import counted, duration, host_name, remaining, texts_rate
from transforms.text.request.sanitize import sanitize

SHOWN_HOSTS = 24
SHOWN_FLAGS = 3
LEAST_HOST_WIDTH = 16
OTHER_WIDTH = 54
"""Width of the columns beside the host that are always shown, or nearly so."""

LIMPING = 0.5
"""A healthy host is highlighted as slow if its latency is this much above the median of the hosts."""

STATE_STYLES = {"healthy": "green", "loading": "yellow"}
BAD_STATE = "bold red"


@dataclass(frozen=True)
class _Column:
    """A column of the table of hosts.

    Attributes:
        heading: Text of the heading.
        cell: The text of a host's cell.
        least_width: The panel's width from which the column is shown.
        left: Whether it is aligned to the left.
    """

    heading: str
    cell: Callable[[HostStatus], str]
    least_width: int = 0
    left: bool = False


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f} s" if value < 10 else f"{value:.0f} s"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.0f} %"


def _faults(host: HostStatus) -> str:
    total = sum(host.faults.values())
    return f"{total:,}" if total else "–"


COLUMNS = (
    _Column("host", lambda host: host_name(host.url), left=True),
    _Column("state", lambda host: host.short_state, left=True),
    _Column("in flight", lambda host: f"{host.in_flight}/{host.limit}" if host.limit else "–"),
    _Column("tokens/s", lambda host: f"{host.tokens_per_second:,.0f}"),
    _Column("p50", lambda host: _seconds(host.p50_seconds), 75),
    _Column("p95", lambda host: _seconds(host.p95_seconds), 90),
    _Column("queued", lambda host: _share(host.queue_share), 106),
    _Column("share", lambda host: _share(host.share), 75),
    _Column("GPU", lambda host: _share(host.vram_share), 98),
    _Column("faults", _faults),
    _Column("most frequent fault", lambda host: counted(host.faults, 1) or "–", 144, left=True),
    _Column("model", lambda host: host.model or "–", 120, left=True),
    _Column("reason", lambda host: host.state.partition(": ")[2], 166, left=True),
)


@dataclass(frozen=True)
class Panel:
    """Renders a status; see ``rich``'s console protocol."""

    status: RunStatus

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        status = self.status
        parts: list[RenderableType] = [
            _progress(status, options.max_width),
            _hosts(status, options.max_width),
            _quality(status),
        ]
        if (savings := _savings(status)) is not None:
            parts.append(savings)
        parts += [_event_line(index, status) for index in range(len(status.events))]
        yield Group(*parts)


def _progress(status: RunStatus, width: int) -> Table:
    grid = Table.grid(padding=(0, 1), expand=True)
    grid.add_column(no_wrap=True)
    grid.add_column(ratio=1, min_width=8)
    grid.add_column(no_wrap=True, justify="right")
    figures = status.figures
    rates = texts_rate(status)
    if status.tokens_per_second:
        rates += f"  {status.tokens_per_second:,.0f} tokens/s"
    grid.add_row(
        Text(f"{figures.texts:,} of {status.workload.texts:,} texts", style="bold"),
        ProgressBar(total=1.0, completed=status.done_share),
        Text(f"{100 * status.done_share:.0f} %  {remaining(status) or 'waiting for the first answers'}", style="bold"),
    )
    grid.add_row(Text(rates), Text(""), Text(f"{duration(status.elapsed_seconds)} elapsed", style="dim"))
    return grid


def _hosts(status: RunStatus, width: int) -> Table:
    columns = [column for column in COLUMNS if width >= column.least_width]
    table = Table(box=None, padding=(0, 1), pad_edge=False, header_style="dim", expand=False)
    for column in columns:
        table.add_column(column.heading, justify="left" if column.left else "right", no_wrap=True, overflow="ellipsis")
    slow, longest = _slow(status), max(LEAST_HOST_WIDTH, width - OTHER_WIDTH)
    for host in status.hosts[:SHOWN_HOSTS]:
        style = STATE_STYLES.get(host.short_state, BAD_STATE)
        texts = {column.heading: sanitize(column.cell(host)) for column in columns}
        if len(texts["host"]) > longest:
            texts["host"] = texts["host"][: longest - 1] + "…"
        if host.url in slow:
            texts["state"], style = "slow", "yellow"
        table.add_row(*(Text(text, style if name == "state" else "") for name, text in texts.items()))
    if len(status.hosts) > SHOWN_HOSTS:
        table.add_row(Text(f"and {len(status.hosts) - SHOWN_HOSTS} more", style="dim"))
    return table


def _slow(status: RunStatus) -> frozenset[str]:
    """Return the healthy hosts whose median latency is far above that of the hosts in the middle."""
    latencies = sorted(host.p50_seconds for host in status.hosts if host.p50_seconds is not None)
    if len(latencies) < 2:
        return frozenset()
    middle = latencies[(len(latencies) - 1) // 2]
    return frozenset(
        host.url
        for host in status.hosts
        if host.short_state == "healthy"
        if host.p50_seconds is not None and host.p50_seconds > middle * (1 + LIMPING)
    )


def _quality(status: RunStatus) -> Text:
    figures = status.figures
    line = Text(counted(figures.statuses) or "no text is done yet")
    if flags := counted(figures.flags, SHOWN_FLAGS):
        line.append(f"   flags: {flags}")
    return line


def _savings(status: RunStatus) -> Text | None:
    """Return what memory and deduplication saved and what repairs cost; None if there is nothing to say."""
    origins, repairs = status.figures.origins, status.figures.repairs
    sentences = []
    if origins.get("memory"):
        sentences.append(f"{origins['memory']:,} texts from memory")
    if origins.get("duplicate"):
        sentences.append(f"{origins['duplicate']:,} duplicates")
    if repairs.get("texts"):
        sentences.append(
            f"{repairs.get('requests', 0):,} extra requests improved {repairs.get('better', 0):,} of "
            f"{repairs['texts']:,} texts that failed a check"
        )
    return Text("; ".join(sentences)) if sentences else None


def _event_line(index: int, status: RunStatus) -> Text:
    event = status.events[index]
    repeated = f"×{event.count} " if event.count > 1 else ""
    return Text(f"{event.at:%H:%M:%S} {repeated}{sanitize(event.text)}", style="dim", no_wrap=True, overflow="ellipsis")

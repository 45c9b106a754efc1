"""A run's status as text: durations, rates, and one line for logs."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.monitoring.status import HostStatus, RunStatus

SHOWN_HOSTS = 8
LEAST_PER_SECOND = 0.5


def duration(seconds: float) -> str:
    """Return a duration in its two largest units.

    >>> duration(8), duration(75), duration(7300), duration(200000)
    ('8 s', '1 min 15 s', '2 h 1 min', '2 d 7 h')
    """
    whole = round(seconds)
    for size, unit, smaller_size, smaller in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            rest = whole % size // smaller_size
            return f"{whole // size} {unit}" + (f" {rest} {smaller}" if rest else "")
    return f"{whole} s"


def remaining(status: RunStatus) -> str:
    """Return the ETA for people; empty while it is unknown."""
    return "" if status.eta_seconds is None else f"{duration(status.eta_seconds)} left"


def texts_rate(status: RunStatus) -> str:
    """Return the speed in texts per second; per minute if it is slow, as on a host without a GPU."""
    speed = status.texts_per_second
    return f"{speed:.1f} texts/s" if speed >= LEAST_PER_SECOND else f"{60 * speed:.1f} texts/min"


def host_name(url: str) -> str:
    """Return the address without its scheme, as every host has one."""
    return url.partition("://")[2] or url


def counted(counts: Mapping[str, int], most: int | None = None) -> str:
    """Return counts by name, the most frequent first: ``ok 1,200, warn 20``."""
    ordered = sorted(((count, name) for name, count in counts.items() if count), key=lambda each: (-each[0], each[1]))
    return ", ".join(f"{name} {count:,}" for count, name in ordered[:most])


def plain_line(status: RunStatus) -> str:
    """Return one line for a log.

    ``1,200 of 5,000 texts (24 %), 40.0 texts/s, 820 tokens/s, 1 min 35 s left; gpu0:11434 4/4, gpu1:11434 loading``
    """
    figures, parts = status.figures, []
    parts.append(f"{figures.texts:,} of {status.workload.texts:,} texts ({status.done_share:.0%})".replace("%", " %"))
    parts.append(texts_rate(status))
    if status.tokens_per_second:
        parts.append(f"{status.tokens_per_second:,.0f} tokens/s")
    if figures.statuses.get("failed"):
        parts.append(f"{figures.statuses['failed']:,} failed")
    if left := remaining(status):
        parts.append(left)
    hosts = ", ".join(map(_host, status.hosts[:SHOWN_HOSTS])) + ", …" * (len(status.hosts) > SHOWN_HOSTS)
    return ", ".join(parts) + (f"; {hosts}" if hosts else "")


def values(status: RunStatus) -> dict[str, object]:
    """Return the figures of a log line as JSON values, for logs in JSON."""
    return {
        "texts": status.figures.texts,
        "texts_total": status.workload.texts,
        "texts_per_second": round(status.texts_per_second, 3),
        "output_tokens_per_second": round(status.tokens_per_second, 3),
        "eta_seconds": None if status.eta_seconds is None else round(status.eta_seconds, 1),
        "statuses": dict(status.figures.statuses),
        "hosts": {
            host.url: {"state": host.short_state, "in_flight": host.in_flight, "limit": host.limit}
            for host in status.hosts
        },
    }


def _host(host: HostStatus) -> str:
    shown = f"{host.in_flight}/{host.limit}" if host.short_state == "healthy" else host.short_state
    return f"{host_name(host.url)} {shown}"

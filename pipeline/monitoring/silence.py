"""Hosts that have requests but do not answer for a while: noticed long before their deadline, and told once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.monitoring.status import HostStatus

LEAST_SECONDS = 15.0
UNUSUAL = 3.0
"""Multiple of a host's 95th percentile of latencies from which its silence is mentioned."""


@dataclass
class _Known:
    answers: int
    since: float
    told: bool = False


class Silences:
    """Watches the hosts from one status to the next. Needs neither clock nor thread."""

    def __init__(self) -> None:
        self._hosts: dict[str, _Known] = {}

    def saw(self, seconds: float, hosts: Sequence[HostStatus]) -> Iterator[str]:
        """Yield a sentence for each host that has fallen silent, or answers again.

        Args:
            seconds: Time since the start of the run.
            hosts: The hosts at that time.
        """
        for host in hosts:
            known = self._hosts.get(host.url)
            idle = not host.in_flight and (known is None or not known.told)
            if known is None or host.answers != known.answers or idle or host.short_state != "healthy":
                if known is not None and known.told and host.answers > known.answers:
                    yield f"{host.url} answers again after {seconds - known.since:.0f} s"
                self._hosts[host.url] = _Known(host.answers, seconds)
            elif not known.told and seconds - known.since >= max(LEAST_SECONDS, UNUSUAL * (host.p95_seconds or 0.0)):
                if host.p95_seconds is None:  # its first answers may wait for the model
                    continue
                known.told = True
                yield (
                    f"{host.url} has not answered for {seconds - known.since:.0f} s: {host.in_flight} requests in "
                    f"flight, which usually take up to {host.p95_seconds:.1f} s; its machine may be busy or suspended"
                )

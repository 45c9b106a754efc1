"""Whether a host has been silent for so long that others need not wait for it. Pure.

A host that hangs is found out by the deadline of its requests. Until it has given some answers, that leaves time for a
load of the model. Texts that failed elsewhere wait for the host meanwhile, but only as long as an answer of any host is
likely to take.
"""

from __future__ import annotations

import math
from collections.abc import Collection

from transforms.fleet.dispatch.sent_request import SentRequest
from transforms.fleet.host.host_state import HostState

Hosts = Collection[HostState]
Sent = Collection[SentRequest]
"""All requests in flight, the oldest first."""


def is_silent(host: HostState, hosts: Hosts, sent: Sent, now: float) -> bool:
    """Return whether one of ``hosts`` has answered nothing for too long, although it has a request."""
    since = _silent_since(host, sent)
    return since is not None and now >= since + _patience_seconds(hosts)


def next_silence_at(hosts: Hosts, sent: Sent, now: float) -> float | None:
    """Return when the next host will have been silent for too long; None if there is none."""
    patience_seconds = _patience_seconds(hosts)
    since = [_silent_since(host, sent) for host in hosts if host.in_flight]
    times = [at + patience_seconds for at in since if at is not None]
    return min((at for at in times if now < at < math.inf), default=None)


def _patience_seconds(hosts: Hosts) -> float:
    """Return how long the slowest of those hosts that have answered may take; infinite if none has."""
    known = [seconds for host in hosts if host.usable() and (seconds := host.deadline.plausible_seconds()) is not None]
    return max(known, default=math.inf)


def _silent_since(host: HostState, sent: Sent) -> float | None:
    """Return when the host got its oldest request in flight, if it has answered nothing since; else None."""
    oldest = next((request.at for request in sent if request.host is host), None)
    return None if oldest is None or host.last_answer_at >= oldest else oldest

"""Assignment of models to hosts. Pure.

Changing the model costs a host seconds to minutes, so a host keeps its model as long as there is work for it. Only an
idle host changes to another model: one that no host serves, or one whose hosts have more work queued than the change
would cost. A host with an open circuit then has no request for a probe, so it takes a model that only it has.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from transforms.fleet.dispatch.pending import PendingJobs
from transforms.fleet.host.host_state import HostState

WORTH_LOADS = 2.0
"""The minimum saving of a change, as a multiple of its cost."""

LOAD_SECONDS = 5.0
"""Estimate for a model load that was not observed yet."""

ANSWER_SECONDS = 1.0
"""Estimate for the answers of a host that has given none yet."""


def next_change(hosts: Iterable[HostState], pending: PendingJobs) -> tuple[HostState, str] | None:
    """Return a host that should load another model now, with the model's key; None if no host should."""
    hosts = list(hosts)
    for host in hosts:
        if not host.ready or host.out is not None or host.in_flight or host.model in pending:
            continue
        waits = {
            model: _wait_seconds(model, hosts, pending) for model in pending.models() if _may_take(host, model, hosts)
        }
        model = max(waits, key=waits.__getitem__, default=None)
        if model is not None and waits[model] > WORTH_LOADS * _load_seconds(host, model):
            return host, model
    return None


def _may_take(host: HostState, model: str, hosts: Iterable[HostState]) -> bool:
    if not host.has(model):
        return False
    return host.breaker.closed or not any(other.usable() and other.has(model) for other in hosts)


def _wait_seconds(model: str, hosts: Iterable[HostState], pending: PendingJobs) -> float:
    """Return how long the hosts of a model will take for its pending texts; infinite without hosts."""
    rates = [
        host.limit.slots() / (host.deadline.typical_seconds() or ANSWER_SECONDS) for host in hosts if host.serves(model)
    ]
    return pending.count(model) / sum(rates) if rates else math.inf


def _load_seconds(host: HostState, model: str) -> float:
    known = host.served_model(model).load_seconds
    return LOAD_SECONDS if known is None else known

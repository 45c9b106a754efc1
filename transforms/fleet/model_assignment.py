"""Which model each host should load. Pure.

Changing a model costs a host seconds to minutes, so a host stays with the one that it has as long as there is work for
it. Only a host that has nothing left to do takes another: one that no host serves, or whose hosts have more work before
them than the change would cost. A host that rests has nothing to be probed with then, so it takes what only it has.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from transforms.fleet.host_state import HostState
from transforms.fleet.pending import PendingJobs

WORTH_LOADS = 2.0
"""A change must save so many times what it costs."""

LOAD_SECONDS = 5.0
"""Taken for the cost of a load that was never seen."""

ANSWER_SECONDS = 1.0
"""Taken for an answer of a host that has given none yet."""


def next_change(hosts: Iterable[HostState], pending: PendingJobs) -> tuple[HostState, str] | None:
    """A host that should load another model now, and the model's key; None if all should stay as they are."""
    hosts = list(hosts)
    for host in hosts:
        if not host.ready or host.out is not None or host.in_flight or pending.count(host.model):
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
    """How long the hosts that serve a model will take for what waits for it; infinite if there is none."""
    rates = [
        host.limit.slots() / (host.deadline.typical_seconds() or ANSWER_SECONDS) for host in hosts if host.serves(model)
    ]
    return pending.count(model) / sum(rates) if rates else math.inf


def _load_seconds(host: HostState, model: str) -> float:
    known = host.served_model(model).load_seconds
    return LOAD_SECONDS if known is None else known

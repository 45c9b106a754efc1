"""Which texts are too long for a slow host, because a faster one would finish them sooner. Pure.

The longest texts are sent first, and whichever host has room takes them. A host that is several times slower than
others would still work on such a text when everything else is done.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from transforms.fleet.host.host_state import HostState

SIMILAR_SPEED = 1.25
"""A host that is slower by less than this factor takes any text, as the faster ones may be busy."""

LATER = 1.1
"""An answer may take longer than its length says. On twenty unequal hosts (``benchmarks.fleet.simulation``), 1.25 is
better than 1.1 if the lengths of the texts tell their work, but leaves slow hosts idle for too long if they do not."""

LEAST_SECONDS = 0.05
"""A host takes any text that it translates in this time: the speed of such answers is noise."""


class FleetSpeed(NamedTuple):
    """The speed of all healthy hosts that serve a model, as far as it is known.

    Attributes:
        fastest: Tokens per second of a slot of the fastest host; 0 if no speed is known.
        together: Tokens per second of all slots of all hosts.
    """

    fastest: float
    together: float

    @classmethod
    def of(cls, model: str, hosts: Iterable[HostState]) -> FleetSpeed:
        """Return the speed of those of ``hosts`` that serve a model."""
        fastest = together = 0.0
        for host in hosts:
            if host.model == model and host.usable():
                served = host.served
                speed = served.tokens_per_second()
                if speed is not None:
                    fastest = max(fastest, speed)
                    together += served.limit.slots() * speed
        return cls(fastest, together)


def longest_for(host: HostState, fleet: FleetSpeed, pending_tokens: float) -> float:
    """Return the expected tokens of the longest answer that a host should give; infinite if it may give any.

    Args:
        host: The host that has room.
        fleet: The speed of all hosts with its model, itself among them.
        pending_tokens: Of the expected answers to all texts that wait for its model.
    """
    own = host.served.tokens_per_second()
    if own is None or SIMILAR_SPEED * own >= fleet.fastest:
        return float("inf")
    # The text may take as long as all that is pending, and as long as it would take the fastest host after that.
    remaining_seconds = pending_tokens / fleet.together
    longest = (remaining_seconds - LATER * _seconds_until_a_slot(host, own)) / (LATER / own - 1 / fleet.fastest)
    return max(longest, LEAST_SECONDS * own)


def _seconds_until_a_slot(host: HostState, tokens_per_second: float) -> float:
    """How long one more request would wait in the queue of a host, if its requests are all of their mean length."""
    slots = host.limit.slots()
    ahead = host.in_flight + 1 - slots
    if ahead <= 0:
        return 0.0
    return ahead / slots * host.tokens_in_flight / host.in_flight / tokens_per_second

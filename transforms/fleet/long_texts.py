"""Which texts are too long for a slow host, because a faster one would finish them sooner. Pure.

The longest texts are sent first, and whichever host has room takes them. A host that is several times slower than
others would still work on such a text when everything else is done.
"""

from __future__ import annotations

from collections.abc import Iterable

from transforms.fleet.host_state import HostState

SIMILAR_SPEED = 1.25
"""A host that is slower by less than this factor takes any text, as the faster ones may be busy."""

LATER = 1.1
"""An answer may take longer than its length says. On twenty unequal hosts (``benchmarks.fleet.simulation``), 1.25 is
better than 1.1 if the lengths of the texts tell their work, but leaves slow hosts idle for too long if they do not."""

LEAST_SECONDS = 0.05
"""A host takes any text that it translates in this time: the speed of such answers is noise."""


def longest_for(host: HostState, hosts: Iterable[HostState], pending_characters: int) -> float:
    """Return the characters of the longest text that a host should take; infinite if it may take any.

    Args:
        host: The host that has room.
        hosts: All hosts.
        pending_characters: Of all texts that wait for the model of the host.
    """
    own = host.served.characters_per_second()
    if own is None:
        return float("inf")
    fastest, together = own, 0.0
    for other in hosts:
        if other.model == host.model and other.usable():
            speed = other.served.characters_per_second()
            if speed is not None:
                fastest = max(fastest, speed)
                together += other.limit.slots() * speed
    if SIMILAR_SPEED * own >= fastest:
        return float("inf")
    # The text may take as long as all that is pending, and as long as it would take the fastest host after that.
    remaining_seconds = pending_characters / together
    longest = (remaining_seconds - LATER * _seconds_until_a_slot(host, own)) / (LATER / own - 1 / fastest)
    return max(longest, LEAST_SECONDS * own)


def _seconds_until_a_slot(host: HostState, characters_per_second: float) -> float:
    """How long one more request would wait in the queue of a host, if its requests are all of their mean length."""
    slots = host.limit.slots()
    ahead = host.in_flight + 1 - slots
    if ahead <= 0:
        return 0.0
    return ahead / slots * host.characters_in_flight / host.in_flight / characters_per_second

"""Which texts are too long for a slow host, because a faster one would finish them sooner. Pure.

The longest texts are sent first, and whichever host has room takes them. A host that is several times slower than
others would still work on such a text when everything else is done.
"""

from __future__ import annotations

from collections.abc import Iterable

from transforms.fleet.host_state import HostState

SIMILAR_SPEED = 1.25
"""A host that is slower by less than this factor takes any text, as the faster ones may be busy."""


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
    speeds = [
        (other, speed)
        for other in hosts
        if other.model == host.model and other.usable()
        if (speed := other.served.characters_per_second()) is not None
    ]
    fastest = max((speed for _, speed in speeds), default=own)
    if SIMILAR_SPEED * own >= fastest:
        return float("inf")
    remaining_seconds = pending_characters / sum(other.limit.slots() * speed for other, speed in speeds)
    # The text may take as long as all that is pending, and as long as it would take the fastest host after that.
    return remaining_seconds / (1 / own - 1 / fastest)

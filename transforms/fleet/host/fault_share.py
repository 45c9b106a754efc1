"""How often a host fails at texts that are not suspected of breaking it. Pure."""

from __future__ import annotations

from collections import deque

RECENT = 200
PRIOR_FAULTS, PRIOR_REQUESTS = 1, 10
"""What a host is taken for before it has shown how often it fails."""

LARGEST = 0.5


class FaultShare:
    """The share of a host's requests that fail by what may be the host's fault or a text's."""

    def __init__(self) -> None:
        self._recent: deque[bool] = deque(maxlen=RECENT)
        self._faults = 0

    def ended(self, fault: bool) -> None:
        """Counts a request that has ended, with a text that was not suspected before."""
        if len(self._recent) == RECENT:
            self._faults -= self._recent[0]
        self._recent.append(fault)
        self._faults += fault

    def share(self) -> float:
        """The share, above 0 and at most ``LARGEST``: the circuit of a host that fails more often is open."""
        return min(LARGEST, (self._faults + PRIOR_FAULTS) / (len(self._recent) + PRIOR_REQUESTS))

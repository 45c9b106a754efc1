"""When a host is left alone: a circuit breaker with one half-open probe. Pure: the clock is the caller's."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field

FAULTS_IN_A_ROW = 3
RECENT = 20
FAULTS_OF_RECENT = 10
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 5.0
LONGEST_CHEAP_PAUSE_SECONDS = 1.0
"""Where nobody listens, a probe costs neither side anything."""
LONGEST_OUTAGE_PAUSE_SECONDS = 1.5
"""While all that could do the work rest, so that the run goes on within two seconds of the first one's return."""
JITTER = 0.2


@dataclass
class Breaker:
    """Closed while the host works; opens at 3 faults in a row or 10 of the last 20 answers.

    While open, one real request at a time is let through as a probe, after pauses of 0.5 s doubling up to 5 s (±20 %,
    so that many clients do not return at once), or up to 1 s where connections are refused. Only a successful request
    proves health: a hung host still answers GETs. A host that asks for a pause (``Retry-After``) gets it at once.

    Attributes:
        opened_at: The caller's time at which it opened; None while closed.
        reason: The last fault's text.
    """

    random: random.Random = field(default_factory=random.Random)
    opened_at: float | None = None
    reason: str = ""
    _in_a_row: int = 0
    _recent: deque[bool] = field(default_factory=lambda: deque(maxlen=RECENT))
    _pause_seconds: float = 0.0
    _probe_at: float = 0.0
    _outage_probe_at: float = 0.0
    _probing: bool = False

    @property
    def closed(self) -> bool:
        """Whether the host counts as healthy."""
        return self.opened_at is None

    def allows(self, now: float, outage: bool = False) -> bool:
        """Whether a request may be sent: always while closed; while open, only as the single probe that is due.

        During an ``outage``, when all that could do the work rest, probes come sooner.
        """
        due_at = self.probe_due_at(outage)
        return self.closed or (due_at is not None and now >= due_at)

    def probe_due_at(self, outage: bool = False) -> float | None:
        """When the next probe may be sent; None while closed or while one is under way."""
        if self.closed or self._probing:
            return None
        return self._outage_probe_at if outage else self._probe_at

    def sent(self) -> bool:
        """A request was sent. Returns whether it is the probe: while open it is."""
        self._probing = not self.closed
        return self._probing

    def succeeded(self) -> bool:
        """A request was answered well. Returns whether this closed the breaker."""
        self._in_a_row = 0
        self._recent.append(True)
        if self.closed:
            return False
        self.opened_at, self._probing, self._pause_seconds = None, False, 0.0
        self._recent.clear()
        return True

    def failed(
        self,
        now: float,
        reason: str,
        retry_after_seconds: float | None = None,
        certain: bool = True,
        cheap: bool = False,
        probe: bool = True,
    ) -> bool:
        """A request failed by the host's fault. Returns whether this opened the breaker.

        If it is not ``certain``, because the row may be at fault, it counts only among the last 20. After a ``cheap``
        failure, a refused connection, the next probe comes within a second. What was sent before it opened is no
        ``probe``: its failure tells nothing new.
        """
        self.reason = reason
        self._in_a_row += certain
        self._recent.append(False)
        broken = self._in_a_row >= FAULTS_IN_A_ROW or self._recent.count(False) >= FAULTS_OF_RECENT
        opens = self.closed and (broken or retry_after_seconds is not None)
        if opens:
            self.opened_at = now
        if not self.closed and (opens or (self._probing and probe)):
            self._probing = False
            longest_seconds = LONGEST_CHEAP_PAUSE_SECONDS if cheap else LONGEST_PAUSE_SECONDS
            self._pause_seconds = min(max(FIRST_PAUSE_SECONDS, 2 * self._pause_seconds), longest_seconds)
            jitter, least = self.random.uniform(1 - JITTER, 1 + JITTER), retry_after_seconds or 0.0
            self._probe_at = now + max(self._pause_seconds * jitter, least)
            self._outage_probe_at = now + max(min(self._pause_seconds, LONGEST_OUTAGE_PAUSE_SECONDS) * jitter, least)
        return opens

    def gave_up_probe(self) -> None:
        """The probe ended without telling anything (it was cancelled, or the row itself was at fault)."""
        self._probing = False

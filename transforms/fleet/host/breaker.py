"""A circuit breaker for a host, with one half-open probe. Pure: the caller provides the clock."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field

FAULTS_IN_A_ROW = 3
RECENT = 20
FAULTS_OF_RECENT = 10
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 5.0
FIRST_CHEAP_PAUSE_SECONDS, CHEAP_PAUSE_SHARE, LONGEST_CHEAP_PAUSE_SECONDS = 0.1, 0.1, 1.0
"""The pause after a refused connection, since a probe then costs neither side anything: a tenth of the time that the
host has been away, so that it is missed for little longer than that, within these bounds."""
LONGEST_OUTAGE_PAUSE_SECONDS = 1.5
"""Longest pause while every suitable host's circuit is open, so that the run resumes within two seconds after the first
host returns."""
JITTER = 0.2


@dataclass
class Breaker:
    """A circuit that is closed while the host works, and opens after 3 consecutive faults or 10 in the last 20 answers.

    While the circuit is open, it lets single real requests through as probes, after pauses of 0.5 s that double up to
    5 s, or of a tenth of the time since it opened, 0.1 to 1 s, if connections are refused. Pauses vary by 20%, so that
    many clients do not return at once. Only a successful request proves health, because a hung host still answers GET
    requests. If the host asks for a pause (``Retry-After``), the circuit opens immediately.

    Attributes:
        opened_at: When the circuit opened, on the caller's clock; None while it is closed.
        reason: The message of the last fault.
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
        """Whether the circuit is closed, so that the host counts as healthy."""
        return self.opened_at is None

    def allows(self, now: float, outage: bool = False) -> bool:
        """Return whether a request may be sent: while the circuit is closed, or when a probe is due.

        Probes are due sooner during an ``outage``, when the circuits of all suitable hosts are open.
        """
        due_at = self.probe_due_at(outage)
        return self.closed or (due_at is not None and now >= due_at)

    def probe_due_at(self, outage: bool = False) -> float | None:
        """Return when the next probe may be sent; None while the circuit is closed or a probe is in flight."""
        if self.closed or self._probing:
            return None
        return self._outage_probe_at if outage else self._probe_at

    def sent(self) -> bool:
        """Record that a request was sent, and return whether it is a probe: it is if the circuit is open."""
        self._probing = not self.closed
        return self._probing

    def succeeded(self) -> bool:
        """Record a successful request, and return whether it closed the circuit."""
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
        """Record a fault of the host, and return whether it opened the circuit.

        Args:
            now: The caller's time.
            reason: The message of the fault.
            retry_after_seconds: The pause that the host asked for, if any.
            certain: Whether the host was certainly at fault. If the row may be, the fault counts only among the last
                20 answers and not as a consecutive one.
            cheap: Whether the connection was refused, so that the next probe is due within a second.
            probe: Whether the request was sent as a probe. A request sent before the circuit opened is not, and its
                failure does not prolong the pause.
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
            self._pause_seconds = self._next_pause_seconds(now, cheap)
            jitter, minimum = self.random.uniform(1 - JITTER, 1 + JITTER), retry_after_seconds or 0.0
            self._probe_at = now + max(self._pause_seconds * jitter, minimum)
            self._outage_probe_at = now + max(min(self._pause_seconds, LONGEST_OUTAGE_PAUSE_SECONDS) * jitter, minimum)
        return opens

    def _next_pause_seconds(self, now: float, cheap: bool) -> float:
        if cheap:
            away_seconds = now - (self.opened_at or now)
            return min(max(FIRST_CHEAP_PAUSE_SECONDS, CHEAP_PAUSE_SHARE * away_seconds), LONGEST_CHEAP_PAUSE_SECONDS)
        return min(max(FIRST_PAUSE_SECONDS, 2 * self._pause_seconds), LONGEST_PAUSE_SECONDS)

    def gave_up_probe(self) -> None:
        """Record that the probe ended without a result: it was cancelled, or the row itself was at fault."""
        self._probing = False

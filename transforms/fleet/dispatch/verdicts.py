"""What follows from a failed request, for its text and for its host: a table. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from transforms.fleet.faults import Blame

MOST_UNCLEAR = 3
"""Failures of one class that may be the host's or the text's, after which they are the text's."""

MOST_MISSING = 8
"""Times that hosts may say that they have a model, and then not find it."""


class Verdict(Enum):
    """What follows for the text."""

    RETRY = "retry"
    WAIT = "wait"
    """A hedged request for the same text is still in flight."""
    REJECT = "reject"
    STOP_RUN = "stop_run"


class HostCharge(Enum):
    """What follows for the host's circuit breaker."""

    NONE = "none"
    """The failure says nothing about the host."""
    ANSWERED = "answered"
    """The host works: it refused this text for a reason."""
    SUSPECTED = "suspected"
    """The host may be at fault."""
    FAULT = "fault"


@dataclass(frozen=True)
class Circumstances:
    """What is known when a request fails.

    Attributes:
        blame: Of the class of failure.
        hedged: Whether another request for the same text is in flight.
        health_check: Whether the text is our own, so that nobody waits for its answer.
        untried: Whether a healthy host has not failed at the text.
        repeats: Failures of this class at this text, including this one; of a missing model only those on hosts that
            have said in between that they have it.
        convicted: Whether the text has failed so often on hosts that served others that it is at fault.
        excused: Whether the text has failed by itself before, so that the failure says nothing about the host.
        larger: Whether the text is larger than those that the host has answered, and the host has answered some.
        model_works: Whether the model has answered a request of this run.
    """

    blame: Blame
    hedged: bool = False
    health_check: bool = False
    untried: bool = False
    repeats: int = 1
    convicted: bool = False
    excused: bool = False
    larger: bool = False
    model_works: bool = True


def verdict_of(failed: Circumstances) -> Verdict:
    """What follows for the text."""
    blame = failed.blame
    if blame is Blame.ROW:
        return Verdict.REJECT
    if blame is Blame.REQUEST and not failed.untried and not failed.model_works:
        return Verdict.STOP_RUN
    if failed.hedged or failed.health_check:
        return Verdict.WAIT
    if blame is Blame.REQUEST:
        again = failed.untried or failed.repeats < MOST_UNCLEAR
    elif blame is Blame.UNCLEAR:
        again = failed.repeats < MOST_UNCLEAR
    elif blame is Blame.SIZE and failed.larger:
        again = failed.untried
    elif blame is Blame.MODEL:
        again = failed.repeats < MOST_MISSING
    else:
        again = not failed.convicted
    return Verdict.RETRY if again else Verdict.REJECT


def charge_of(failed: Circumstances) -> HostCharge:
    """What follows for the host."""
    blame = failed.blame
    if blame is Blame.ROW:
        return HostCharge.ANSWERED
    if blame is Blame.MODEL:
        return HostCharge.NONE
    if blame in (Blame.UNCLEAR, Blame.REQUEST) or (blame is Blame.SIZE and failed.larger):
        return HostCharge.SUSPECTED
    if blame is Blame.HOST and failed.excused:
        return HostCharge.NONE
    return HostCharge.FAULT

"""A text to be translated by any host. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from transforms.fleet.faults import Failure


@dataclass(frozen=True, slots=True)
class Attempt:
    """A request that has ended; ``failure`` is None if it was answered. ``seconds`` is the time since it was sent."""

    host: str
    failure: Failure | None
    seconds: float = field(default=0.0, compare=False)


@dataclass(eq=False, slots=True)
class Job:
    """A text to be translated by any host that has its model.

    Attributes:
        size: Characters of the text; texts with longer answers, as far as that is known, are sent first.
        model: The model's key; see ``model_names.model_key``.
        column: The column of the text; empty if there are no columns.
        failed_on: Hosts on which the text failed or was rejected. It prefers others; see ``retries``.
        barred: Those of them where the text may be at fault. It goes to another host as long as one is healthy.
        charged: Failures on hosts that served other texts at the time.
        suspect: Whether it has failed in a way that may be its own fault.
        own_failures: Failures that the host's other requests survived, so that they concern this text alone.
        chance: The probability that chance alone explains ``own_failures``.
        failed_alone: By host, the number of failures as the host's only request, and the time of the last one. Text or
            host may be at fault; the host's next answer to another text decides.
        health_check: Whether the text is one of our own that only tests whether a host works.
        failures: Failures that may be the text's fault, by class.
        attempts: Requests that have ended.
        in_flight: Host of each request in flight, by the request's key; at most two, the second one hedges.
        repair: Whether it follows a faulty answer, and is sent before new texts.
    """

    size: int
    model: str = ""
    column: str = ""
    failed_on: set[str] = field(default_factory=set)
    barred: set[str] = field(default_factory=set)
    charged: int = 0
    suspect: bool = False
    own_failures: int = 0
    chance: float = 1.0
    failed_alone: dict[str, tuple[int, float]] = field(default_factory=dict)
    health_check: bool = False
    failures: dict[Failure, int] = field(default_factory=dict)
    attempts: list[Attempt] = field(default_factory=list)
    in_flight: dict[int, str] = field(default_factory=dict)
    repair: bool = False

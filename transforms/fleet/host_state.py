"""What is known of one host while a run goes on. Pure: the clock is the caller's, in seconds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from transforms.fleet.breaker import Breaker
from transforms.fleet.deadlines import Deadline
from transforms.fleet.limits import Limit
from transforms.fleet.traffic import Traffic


@dataclass(eq=False)
class Serving:
    """What a host has shown with one model: its slots and its speed depend on it.

    Attributes:
        limit: How many requests it may have in flight.
        load_seconds: What loading the model took the last time; None before.
    """

    limit: Limit
    deadline: Deadline
    load_seconds: float | None = None


@dataclass(eq=False)
class HostState:
    """What the dispatcher knows of one host.

    Attributes:
        url: Its address.
        breaker: Whether it is left alone for a while.
        new_serving: Makes what is to be known of the host with one more model.
        model: The key of the model that it has loaded, or is loading; empty for none yet.
        digests: Digest of each model that it may be asked for, by the model's key; None while it has told nothing.
        ready: Whether it was checked and has its model loaded.
        out: Why it takes no part at all; None while it does.
        in_flight: Requests that it has not answered yet; all for ``model``, unless that has vanished meanwhile.
        last_answer_at: The caller's time of its last good answer.
        traffic: Cumulative counts for monitoring.
    """

    url: str
    breaker: Breaker
    new_serving: Callable[[], Serving]
    model: str = ""
    digests: Mapping[str, str] | None = None
    ready: bool = False
    out: str | None = None
    in_flight: int = 0
    last_answer_at: float = float("-inf")
    traffic: Traffic = field(default_factory=Traffic)
    _servings: dict[str, Serving] = field(default_factory=dict)

    @property
    def serving(self) -> Serving:
        """What is known of it with the model that it has now."""
        return self.serving_of(self.model)

    def serving_of(self, model: str) -> Serving:
        """What is known of it with a model."""
        if model not in self._servings:
            self._servings[model] = self.new_serving()
        return self._servings[model]

    @property
    def limit(self) -> Limit:
        """How many requests it may have in flight."""
        return self.serving.limit

    @property
    def deadline(self) -> Deadline:
        """How long a request to it may take."""
        return self.serving.deadline

    def usable(self) -> bool:
        """Whether it is healthy, busy or not."""
        return self.ready and self.out is None and self.breaker.closed

    def has(self, model: str) -> bool:
        """Whether it could be asked for a model."""
        return self.digests is not None and model in self.digests

    def may_serve(self, model: str) -> bool:
        """Whether it has a model loaded, or could load it."""
        return self.model == model or self.has(model)

    def serves(self, model: str) -> bool:
        """Whether it has a model loaded, or is loading it, and is not known to be broken."""
        return self.model == model and self.out is None and self.breaker.closed

    def state(self) -> str:
        """For people: healthy, loading, resting or out, and why."""
        if self.out is not None:
            return f"out: {self.out}"
        if not self.ready:
            return "loading"
        return "healthy" if self.breaker.closed else f"resting: {self.breaker.reason}"

    def loading(self) -> bool:
        """Whether it is asked for the first time, or loads a model."""
        return not self.ready and self.out is None

    def free_share(self, now: float, outage: bool = False) -> float:
        """Its free share of its limit; 0 if it may not be sent anything; a due probe comes before all else.

        During an ``outage``, when no host can serve its model, probes come sooner.
        """
        if not self.ready or self.out is not None or not self.breaker.allows(now, outage):
            return 0.0
        if not self.breaker.closed:
            return 2.0
        limit = self.limit.limit()
        return max(0.0, (limit - self.in_flight) / limit)

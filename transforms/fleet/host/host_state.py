"""What is known about one host during a run. Pure: the clock is the caller's, in seconds."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from transforms.fleet.faults import Failure
from transforms.fleet.host.breaker import Breaker
from transforms.fleet.host.deadlines import Deadline
from transforms.fleet.host.fault_share import FaultShare
from transforms.fleet.host.limits import Limit
from transforms.fleet.host.progress import characters_in_progress
from transforms.fleet.host.traffic import Traffic
from transforms.fleet.jobs import Job

RECENT_FAILURES = 32


@dataclass(eq=False)
class ServedModel:
    """What a host has shown with one model, as its slots and its speed depend on the model.

    Attributes:
        limit: How many requests it may have in flight.
        deadline: How long a request may take.
        load_seconds: How long the last load of the model took; None before the first load.
        largest_answered: Characters of the longest text that it has answered.
    """

    limit: Limit
    deadline: Deadline
    load_seconds: float | None = None
    largest_answered: int = 0
    _tokens: float = 0.0
    _busy_seconds: float = 0.0

    def answered(self, characters: int, tokens: float, busy_seconds: float | None) -> None:
        """Note an answer of ``tokens`` to a text of ``characters``, and how long a slot wrote it, if that is known."""
        self.largest_answered = max(self.largest_answered, characters)
        if busy_seconds is not None:
            self._tokens += tokens
            self._busy_seconds += busy_seconds

    def tokens_per_second(self) -> float | None:
        """The tokens that one slot writes per second; None if it is not known yet."""
        return self._tokens / self._busy_seconds if self._busy_seconds > 0 else None


@dataclass(frozen=True)
class HostView:
    """A host at one moment, as panel, metrics and reports show it.

    Attributes:
        url: Its address.
        state: ``healthy``, ``loading``, or another state followed by its reason.
        in_flight, limit: Requests in flight, and how many there may be.
        model: Key of the loaded model; empty if none is known.
        traffic: Its counts.
        vram_share: The part of the model in GPU memory, 0 to 1; None if unknown.
        characters_in_progress: How much of the texts in flight it has translated, estimated from its speed.
        digest: Of the model; empty if none is known.
        slots: Slots that were found; None while they are being searched for.
    """

    url: str
    state: str
    in_flight: int
    limit: int
    model: str = ""
    traffic: Traffic = field(default_factory=Traffic)
    vram_share: float | None = None
    characters_in_progress: float = 0.0
    digest: str = ""
    slots: int | None = None


@dataclass(eq=False)
class HostState:
    """What the dispatcher knows about one host.

    Attributes:
        url: Its address.
        breaker: Its circuit breaker.
        new_served_model: Makes the record of one more model, by its key.
        model: The key of the model that it has loaded or is loading; empty for none yet.
        digests: Digest of each model that it may be asked for, by the model's key; None until it has been checked.
        ready: Whether it was checked and has its model loaded.
        out: The reason for its exclusion; None while it is in use.
        failure: Class of the last fault of the host, until it answers again; None without one.
        in_flight: Requests that it has not answered yet. All are for ``model``, unless that was deleted meanwhile.
        tokens_in_flight: The expected tokens of their answers.
        last_answer_at: The caller's time of its last good answer.
        traffic: Cumulative counts for monitoring.
        fault_share: How often it fails.
        suspects: Requests in flight with suspect texts.
        reserved: Whether it takes no other request, as it has a text that may crash the model.
        recent_failures: Texts that failed, and when: what was in flight then may still show whose fault it was.
        excused_at: When a failure was last blamed on a text.
        unverified: Whether the host was away, so that it may have another model now.
        vram_share: The part of the loaded model in GPU memory, 0 to 1, at the last look; None if the host hides it.
    """

    url: str
    breaker: Breaker
    new_served_model: Callable[[str], ServedModel]
    model: str = ""
    digests: Mapping[str, str] | None = None
    ready: bool = False
    out: str | None = None
    failure: Failure | None = None
    in_flight: int = 0
    tokens_in_flight: float = 0.0
    last_answer_at: float = float("-inf")
    traffic: Traffic = field(default_factory=Traffic)
    fault_share: FaultShare = field(default_factory=FaultShare)
    suspects: int = 0
    reserved: bool = False
    recent_failures: deque[tuple[Job, float]] = field(default_factory=lambda: deque(maxlen=RECENT_FAILURES))
    excused_at: float = float("-inf")
    unverified: bool = False
    vram_share: float | None = None
    _served_models: dict[str, ServedModel] = field(default_factory=dict)

    @property
    def served(self) -> ServedModel:
        """The record of the model that it has now."""
        served = self._served_models.get(self.model)
        return self.served_model(self.model) if served is None else served

    def served_model(self, model: str) -> ServedModel:
        """The record of a model."""
        if model not in self._served_models:
            self._served_models[model] = self.new_served_model(model)
        return self._served_models[model]

    @property
    def limit(self) -> Limit:
        """How many requests it may have in flight."""
        return self.served.limit

    @property
    def deadline(self) -> Deadline:
        """How long a request to it may take."""
        return self.served.deadline

    def usable(self) -> bool:
        """Whether it is healthy, busy or not."""
        return self.ready and self.out is None and self.breaker.closed

    def has(self, model: str) -> bool:
        """Whether it may be asked for a model."""
        return self.digests is not None and model in self.digests

    def may_serve(self, model: str) -> bool:
        """Whether it has a model loaded, or could load it."""
        return self.model == model or self.has(model)

    def serves(self, model: str) -> bool:
        """Whether it has a model loaded or is loading it, and is not known to be broken."""
        return self.model == model and self.out is None and self.breaker.closed

    def state(self) -> str:
        """For people: healthy, loading, circuit open or excluded, and why."""
        if self.out is not None:
            return f"excluded: {self.out}"
        if not self.ready:
            return "loading"
        return "healthy" if self.breaker.closed else f"circuit open: {self.breaker.reason}"

    def view(self, sent: Iterable[tuple[float, int]] = ()) -> HostView:
        """It as it is now; safe to call from another thread.

        Args:
            sent: Seconds since each request in flight was sent, and characters of its text; the oldest first.
        """
        traffic = self.traffic.copy()
        return HostView(
            self.url,
            self.state(),
            self.in_flight,
            self.limit.limit(),
            self.model,
            traffic,
            self.vram_share,
            characters_in_progress(sent, self.limit.slots(), traffic),
            (self.digests or {}).get(self.model, ""),
            None if self.limit.growing() else self.limit.slots(),
        )

    def loading(self) -> bool:
        """Whether it is being checked for the first time, or loads a model."""
        return not self.ready and self.out is None

    def free_share(self, now: float, outage: bool = False) -> float:
        """Its free share of its limit; 0 if it may not be sent anything. A due probe comes before all else.

        During an ``outage``, when no host can serve its model, probes come sooner.
        """
        if not self.ready or self.out is not None or self.reserved:
            return 0.0
        if not self.breaker.closed:
            return 2.0 if self.breaker.allows(now, outage) else 0.0
        limit = self.limit.limit()
        return max(0.0, (limit - self.in_flight) / limit)

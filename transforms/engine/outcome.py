"""The outcome of one text: its translation, its status, and how it was made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from transforms.fleet.http.answers import AnswerId
from transforms.fleet.jobs import Attempt


@dataclass(slots=True)
class Outcome:
    """The outcome of one text. The fields are the added columns, in order; the last three are optional columns.

    Durations are Ollama's, in nanoseconds, summed over the chunks of the accepted answer. They are None if nothing was
    generated or if Ollama sent no plausible value. ``evidence`` is JSON text, see ``text.evidence.encoded``. The log
    probabilities are those of the accepted answer's tokens, see ``fleet.http.certainty``.
    """

    translation: str | None
    status: str
    flags: Sequence[str] = ()
    error: str | None = None
    origin: str | None = None
    attempts: int = 0
    chunks: int = 0
    model: str | None = None
    model_digest: str | None = None
    host: str | None = None
    total_duration_ns: int | None = None
    load_duration_ns: int | None = None
    prompt_eval_duration_ns: int | None = None
    eval_duration_ns: int | None = None
    queue_duration_ns: int | None = None
    prompt_eval_count: int | None = None
    eval_count: int | None = None
    done_reason: str | None = None
    evidence: str | None = None
    logprob_mean: float | None = None
    logprob_min: float | None = None

    @property
    def error_class(self) -> str:
        """The first word of the error; empty without one."""
        return (self.error or "").partition(":")[0]


@dataclass(slots=True)
class RepairCost:
    """What the repairs of one kind of fault cost and gained.

    Attributes:
        requests: Requests made because an answer was not good enough.
        seconds: How long they took on their hosts, queues of the hosts included.
        better: Chunks that they made better.
        omitted: Repairs that were not made, because repairs of this kind did not pay.
    """

    requests: int = 0
    seconds: float = 0.0
    better: int = 0
    omitted: int = 0


@dataclass(slots=True)
class RequestLog:
    """The requests made for one text, over all its chunks.

    Attributes:
        attempts: Every request that ended, in order.
        repairs: What repairs cost and gained, by the fault of the first answer.
        repaired: Whether another request, smaller pieces or the fallback model improved the result.
    """

    attempts: list[Attempt] = field(default_factory=list)
    repairs: dict[str, RepairCost] = field(default_factory=dict)
    repaired: bool = False

    @property
    def repair_requests(self) -> int:
        """Requests made because an answer was not good enough."""
        return sum(cost.requests for cost in self.repairs.values())

    def cost(self, fault: str) -> RepairCost:
        """The costs of the repairs of a fault."""
        return self.repairs.setdefault(fault, RepairCost())

    def add_earlier(self, earlier: RequestLog) -> None:
        """Count the requests of a translation that this one replaces."""
        self.attempts = [*earlier.attempts, *self.attempts]
        for fault, before in earlier.repairs.items():
            cost = self.cost(fault)
            cost.requests += before.requests
            cost.seconds += before.seconds
            cost.omitted += before.omitted


@dataclass(slots=True)
class TextResult:
    """The outcome of one text, with details that have no column.

    Attributes:
        outcome: The values of the text's columns.
        candidate: The best rejected translation of a failed text, for review.
        requests: The requests that this run made for the text.
        text_at_fault: Whether the text would probably fail again on other hosts.
        answers: The answers of this run that the translation rests on, as far as they are known.
    """

    outcome: Outcome
    candidate: str | None = None
    requests: RequestLog = field(default_factory=RequestLog)
    text_at_fault: bool = False
    answers: tuple[AnswerId, ...] = ()

"""The outcome of one text: its translation, its status, and how it was made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from transforms.fleet.answers import AnswerId
from transforms.fleet.jobs import Attempt


@dataclass(slots=True)
class Outcome:
    """The outcome of one text. The fields are the added columns, in order; the last three are optional columns.

    Durations are Ollama's, in nanoseconds, summed over the chunks of the accepted answer. They are None if nothing was
    generated or if Ollama sent no plausible value. ``evidence`` is JSON text, see ``text.evidence.encoded``. The log
    probabilities are those of the accepted answer's tokens, see ``fleet.certainty``.
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
class RequestLog:
    """The requests made for one text, over all its chunks.

    Attributes:
        attempts: Every request that ended, in order.
        repair_requests: Requests after the first for the same chunk, made because its answer was not good enough.
        repaired: Whether such a request, smaller pieces or the fallback model improved the result.
    """

    attempts: list[Attempt] = field(default_factory=list)
    repair_requests: int = 0
    repaired: bool = False

    def add_earlier(self, earlier: RequestLog) -> None:
        """Count the requests of a translation that this one replaces."""
        self.attempts = [*earlier.attempts, *self.attempts]
        self.repair_requests += earlier.repair_requests


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

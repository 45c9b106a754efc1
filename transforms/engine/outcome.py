"""The outcome of one text: its translation, status and what is known about how it was made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(slots=True)
class Outcome:
    """What became of one text. The fields after ``translation`` are the added columns, in order.

    Durations are Ollama's, in nanoseconds, summed over the chunks of the accepted answer; None where nothing was
    generated, or where Ollama sent none or nonsense.
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

    @property
    def error_class(self) -> str:
        """The first word of the error; empty without one."""
        return (self.error or "").partition(":")[0]

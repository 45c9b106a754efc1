"""What a host answered to one generate call, and whether it counts."""

from __future__ import annotations

from dataclasses import dataclass

import ollama

from transforms.fleet.faults import Failure, RequestFailed

MOST = 1 << 53
"""Nanoseconds, or tokens, that may be true: 104 days. What is below can be summed over a text's pieces in 64 bits."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An accepted answer of a model on a host.

    Durations are nanoseconds as Ollama measured them; None where it sent none, or a value outside 0..total
    (Ollama: the new engine can answer ±9.2e18). Counts are tokens; None where they can't be.
    """

    text: str
    host: str
    model: str
    done_reason: str
    total_duration_ns: int | None
    load_duration_ns: int | None
    prompt_eval_duration_ns: int | None
    eval_duration_ns: int | None
    prompt_eval_count: int | None
    eval_count: int | None

    @property
    def queue_duration_ns(self) -> int | None:
        """The wait for a slot: total - load - prompt_eval - eval, at least 0; None if one of them is unknown."""
        if self.total_duration_ns is None or self.prompt_eval_duration_ns is None or self.eval_duration_ns is None:
            return None
        used = (self.load_duration_ns or 0) + self.prompt_eval_duration_ns + self.eval_duration_ns
        return max(0, self.total_duration_ns - used)

    @property
    def service_duration_ns(self) -> int | None:
        """The time for which it held a slot, the load of the model included; None if Ollama did not tell."""
        if self.total_duration_ns is None or self.queue_duration_ns is None:
            return None
        return self.total_duration_ns - self.queue_duration_ns


def accept(response: ollama.GenerateResponse, host: str, model: str) -> Answer:
    """The answer, if it is whole, ``done`` and ``done_reason`` "stop", and of the model that was asked.

    Raises:
        RequestFailed: ``output_truncated`` for "length", ``generation_aborted`` for ``done: false`` (Ollama's abort
            after equal tokens is a 200), ``unexpected_answer`` for anything else.
    """
    if not response.done:
        raise RequestFailed(Failure.GENERATION_ABORTED, "done is false: Ollama broke the generation off", host)
    if response.done_reason == "length":
        raise RequestFailed(Failure.OUTPUT_TRUNCATED, f"the output was cut after {response.eval_count} tokens", host)
    if response.done_reason != "stop":
        raise RequestFailed(Failure.UNEXPECTED_ANSWER, f"done_reason is {response.done_reason!r}, not 'stop'", host)
    # Ollama echoes the name as it was sent; something else answers where another name comes back.
    if response.model and response.model != model:
        raise RequestFailed(Failure.UNEXPECTED_ANSWER, f"the model {response.model!r} answered, not {model!r}", host)
    total = response.total_duration
    if total is None or not 0 < total < MOST:
        total = None

    def within(duration: int | None) -> int | None:
        return duration if duration is not None and total is not None and 0 <= duration <= total else None

    return Answer(
        text=response.response or "",
        host=host,
        model=model,
        done_reason=response.done_reason,
        total_duration_ns=total,
        load_duration_ns=within(response.load_duration),
        prompt_eval_duration_ns=within(response.prompt_eval_duration),
        eval_duration_ns=within(response.eval_duration),
        prompt_eval_count=_count(response.prompt_eval_count),
        eval_count=_count(response.eval_count),
    )


def _count(tokens: int | None) -> int | None:
    return tokens if tokens is not None and 0 <= tokens < MOST else None

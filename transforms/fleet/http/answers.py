"""The answer of a host to one generate call, and whether it is accepted. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from transforms.fleet.faults import Failure, RequestFailed
from transforms.fleet.http.certainty import Certainty, certainty_of

LARGEST_NUMBER = 1 << 53
"""Nanoseconds or tokens that can be true (104 days): smaller numbers can be summed over a text in 64 bits."""

_NUMBERS = (
    "total_duration",
    "load_duration",
    "prompt_eval_duration",
    "eval_duration",
    "prompt_eval_count",
    "eval_count",
)

CHARACTERS_PER_TOKEN = 32
SPARE_CHARACTERS = 2000
"""An answer longer than both allow cannot have ``num_predict`` tokens; checking it would cost seconds."""


class AnswerId(NamedTuple):
    """Which answer a translation rests on: its host, and its number among the answers of the host, from 1."""

    host: str
    number: int


@dataclass(slots=True)
class Answer:
    """An accepted answer of a model on a host.

    The fleet numbers the answers of a host, from 1, in order of arrival.

    Durations are nanoseconds as Ollama measured them; None where it sent none, or a value outside 0..total
    (the engine of recent versions may answer ±9.2e18). Counts are tokens; None where they are missing or impossible.
    ``queue_duration_ns`` is the wait for a slot: total - load - prompt_eval - eval, at least 0; None if one of them is
    unknown. ``certainty`` is None if the host sent no log probabilities.
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
    certainty: Certainty | None = None
    number: int = 0
    queue_duration_ns: int | None = field(init=False, default=None)

    @property
    def id(self) -> AnswerId:
        """Its identity within the run."""
        return AnswerId(self.host, self.number)

    def __post_init__(self) -> None:
        total_ns, prompt_eval_ns, eval_ns = self.total_duration_ns, self.prompt_eval_duration_ns, self.eval_duration_ns
        if total_ns is not None and prompt_eval_ns is not None and eval_ns is not None:
            self.queue_duration_ns = max(0, total_ns - (self.load_duration_ns or 0) - prompt_eval_ns - eval_ns)

    @property
    def service_duration_ns(self) -> int | None:
        """How long the request held a slot, including the load of the model; None if Ollama did not say.

        Ollama omits the duration of an answer of a single token, as of an empty one: it is next to nothing.
        """
        total_ns, prompt_eval_ns, eval_ns = self.total_duration_ns, self.prompt_eval_duration_ns, self.eval_duration_ns
        if eval_ns is None and (self.eval_count or 0) <= 1:
            eval_ns = 0
        if total_ns is None or prompt_eval_ns is None or eval_ns is None:
            return None
        return min(total_ns, (self.load_duration_ns or 0) + prompt_eval_ns + eval_ns)

    @property
    def waited_ns(self) -> int | None:
        """How long the request waited for a slot, also where ``queue_duration_ns`` lacks a part; None if unknown."""
        service_ns = self.service_duration_ns
        return None if self.total_duration_ns is None or service_ns is None else self.total_duration_ns - service_ns


def accept(message: Mapping[str, Any], host: str, model: str, num_predict: int) -> Answer:
    """The answer, if it is complete, of the requested model and not longer than was requested.

    Args:
        message: The JSON object that the host sent, with ``logprobs`` as ``certainty.as_token`` makes them.
        host: Its address.
        model: As requested.
        num_predict: The most tokens that were requested.

    Raises:
        RequestFailed: ``output_truncated`` for the reason "length", ``only_thinking`` for an answer without text,
            ``generation_aborted`` for ``done: false`` (Ollama's abort after equal tokens is a 200), and
            ``answer_too_large``, ``unexpected_answer`` or ``not_json`` for what no Ollama sends.
    """
    text, done, reason = message.get("response"), message.get("done"), message.get("done_reason")
    if not isinstance(done, bool):
        raise RequestFailed(Failure.NOT_JSON, "the answer is not Ollama's JSON: it lacks the field done", host)
    if not done:
        raise RequestFailed(Failure.GENERATION_ABORTED, "done is false: Ollama aborted the generation", host)
    total, load, prompt_eval, evaluation, prompt_eval_count, eval_count = _numbers(message)
    thought = isinstance(message.get("thinking"), str) and bool(message["thinking"])
    if thought and not (isinstance(text, str) and text.strip()):
        cut = " and was cut before the translation" if reason == "length" else ""
        detail = f"the model only thought{cut}; try --think false, or a larger --num_ctx"
        raise RequestFailed(Failure.ONLY_THINKING, detail, host)
    if reason == "length":
        tokens = "" if eval_count is None else f" after {eval_count} tokens"
        cut_text = _encodable(text)[: _most_characters(num_predict)] if isinstance(text, str) else ""
        raise RequestFailed(Failure.OUTPUT_TRUNCATED, f"the output was cut{tokens}", host, cut_text=cut_text)
    if reason != "stop":
        known = reason if reason in ("load", "unload") else "missing or unknown"
        raise RequestFailed(Failure.UNEXPECTED_ANSWER, f"done_reason is {known}, not 'stop'", host)
    if not isinstance(text, str):
        raise RequestFailed(Failure.UNEXPECTED_ANSWER, "the answer has no text: its response is null or missing", host)
    if len(text) > _most_characters(num_predict):
        detail = f"the answer has {len(text):,} characters, more than {num_predict} tokens can have"
        raise RequestFailed(Failure.ANSWER_TOO_LARGE, detail, host)
    # Ollama echoes the name as it was sent, so another name comes from another server.
    if message.get("model") not in (model, "", None):
        raise RequestFailed(Failure.UNEXPECTED_ANSWER, f"another model than {model!r} answered", host)
    return Answer(
        text=_encodable(text),
        host=host,
        model=model,
        done_reason=reason,
        total_duration_ns=total or None,
        load_duration_ns=_within(total, load),
        prompt_eval_duration_ns=_within(total, prompt_eval),
        eval_duration_ns=_within(total, evaluation),
        prompt_eval_count=prompt_eval_count,
        eval_count=eval_count,
        certainty=certainty_of(message.get("logprobs"), len(text) if thought else None),
    )


def _most_characters(num_predict: int) -> int:
    return CHARACTERS_PER_TOKEN * num_predict + SPARE_CHARACTERS


def _numbers(message: Mapping[str, Any]) -> list[int | None]:
    """The values of ``_NUMBERS``; None where they are missing or impossible."""
    values: list[Any] = list(map(message.get, _NUMBERS))
    if set(map(type, values)) == {int} and min(values) >= 0 and max(values) < LARGEST_NUMBER:
        return values
    return [value if type(value) is int and 0 <= value < LARGEST_NUMBER else None for value in values]


def _within(total: int | None, duration: int | None) -> int | None:
    """A duration, if it is plausible beside a positive total."""
    return duration if total and duration is not None and duration <= total else None


def _encodable(text: str) -> str:
    """``text`` with a replacement character for each lone surrogate, which JSON can carry and UTF-8 cannot."""
    if text.isascii():
        return text
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")

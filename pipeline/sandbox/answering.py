"""The answer of a simulated host to a call: which part of the prompt the model sees, what it writes, and where the
answer is cut. Pure functions without clock or I/O.
"""

from __future__ import annotations

import json
import random
import re
from dataclasses import dataclass
from typing import Any

from pipeline.sandbox.calls import Call
from pipeline.sandbox.errors import Refusal, prompt_too_long
from pipeline.sandbox.faults import Fault, share_of
from pipeline.sandbox.settings import HostSettings
from pipeline.sandbox.source import source_of
from pipeline.sandbox.text_faults import spoil
from pipeline.sandbox.translate import translate

CHARACTERS_PER_TOKEN = 3.3
SMALLEST_NUM_CTX = 4  # num_ctx 0, -1 or 1 is 4 tokens, not the default
BOS_TOKENS = 1
THOUGHTS = "The user wants this French text in English. I will keep numbers, names and line breaks as they are."
SHIFT_OFF_TOO_LONG = (
    "the prompt is longer than the context length currently available to the model; shorten the prompt, "
    "adjust the context length in settings, or use a model with a longer context length"
)


@dataclass(frozen=True)
class Answer:
    """The outcome of one generation. ``aborted`` stands for a reply with ``done: false`` and no reason or counts."""

    text: str
    thinking: str
    done_reason: str
    prompt_tokens: int
    source_tokens: int
    eval_tokens: int
    aborted: bool = False


def tokens_of(text: str) -> int:
    """Number of tokens of ``text``, at 3.3 characters per token."""
    return -(-len(text) * 10 // 33)


def logprobs_of(text: str) -> list[dict[str, Any]]:
    """The reply's ``logprobs`` for ``text``: one object per token, with a logprob that depends on text and position."""
    tokens = [text[number * 33 // 10 : (number + 1) * 33 // 10] for number in range(tokens_of(text))]
    return [
        {
            "token": token,
            "logprob": -(share_of(str(number), text) ** 4),
            "bytes": list(token.encode("utf-8", "replace")),
        }
        for number, token in enumerate(tokens)
    ]


def effective_num_ctx(call: Call, settings: HostSettings) -> int:
    """Context length in tokens with which the runner is loaded for this call."""
    return max(SMALLEST_NUM_CTX, min(call.option("num_ctx", settings.default_num_ctx), settings.trained_context))


def work_seconds(settings: HostSettings, text: str, source_tokens: int, eval_tokens: int) -> tuple[float, float]:
    """Seconds that reading and writing take in a slot that works alone. Instructions count as cached.

    The result depends on the settings and the text only, so the ideal makespan of any workload can be computed in
    advance.
    """
    reading = source_tokens / settings.prompt_tokens_per_second if settings.prompt_tokens_per_second else 0.0
    writing = eval_tokens / settings.tokens_per_second if settings.tokens_per_second else 0.0
    factor = random.Random(text).lognormvariate(0.0, settings.sigma) if settings.sigma else 1.0
    return reading * factor, writing * factor


def seen_part(call: Call, num_ctx: int, settings: HostSettings) -> tuple[str, int, int]:
    """Return the part of the prompt that the model sees, its token count, and the maximum tokens of the answer.

    A prompt that exceeds the context is refused or silently truncated at the front: up to 0.30.10 the newest num_ctx
    tokens remain, later about half of the context. The context window slides while the answer outgrows it, unless
    ``shift`` is false.

    Raises:
        Refusal: 400 if the prompt does not fit and the call forbids truncation.
    """
    version = settings.version_numbers
    prompt_tokens = settings.hidden_tokens + tokens_of(call.system) + tokens_of(call.prompt)
    num_predict = call.option("num_predict", -1)
    room = num_predict if num_predict > 0 else 10 * num_ctx if num_predict < 0 else 10**9
    if prompt_tokens <= (num_ctx - 1 if version >= (0, 30) else num_ctx):
        if call.shift is False:
            room = min(room, num_ctx - prompt_tokens + 1)
        return call.prompt, prompt_tokens, room
    if call.shift is False and version >= (0, 30, 9):
        raise Refusal(400, SHIFT_OFF_TOO_LONG)
    if not call.truncate:
        raise Refusal(400, prompt_too_long(version, prompt_tokens, num_ctx))
    keep = max(0, min(call.option("num_keep", 4) + BOS_TOKENS, num_ctx - 1))
    kept_tokens = num_ctx - max((num_ctx - keep) // 2, 1) if version >= (0, 30, 11) else num_ctx
    newest = int((kept_tokens - keep) * CHARACTERS_PER_TOKEN)
    return call.prompt[-newest:] if newest else "", kept_tokens, 1 if call.shift is False else room


def answer_to(call: Call, settings: HostSettings, num_ctx: int, fault: Fault | None) -> Answer:
    """The answer to a call with a prompt, with the text fault ``fault`` if there is one.

    Raises:
        Refusal: 400 if the prompt is too long; 500 if the answer repeats one token (from 0.34 on).
    """
    version = settings.version_numbers
    prompt, prompt_tokens, room = seen_part(call, num_ctx, settings)
    source = source_of(prompt)
    text = dict(settings.translations).get(source) or translate(source)
    if fault is not None:
        text = spoil(
            fault.kind, source, text, f"{call.system}\n{prompt}".strip(), int(min(room, 10**6) * CHARACTERS_PER_TOKEN)
        )
    for stop in call.options.get("stop") or ():
        text = text.partition(stop)[0] if stop else text
    if call.format is not None:
        text = json.dumps(_filled(call.format, text), ensure_ascii=False)
    thinking = THOUGHTS if settings.thinking and call.think is not False else ""
    thinking_tokens = tokens_of(thinking)
    aborted = _repeats_itself(text, settings.repeat_abort_characters)
    if aborted and version >= (0, 34):
        raise Refusal(500, "prediction aborted, token repeat limit reached")
    eval_tokens = thinking_tokens + max(1, tokens_of(text))
    done_reason = "stop"
    if eval_tokens > room:
        thinking = thinking[: int(room * CHARACTERS_PER_TOKEN)]
        text = text[: int(max(0, room - thinking_tokens) * CHARACTERS_PER_TOKEN)]
        eval_tokens, done_reason = room, "length"
    if aborted:
        text = _until_repeated(text, settings.repeat_abort_characters)
    counted = tokens_of(source) if version == (0, 30, 0) else prompt_tokens
    return Answer(text, thinking, done_reason, counted, tokens_of(source), eval_tokens, aborted)


def _filled(wanted: Any, text: str) -> Any:
    """A value of the requested format with ``text`` in place of every string."""
    if not isinstance(wanted, dict):
        return {"translation": text}
    kind = wanted.get("type", "object")
    if kind == "object":
        return {name: _filled(schema, text) for name, schema in wanted.get("properties", {}).items()}
    if kind == "array":
        return [_filled(wanted.get("items", {"type": "string"}), text)]
    return {"string": text, "boolean": True, "null": None}.get(kind, 0)


def _repeats_itself(text: str, limit: int) -> bool:
    return len(text) >= limit and _repetition(limit).search(text) is not None


def _until_repeated(text: str, limit: int) -> str:
    match = _repetition(limit).search(text)
    return text[: match.end()] if match else text


def _repetition(limit: int) -> re.Pattern[str]:
    return re.compile(rf"(\S)\1{{{limit - 1}}}|\s{{{limit}}}")

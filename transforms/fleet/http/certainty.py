"""How certain a model was of an answer, from the log probabilities of its tokens (Ollama 0.12.11 and newer). Pure.

The list of an answer is many times longer than its text, so only figures of it are kept.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, NamedTuple

WINDOW_TOKENS = 10
"""Tokens of a window: about a clause. A single improbable token is often a name; a row of them is a guess."""

ROUNDING = 0.001
"""A host's rounding may make the logarithm of a probability slightly positive."""


class TokenLogprob(NamedTuple):
    """One token of an answer: its characters, and the natural logarithm of its probability."""

    characters: int
    logprob: Any


@dataclass(frozen=True, slots=True)
class Certainty:
    """The certainty of an answer.

    Attributes:
        tokens: The number of its tokens, at least 1.
        mean: The mean log probability of a token, at most 0.
        least: The lowest mean of ``WINDOW_TOKENS`` consecutive tokens, or that of all tokens if it is lower or if there
            are fewer.
    """

    tokens: int
    mean: float
    least: float


def as_token(value: dict[str, Any]) -> Any:
    """Return an object of the list ``logprobs`` in short; every other JSON object as it is. A hook for ``json.loads``.

    So the list never takes more memory than a small tuple for each token.
    """
    token = value.get("token")
    return TokenLogprob(len(token), value["logprob"]) if isinstance(token, str) and "logprob" in value else value


def certainty_of(tokens: Any, text_characters: int | None = None) -> Certainty | None:
    """Return the certainty of an answer.

    Args:
        tokens: The answer's ``logprobs``, each made by ``as_token``.
        text_characters: The length of the text at the end of the answer that counts; None if all of it does. The tokens
            of a model's thoughts come first.

    Returns:
        None if the host sent no log probabilities, or anything else than a list of them.
    """
    if not isinstance(tokens, list) or not all(isinstance(token, TokenLogprob) for token in tokens):
        return None
    if text_characters is not None:
        tokens = _last_tokens(tokens, text_characters)
    if not tokens or not all(_is_logprob(token.logprob) for token in tokens):
        return None
    logprobs = [min(0.0, token.logprob) for token in tokens]
    mean = math.fsum(logprobs) / len(logprobs)
    return Certainty(len(logprobs), mean, min(mean, _least_mean(logprobs)))


def combined(parts: Sequence[Certainty | None]) -> Certainty | None:
    """Return the certainty of several answers together: means by their tokens, and the lowest window of all.

    Returns:
        None without answers, and if that of any is unknown.
    """
    known = [part for part in parts if part is not None]
    if not known or len(known) < len(parts):
        return None
    tokens = sum(part.tokens for part in known)
    mean = math.fsum(part.mean * part.tokens for part in known) / tokens
    return Certainty(tokens, mean, min(part.least for part in known))


def _last_tokens(tokens: Sequence[TokenLogprob], characters: int) -> Sequence[TokenLogprob]:
    first = len(tokens)
    while first and characters > 0:
        first -= 1
        characters -= tokens[first].characters
    return tokens[first:]


def _is_logprob(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -math.inf < value < ROUNDING


def _least_mean(logprobs: Sequence[float]) -> float:
    size = min(WINDOW_TOKENS, len(logprobs))
    sums = list(accumulate(logprobs, initial=0.0))
    return min(min(0.0, after - before) / size for before, after in zip(sums, sums[size:], strict=False))

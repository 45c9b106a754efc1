"""How many tokens a text may take, without the model's tokenizer: never sent over budget.

Ollama cuts the front of a prompt that does not fit, or lets the window slide over it while it writes; both in silence.
So prompt and answer together must fit: prompt + num_predict <= num_ctx.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from transforms.errors import UsageError

if TYPE_CHECKING:
    from transforms.text.prompts import PromptTemplate

CHAT_TEMPLATE_TOKENS = 64
"""For what the model's own template adds around the turns."""

CONTEXT_CHARS_PER_TOKEN = 2
"""Of what stands before a text and goes along with it: prose has more characters to a token."""

PREDICT_FACTOR = 2
PREDICT_EXTRA = 128
LEAST_SOURCE_TOKENS = 64


def _sixths_of(byte: int) -> int:
    """The tokens that a byte of UTF-8 may cost, in sixths; a character's first byte stands for all of it."""
    if byte < 0x80:
        if chr(byte).islower():
            return 2
        if byte == ord(" "):
            return 3
        return 4 if chr(byte).isupper() else 6
    if byte < 0xC0:
        return 0
    if byte == 0xC3:  # é, à, Ç: part of every vocabulary
        return 6
    if 0xE3 <= byte <= 0xED and byte != 0xEA:  # Chinese, Japanese, most Korean: one token, three for rare ones
        return 12
    # What no vocabulary has is a token for each byte.
    return 12 if byte < 0xE0 else 18 if byte < 0xF0 else 24


_SIXTHS = bytes(map(_sixths_of, range(256)))
_APOSTROPHE = "’"
_APOSTROPHE_SIXTHS_LESS = 12

_DENSE = re.compile(r"[A-Za-z0-9+/=_-]{32,}")
"""Longer than any word: base64, keys, hashes. They may take a token for each character."""


def estimate_tokens(text: str) -> int:
    """An upper estimate of the tokens of ``text``, in time proportional to it.

    Calibrated on the tokenizers of Mistral 7B, Qwen and Llama 3, for the one that needs most tokens: French takes a
    token for three characters of prose, two of capitals and of clinical shorthand; a digit or sign one each; other
    scripts and emoji up to one for each byte. The estimate is a third above prose. It may be below the truth, by up to
    three fifths, for what is no language: letters one by one, random ones, rare Chinese characters. Even then the
    prompt fits, and so does an answer of its length, since the answer's share of the context is twice the text's.

    A character never makes it smaller, and the parts of a cut text add up to at least the whole, less at most 42
    tokens where the cut goes through a run of 32 letters and more.
    """
    sixths = _weight(text)
    if _APOSTROPHE in text:
        sixths -= _APOSTROPHE_SIXTHS_LESS * text.count(_APOSTROPHE)
    for run in _DENSE.findall(text):
        sixths += 6 * len(run) - _weight(run)
    return -(-sixths // 6)


def _weight(text: str) -> int:
    return sum(text.encode("utf-8", "surrogatepass").translate(_SIXTHS))


@dataclass(frozen=True)
class Budget:
    """What one request may hold.

    Attributes:
        num_ctx: Tokens of prompt and answer together.
        overhead_tokens: Of the prompt without the text.
    """

    num_ctx: int
    overhead_tokens: int

    @classmethod
    def of(cls, template: PromptTemplate, num_ctx: int, note_tokens: int = 0) -> Budget:
        """The budget of a prompt; ``note_tokens`` are kept free for what is added to its system turn.

        Raises:
            UsageError: If a context of ``num_ctx`` leaves no room for a text beside the prompt.
        """
        fixed = estimate_tokens((template.system or "") + template.user) + CHAT_TEMPLATE_TOKENS + note_tokens
        budget = cls(num_ctx, fixed)
        if budget.max_source_tokens < LEAST_SOURCE_TOKENS:
            least = fixed + PREDICT_EXTRA + (1 + PREDICT_FACTOR) * LEAST_SOURCE_TOKENS
            raise UsageError(
                f"--num_ctx {num_ctx} leaves no room for a text beside the prompt of about {fixed} tokens: "
                f"give at least {least}"
            )
        return budget

    def corrected(self, source_tokens: int, prompt_eval_count: int) -> Budget:
        """The budget after a host has counted a prompt: with less room for texts if it took more than was estimated.

        That happens with tokenizers that know little French, and with models that have a system turn or examples of
        their own. Room is never given back: texts are not cut in other places because a model takes less, so that the
        same text has the same chunks in every run.

        Args:
            source_tokens: Of its text, as of ``estimate_tokens``.
            prompt_eval_count: Of the whole prompt, as the host counted it.
        """
        more = prompt_eval_count - self.overhead_tokens - source_tokens
        most = self.num_ctx - PREDICT_EXTRA - (1 + PREDICT_FACTOR) * LEAST_SOURCE_TOKENS
        return self if more <= 0 else replace(self, overhead_tokens=min(self.overhead_tokens + more, most))

    @property
    def max_source_tokens(self) -> int:
        """The most tokens that the text of one request may have."""
        return (self.num_ctx - self.overhead_tokens - PREDICT_EXTRA) // (1 + PREDICT_FACTOR)

    def fits(self, text: str) -> bool:
        """Whether ``text`` may go out in one request."""
        return estimate_tokens(text) <= self.max_source_tokens

    def num_predict_for(self, source_tokens: int) -> int:
        """The most tokens of the answer to a text: twice the text's and 128. Never 0, which is endless in Ollama."""
        return min(PREDICT_FACTOR * source_tokens + PREDICT_EXTRA, self.most_predict_for(source_tokens))

    def most_predict_for(self, source_tokens: int) -> int:
        """All the room that the context leaves for the answer to a text."""
        return max(1, self.num_ctx - self.overhead_tokens - source_tokens)

    def was_cut(self, prompt_eval_count: int | None, source_tokens: int) -> bool:
        """Whether a host has cut the prompt in silence, as older ones do, or those that another client has set up.

        A cut prompt fills the context exactly (up to Ollama 0.24), or half of it and a few tokens (from 0.30.11 on);
        prompts of ours are shorter than the former, and as a rule than the latter.

        Args:
            prompt_eval_count: Tokens of the prompt as the host counted them; None if it did not.
            source_tokens: Of the text, as of ``estimate_tokens``.
        """
        if prompt_eval_count is None:
            return False
        half = self.num_ctx // 2
        likely_longer = self.overhead_tokens + source_tokens > 0.75 * self.num_ctx
        return prompt_eval_count >= self.num_ctx or (half < prompt_eval_count <= half + 6 and likely_longer)

"""The token budget of a request, estimated without the model's tokenizer.

If a prompt does not fit the context, Ollama silently cuts off its beginning or shifts the context while it generates.
So prompt and answer must fit together: prompt + num_predict <= num_ctx.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from transforms.errors import UsageError

if TYPE_CHECKING:
    from transforms.text.request.prompts import PromptTemplate

CHAT_TEMPLATE_TOKENS = 64
"""Reserve for the tokens that the model's own template adds around the turns."""

CONTEXT_CHARS_PER_TOKEN = 2
"""Lower estimate for the preceding text that is sent as context; prose has more characters per token."""

PREDICT_FACTOR = 2
PREDICT_EXTRA = 128
MIN_SOURCE_TOKENS = 64


def _sixths_of(byte: int) -> int:
    """Return the tokens that a byte of UTF-8 may cost, in sixths. A character's first byte counts for all its bytes."""
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
    # Characters that no vocabulary contains take one token per byte.
    return 12 if byte < 0xE0 else 18 if byte < 0xF0 else 24


MOST_TOKENS_PER_CHAR = 4
"""Of the estimate; short texts fit without one."""

_SIXTHS = bytes(map(_sixths_of, range(256)))
_APOSTROPHE = "’"
_APOSTROPHE_EXCESS_SIXTHS = 12

_DENSE_CHARS = 32
_DENSE = re.compile(rf"[A-Za-z0-9+/=_-]{{{_DENSE_CHARS},}}")
"""Base64, keys and hashes: longer than any word, and up to one token per character."""


def estimate_tokens(text: str) -> int:
    """Return an upper estimate of the tokens of ``text``, in linear time.

    The estimate is calibrated on whichever of the tokenizers of Mistral 7B, Qwen and Llama 3 needs the most tokens.
    There, French prose takes a token per three characters, capitals and clinical shorthand one per two, digits and
    punctuation one each, and other scripts and emoji up to one per byte. For prose, the estimate is a third too high.
    For text that is not language (single letters, random letters, rare Chinese characters) it may be up to three
    fifths too low. Even then the prompt fits, and so does an answer of its length, because the answer gets twice the
    text's share of the context.

    A further character never lowers the estimate. The estimates of the pieces of a text add up to at least that of the
    whole, less at most 42 tokens per cut within a sequence of 32 letters or more.
    """
    sixths = _weight(text)
    if _APOSTROPHE in text:
        sixths -= _APOSTROPHE_EXCESS_SIXTHS * text.count(_APOSTROPHE)
    if max(map(len, text.split()), default=0) >= _DENSE_CHARS:  # far cheaper than the pattern
        for sequence in _DENSE.findall(text):
            sixths += 6 * len(sequence) - _weight(sequence)
    return -(-sixths // 6)


def _weight(text: str) -> int:
    return sum(text.encode("utf-8", "surrogatepass").translate(_SIXTHS))


@dataclass(frozen=True)
class Budget:
    """The token limits of one request.

    Attributes:
        num_ctx: The context size in tokens, for prompt and answer together.
        overhead_tokens: Estimated tokens of the prompt without the text.
    """

    num_ctx: int
    overhead_tokens: int

    @classmethod
    def of(cls, template: PromptTemplate, num_ctx: int, note_tokens: int = 0) -> Budget:
        """Return the budget of a prompt.

        Args:
            template: The prompt.
            num_ctx: The context size in tokens.
            note_tokens: Tokens reserved for text that is added to the prompt later.

        Raises:
            UsageError: A context of ``num_ctx`` tokens leaves no room for a text beside the prompt.
        """
        fixed = estimate_tokens((template.system or "") + template.user) + CHAT_TEMPLATE_TOKENS + note_tokens
        budget = cls(num_ctx, fixed)
        if budget.max_source_tokens < MIN_SOURCE_TOKENS:
            needed = fixed + PREDICT_EXTRA + (1 + PREDICT_FACTOR) * MIN_SOURCE_TOKENS
            raise UsageError(
                f"--num_ctx {num_ctx} leaves no room for a text beside the prompt of about {fixed} tokens: "
                f"set it to at least {needed}"
            )
        return budget

    def corrected(self, source_tokens: int, prompt_eval_count: int) -> Budget:
        """Return the budget with less room for texts if a host counted more tokens than estimated.

        Tokenizers with little French do, and so do models with a system turn or examples of their own. The budget
        never grows: if texts were cut elsewhere for models that need fewer tokens, the same text would have different
        chunks in different runs.

        Args:
            source_tokens: The estimated tokens of the request's text (``estimate_tokens``).
            prompt_eval_count: The tokens of the whole prompt as the host counted them.
        """
        excess = prompt_eval_count - self.overhead_tokens - source_tokens
        max_overhead = self.num_ctx - PREDICT_EXTRA - (1 + PREDICT_FACTOR) * MIN_SOURCE_TOKENS
        return self if excess <= 0 else replace(self, overhead_tokens=min(self.overhead_tokens + excess, max_overhead))

    @property
    def max_source_tokens(self) -> int:
        """The maximum tokens of the text in one request."""
        return (self.num_ctx - self.overhead_tokens - PREDICT_EXTRA) // (1 + PREDICT_FACTOR)

    def fits(self, text: str) -> bool:
        """Return whether ``text`` fits one request."""
        most = self.max_source_tokens
        return MOST_TOKENS_PER_CHAR * len(text) <= most or estimate_tokens(text) <= most

    def num_predict_for(self, source_tokens: int) -> int:
        """Return the answer's token limit: twice the text's tokens plus 128. Never 0, which is no limit in Ollama."""
        return min(PREDICT_FACTOR * source_tokens + PREDICT_EXTRA, self.max_predict_for(source_tokens))

    def max_predict_for(self, source_tokens: int) -> int:
        """Return all the tokens that the context leaves for the answer to a text."""
        return max(1, self.num_ctx - self.overhead_tokens - source_tokens)

    def was_cut(self, prompt_eval_count: int | None, source_tokens: int) -> bool:
        """Return whether a host silently cut the prompt. Old servers do, and so do servers that another client set up.

        A cut prompt fills the context exactly (up to Ollama 0.24), or half of it plus a few tokens (from 0.30.11 on).
        Our prompts are shorter than the former and usually shorter than the latter.

        Args:
            prompt_eval_count: The tokens of the prompt as the host counted them; None if it reported none.
            source_tokens: The estimated tokens of the text (``estimate_tokens``).
        """
        if prompt_eval_count is None:
            return False
        half = self.num_ctx // 2
        likely_longer = self.overhead_tokens + source_tokens > 0.75 * self.num_ctx
        return prompt_eval_count >= self.num_ctx or (half < prompt_eval_count <= half + 6 and likely_longer)

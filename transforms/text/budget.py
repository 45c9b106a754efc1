"""How many tokens a text may take, without the model's tokenizer: never sent over budget.

Ollama cuts the front of a prompt that does not fit, or lets the window slide over it while it writes; both in silence.
So prompt and answer together must fit: prompt + num_predict <= num_ctx.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from transforms.errors import UsageError

if TYPE_CHECKING:
    from transforms.text.prompts import PromptTemplate

BYTES_PER_TOKEN = 3.0
"""Safe for French (about 3.5 characters per token); one token for a character of three bytes, such as Chinese."""

CHAT_TEMPLATE_TOKENS = 64
"""For what the model's own template adds around the turns."""

PREDICT_FACTOR = 2
PREDICT_EXTRA = 128
LEAST_SOURCE_TOKENS = 64

_EXPENSIVE = re.compile(r"[^\w\s]|\d|[\U00010000-\U0010ffff]|[\ufffd]")


def estimate_tokens(text: str) -> int:
    """An upper estimate of the tokens of ``text``: at most what the parts of a cut text add up to.

    A third of the UTF-8 bytes, and two thirds more for each digit, sign and emoji: tokenizers split those one by one.
    """
    size_bytes = len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
    return math.ceil((size_bytes + 2 * len(_EXPENSIVE.findall(text))) / BYTES_PER_TOKEN)


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
    def of(cls, template: PromptTemplate, num_ctx: int) -> Budget:
        """The budget of a prompt.

        Raises:
            UsageError: If a context of ``num_ctx`` leaves no room for a text beside the prompt.
        """
        fixed = estimate_tokens((template.system or "") + template.user) + CHAT_TEMPLATE_TOKENS
        budget = cls(num_ctx, fixed)
        if budget.max_source_tokens < LEAST_SOURCE_TOKENS:
            least = fixed + PREDICT_EXTRA + (1 + PREDICT_FACTOR) * LEAST_SOURCE_TOKENS
            raise UsageError(
                f"--num_ctx {num_ctx} leaves no room for a text beside the prompt of about {fixed} tokens: "
                f"give at least {least}"
            )
        return budget

    @property
    def max_source_tokens(self) -> int:
        """The most tokens that the text of one request may have."""
        return (self.num_ctx - self.overhead_tokens - PREDICT_EXTRA) // (1 + PREDICT_FACTOR)

    def fits(self, text: str) -> bool:
        """Whether ``text`` may go out in one request."""
        # Most texts are far below, even if each character were as expensive as can be.
        return len(text) * 2 <= self.max_source_tokens or estimate_tokens(text) <= self.max_source_tokens

    def num_predict_for(self, source_tokens: int) -> int:
        """The most tokens of the answer to a text: twice the text's and 128. Never 0, which is endless in Ollama."""
        return min(PREDICT_FACTOR * source_tokens + PREDICT_EXTRA, self.most_predict_for(source_tokens))

    def most_predict_for(self, source_tokens: int) -> int:
        """All the room that the context leaves for the answer to a text."""
        return max(1, self.num_ctx - self.overhead_tokens - source_tokens)

"""How many tokens the answer to a text will have, learnt from the answers of the run. Pure.

The length of a text tells the order of texts of one column, but texts of two columns may differ in their characters per
token, or in how much a model writes about them.
"""

from __future__ import annotations

from dataclasses import dataclass

TOKENS_PER_CHARACTER = 0.3
"""Of French prose; for a column without an answer."""

REMEMBERED_ANSWERS = 100
"""An answer counts less with each one that follows: after so many, a third."""


@dataclass(eq=False, slots=True)
class TokenRate:
    """The tokens of the answers of one model to the texts of one column, per character of the text.

    Attributes:
        per_character: The present estimate.
    """

    per_character: float = TOKENS_PER_CHARACTER
    _tokens: float = 0.0
    _characters: float = 0.0

    def answered(self, characters: int, tokens: float) -> None:
        """Note an answer of ``tokens`` to a text of ``characters``, which are at least 1."""
        kept = 1 - 1 / REMEMBERED_ANSWERS
        self._tokens = kept * self._tokens + tokens
        self._characters = kept * self._characters + characters
        self.per_character = self._tokens / self._characters


class TokenRates:
    """The rates of all columns and models of a run."""

    def __init__(self) -> None:
        self._rates: dict[tuple[str, str], TokenRate] = {}

    def of(self, model: str, column: str) -> TokenRate:
        """Return the rate of a model, by its key, for a column; a new one if neither is known."""
        rate = self._rates.get((model, column))
        if rate is None:
            rate = self._rates[model, column] = TokenRate()
        return rate

"""Whether a model thinks before it answers, and how many tokens it may think. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, TypeAlias

Think: TypeAlias = "bool | str | None"
"""The value of Ollama's field ``think``; None to leave the field out."""

THINK_CHOICES: Final = ("auto", "false", "low", "medium", "high", "model")
"""The user's choices: ``auto`` is ``low`` for models that cannot be kept from thinking, else ``false``; ``model`` leaves
the decision to the model."""

_ALWAYS_THINKS = re.compile(r"gpt-?oss")
"""Models that think whatever is asked for, and know only the levels low, medium and high."""

_TOKENS: Final[Mapping[Think, int]] = {False: 0, "low": 512, "medium": 1024, "high": 2048, None: 1024}


def think_value(choice: str, model: str) -> Think:
    """The value of ``think`` in requests to a model."""
    if choice == "model":
        return None
    name = model.lower().rpartition("/")[2]
    if choice == "auto":
        return "low" if _ALWAYS_THINKS.match(name) else False
    return False if choice == "false" else choice


def think_tokens(think: Think) -> int:
    """Tokens that an answer may have beside the translation."""
    return _TOKENS[think]

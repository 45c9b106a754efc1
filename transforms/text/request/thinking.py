"""The thinking of models before they answer: Ollama's field ``think``, and the tokens reserved for it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, TypeAlias

Think: TypeAlias = "bool | str | None"
"""The value of Ollama's field ``think``; None to leave the field out."""

THINK_CHOICES: Final = ("auto", "false", "low", "medium", "high", "model")
"""The user's choices. ``auto`` is ``low`` for models that always think, else ``false``; with ``model``, the model
decides."""

_ALWAYS_THINKS = re.compile(r"gpt-?oss")
"""Models that think regardless of the request and only support the levels low, medium and high."""

_TOKENS: Final[Mapping[Think, int]] = {False: 0, "low": 512, "medium": 1024, "high": 2048, None: 1024}


def think_value(choice: str, model: str) -> Think:
    """Return the value of ``think`` in requests to a model."""
    if choice == "model":
        return None
    name = model.lower().rpartition("/")[2]
    if choice == "auto":
        return "low" if _ALWAYS_THINKS.match(name) else False
    return False if choice == "false" else choice


def think_tokens(think: Think) -> int:
    """Return the number of tokens that an answer may have in addition to the translation."""
    return _TOKENS[think]

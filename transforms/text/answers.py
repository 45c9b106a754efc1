"""From what the model wrote to the translation: only what is certainly not part of it is taken away."""

from __future__ import annotations

import re

from transforms.text import flags

_THINK = re.compile(r"\s*<think>.*?</think>", re.DOTALL)
_ORPHAN_END = re.compile(r".*?</think>", re.DOTALL)
_DELIMITED = re.compile(r"\s*<source>\s*(.*?)\s*</source>\s*\Z", re.DOTALL)
_END_DELIMITER = re.compile(r"\s*</source>\s*\Z")


def clean(answer: str, source: str) -> tuple[str, tuple[str, ...]]:
    """The translation in ``answer``, and flags for what was taken away.

    White space around it goes; a ``<think>`` block goes if it stands at the very start and the source has no such tag
    (anywhere else it may be part of the record); the prompt's own delimiters go likewise.

    Args:
        answer: As the model wrote it.
        source: The text that was sent.
    """
    found: tuple[str, ...] = ()
    if "</think>" in answer and "think>" not in source:
        stripped = _THINK.sub("", answer, count=1) if _THINK.match(answer) else _ORPHAN_END.sub("", answer, count=1)
        answer, found = stripped, (flags.THINK_STRIPPED,)
    if "</source>" in answer and "source>" not in source:
        delimited = _DELIMITED.match(answer)
        answer = delimited[1] if delimited else _END_DELIMITER.sub("", answer)
    return answer.strip(), found

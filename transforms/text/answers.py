"""From what the model wrote to the translation: only what is certainly not part of it is taken away."""

from __future__ import annotations

from typing import Final

from transforms.text import flags
from transforms.text.gate import is_blank
from transforms.text.prompts import SOURCE_END, SOURCE_START
from transforms.text.sanitize import sanitize

THINK_START: Final = "<think>"
THINK_END: Final = "</think>"


def clean(answer: str, source: str) -> tuple[str, tuple[str, ...]]:
    """The translation in ``answer``, and flags for what was taken away.

    White space around it goes; so does what a model thought before it, in a ``<think>`` block at the very start or up
    to a ``</think>`` without a beginning; so do the prompt's own delimiters around it. Not if the source has the same
    tags: there they are part of the record. Nothing inside is touched, but that the text is made valid (``sanitize``):
    half of a surrogate pair would stop the writer.

    Args:
        answer: As the model wrote it.
        source: The text that was sent.

    Returns:
        The translation, "" if there is nothing to see in the answer, and the flags.
    """
    text, found = _without_thought(sanitize(answer).strip(), source)
    text = _without_delimiters(text, source)
    return "" if is_blank(text) else text, found


def _without_thought(text: str, source: str) -> tuple[str, tuple[str, ...]]:
    if THINK_END not in text or THINK_START in source or THINK_END in source:
        return text, ()
    before, _, after = text.partition(THINK_END)
    if THINK_START in before and not before.startswith(THINK_START):
        return text, ()
    return after.strip(), (flags.THINK_STRIPPED,)


def _without_delimiters(text: str, source: str) -> str:
    if SOURCE_START in source or SOURCE_END in source:
        return text
    inner = text.removeprefix(SOURCE_START).removesuffix(SOURCE_END)
    return text if SOURCE_START in inner or SOURCE_END in inner else inner.strip()

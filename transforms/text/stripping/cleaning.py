"""Cleaning of an answer before any check: thoughts before the translation, and the prompt's delimiters around it."""

from __future__ import annotations

import re
from typing import Final

from transforms.text import flags
from transforms.text.request.gate import is_blank
from transforms.text.request.prompts import SOURCE_END, SOURCE_START
from transforms.text.request.sanitize import sanitize
from transforms.text.stripping.french_spacing import without_french_spacing
from transforms.text.stripping.invisible import without_colours, without_invisible
from transforms.text.stripping.task_talk import speaks


def clean(answer: str, source: str) -> tuple[str, tuple[str, ...]]:
    """Return the translation in ``answer``, and flags for what was removed.

    Removes white space around the translation, what the model thought before it, and the prompt's own delimiters. Tags
    that the source has, too, are part of the record and stay. The text itself becomes valid Unicode, because half of a
    surrogate pair would stop the writer, and loses characters that nobody sees and the spacing of French.

    Args:
        answer: The model's answer.
        source: The text that was sent.

    Returns:
        The translation, or "" if the answer shows nothing, and the flags.
    """
    text = sanitize(without_colours(answer) if "\x1b" in answer else answer)
    if not text.isascii():
        text = without_invisible(text, source)
    text = without_french_spacing(text, source)
    text, found = _without_thought(text.strip(), source)
    text = _without_delimiters(text, source)
    return "" if is_blank(text) else text, found


THOUGHT: Final = (
    r"(?:\w{0,12}_)?(?:think(?:ing)?|thoughts?|reason(?:ing)?|reflect(?:ion)?|analysis|scratchpad|monologue|planning)"
    r"(?:_\w{0,12})?"
)
_OPENING, _CLOSING = r"[<\[({◁‹⟨«＜【]", r"[>\])}▷›⟩»＞】]"
_THOUGHT_END = re.compile(rf"{_OPENING}/{THOUGHT}{_CLOSING}", re.IGNORECASE)
_THOUGHT_START = re.compile(rf"{_OPENING}{THOUGHT}{_CLOSING}(?!`)", re.IGNORECASE)


def _without_thought(text: str, source: str) -> tuple[str, tuple[str, ...]]:
    ends = list(_THOUGHT_END.finditer(text)) if "/" in text else []
    if not ends or _THOUGHT_END.search(source) or _THOUGHT_START.search(source):
        return text, ()
    end = ends[-1]
    start = _THOUGHT_START.search(text, 0, end.start())
    if start and start.start() > 0 and text[: start.start()].strip():
        before, after = text[: start.start()].strip(), text[end.end() :].strip()
        if after and not speaks(before):
            return text, ()
        return after or before, (flags.THINK_STRIPPED,)
    return text[end.end() :].strip(), (flags.THINK_STRIPPED,)


def open_thought(text: str, source: str) -> str:
    """The tag of thoughts that were never closed, so that nothing tells where they end; "" if there is none."""
    match = _THOUGHT_START.search(text)
    return match[0] if match and match[0][0] not in source else ""


REPEATED_PROMPT_CHARS = 40
"""An answer that begins with a delimiter and so much of the source repeats the prompt."""


def _without_delimiters(text: str, source: str) -> str:
    has_delimiter = SOURCE_START in text or SOURCE_END in text
    if not has_delimiter or SOURCE_START in source or SOURCE_END in source:
        return text
    inner = text.removeprefix(SOURCE_START).removesuffix(SOURCE_END).strip()
    repeated = not text.endswith(SOURCE_END) and inner.startswith(source.strip()[:REPEATED_PROMPT_CHARS])
    if SOURCE_START in inner or SOURCE_END in inner or repeated:
        return text  # the model has repeated its prompt: the delimiter shows it to the check
    return inner

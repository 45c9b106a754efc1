"""Human translations in the translation memory: they win over every model, and no model overwrites them.

Their keys depend on the text only, not on the recipe: they hold for every model and prompt. Answers of models have
other keys, so they can't replace them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from transforms.engine.memory_entry import decode, encode
from transforms.engine.outcome import Outcome, TextResult
from transforms.text.request.gate import Gate, source_flags
from transforms.text.request.sanitize import sanitize

ORIGIN = "human"
RUN = "human"

PRESENT = hashlib.sha256(b"human translations are present").digest()
"""Key of an entry that exists if there is any human translation: without it, no text has to be looked up."""


def human_key(text: str) -> bytes:
    """The key of the human translation of a text, 32 bytes."""
    return hashlib.sha256(b"human translation\0" + sanitize(text).encode("utf-8", "surrogatepass")).digest()


def human_entries(translations: Sequence[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    """Entries for the memory.

    Args:
        translations: Pairs of a source text and its translation.
    """
    entries = [(human_key(source), _encoded(english)) for source, english in translations]
    return [*entries, (PRESENT, _encoded(""))] if entries else []


def _encoded(english: str) -> bytes:
    return encode(TextResult(Outcome(english, "ok")), (), RUN)


def human_result(value: bytes, text: str) -> TextResult | None:
    """The result for a text whose human translation the memory has; None for an entry of another program."""
    entry = decode(value)
    if entry is None:
        return None
    return TextResult(Outcome(entry.outcome.translation, "ok", source_flags(text, Gate.TRANSLATE), origin=ORIGIN))

"""A text read once: the words and characters that all checks share.

Most checks look for something that nearly no text has. Whether a text may have it shows in the sets here, without
another pass over the text. A word is a longest sequence of letters, as ``[^\\W\\d_]+`` finds it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_WORD = re.compile(r"[^\W\d_]+")
_CODE_PAGE: Final = "cp1252"
"""Has the letters, quotes and dashes of French and English, one byte each."""


def _decoded(byte: int) -> str:
    return bytes((byte,)).decode(_CODE_PAGE, "replace")


_BLANKED: Final = bytes(byte if _WORD.fullmatch(_decoded(byte)) else ord(" ") for byte in range(256))
_KNOWN: Final = frozenset(map(_decoded, range(256)))


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What a text consists of.

    Attributes:
        text: As it stands.
        characters: Each once.
        words: In order, as they are written.
        lows: The same in lower case.
        word_set: ``words``, each once.
        low_set: ``lows``, each once.
        has_digits: Whether there is a decimal digit.
    """

    text: str
    characters: frozenset[str]
    words: list[str]
    lows: list[str]
    word_set: frozenset[str]
    low_set: frozenset[str]
    has_digits: bool


@lru_cache(maxsize=8)
def read(text: str) -> Reading:
    """The reading of a text. The last few are kept: all checks of an answer ask for the same ones."""
    characters = frozenset(text)
    words = words_in(text, characters)
    lows = [word.lower() for word in words]
    digits = any(map(str.isdecimal, characters))
    return Reading(text, characters, words, lows, frozenset(words), frozenset(lows), digits)


def words_in(text: str, characters: frozenset[str]) -> list[str]:
    """The words of a text, in order.

    Bytes are translated and split in a third of the time that the pattern takes. Texts with letters of another script
    need the pattern.

    Args:
        text: The text.
        characters: Those of the text, and maybe others.
    """
    if not characters <= _KNOWN and any(map(str.isalnum, characters - _KNOWN)):
        return _WORD.findall(text)
    return text.encode(_CODE_PAGE, "replace").translate(_BLANKED).decode(_CODE_PAGE).split()

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
_NUMBER = re.compile(r"\d+")
_CODE_PAGE: Final = "cp1252"
"""Has the letters, quotes and dashes of French and English, one byte each."""


def _decoded(byte: int) -> str:
    return bytes((byte,)).decode(_CODE_PAGE, "replace")


_BLANKED: Final = bytes(byte if _WORD.fullmatch(_decoded(byte)) else ord(" ") for byte in range(256))
_ONLY_DIGITS: Final = bytes(byte if chr(byte) in "0123456789" else ord(" ") for byte in range(256))
_KNOWN: Final = frozenset(map(_decoded, range(256)))
_LETTERS: Final = frozenset(filter(str.isalpha, _KNOWN))


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
        signs: The characters that are no letters of French or English: digits, marks, white space, other scripts.
        has_digits: Whether there is a decimal digit.
    """

    text: str
    characters: frozenset[str]
    words: list[str]
    lows: list[str]
    word_set: frozenset[str]
    low_set: frozenset[str]
    signs: frozenset[str]
    has_digits: bool


@lru_cache(maxsize=8)
def read(text: str) -> Reading:
    """The reading of a text. The last few are kept: all checks of an answer ask for the same ones."""
    characters = frozenset(text)
    words = words_in(text, characters)
    lows = [word.lower() for word in words]
    signs = characters - _LETTERS
    digits = any(map(str.isdecimal, signs))
    return Reading(text, characters, words, lows, frozenset(words), frozenset(lows), signs, digits)


def words_in(text: str, characters: frozenset[str]) -> list[str]:
    """The words of a text, in order.

    Bytes are translated and split in a third of the time that the pattern takes. Texts with letters of another script
    need the pattern.

    Args:
        text: The text.
        characters: Those of the text, and maybe others.
    """
    if _is_strange(characters):
        return _WORD.findall(text)
    return text.encode(_CODE_PAGE, "replace").translate(_BLANKED).decode(_CODE_PAGE).split()


def numbers_in(text: str, characters: frozenset[str]) -> list[str]:
    """The sequences of digits in a text, in order; arguments as of ``words_in``."""
    if _is_strange(characters):
        return _NUMBER.findall(text)
    return text.encode(_CODE_PAGE, "replace").translate(_ONLY_DIGITS).decode().split()


def _is_strange(characters: frozenset[str]) -> bool:
    return not characters <= _KNOWN and any(map(str.isalnum, characters - _KNOWN))

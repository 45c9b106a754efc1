"""A text read once: the words and characters that all checks share.

Most checks look for something that nearly no text has. Whether a text may have it shows in the sets here, without
another pass over the text. A word is a longest sequence of letters, as ``[^\\W\\d_]+`` finds it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

_WORD = re.compile(r"[^\W\d_]+")
_NO_LETTER = re.compile(r"[\W\d_]")
_NO_DIGIT = re.compile(r"\D")
_LATIN: Final = "latin-1"
"""Encodes the letters of French and English but œ far faster than other code pages."""

_CODE_PAGE: Final = "cp1252"
"""Has all letters, quotes and dashes of French and English, one byte each."""


def _decoded(byte: int, code_page: str) -> str:
    return bytes((byte,)).decode(code_page, "replace")


def _blanked(code_page: str) -> bytes:
    return bytes(byte if _WORD.fullmatch(_decoded(byte, code_page)) else ord(" ") for byte in range(256))


_BLANKED: Final = {page: _blanked(page) for page in (_LATIN, _CODE_PAGE)}
_ONLY_DIGITS: Final = bytes(byte if chr(byte) in "0123456789" else ord(" ") for byte in range(256))
_DIGITS: Final = frozenset("0123456789")
_KNOWN: Final = frozenset(_decoded(byte, _CODE_PAGE) for byte in range(256))
_LETTERS: Final = frozenset(filter(str.isalpha, _KNOWN))
_NOT_LATIN_LETTERS: Final = frozenset(letter for letter in _LETTERS if letter > "\xff")


class Reading(NamedTuple):
    """What a text consists of.

    Attributes:
        text: As it stands.
        characters: Each once.
        letters: The text with a blank in place of each character that is no letter.
        digits: The same for decimal digits; "" without any.
        words: In order, as they are written.
        lows: The same in lower case.
        word_set: ``words``, each once.
        low_set: ``lows``, each once.
        signs: The characters that are no letters of French or English: digits, marks, white space, other scripts.
        has_digits: Whether there is a decimal digit.
    """

    text: str
    characters: frozenset[str]
    letters: str
    digits: str
    words: list[str]
    lows: list[str]
    word_set: frozenset[str]
    low_set: frozenset[str]
    signs: frozenset[str]
    has_digits: bool


_LIST_WORDS: Final = 12


def is_list(reading: Reading) -> bool:
    """Whether most words have no white space between them, so that they are codes or syllables, not prose."""
    words = len(reading.words)
    if words < _LIST_WORDS:
        return False
    return reading.text.count(" ") + reading.text.count("\n") + reading.text.count("\u00a0") < words / 2


@lru_cache(maxsize=8)
def read(text: str) -> Reading:
    """The reading of a text. The last few are kept: all checks of an answer ask for the same ones."""
    characters = frozenset(text)
    signs = characters - _LETTERS
    letters, digits = _letters_and_digits(text, characters, signs)
    words, lows = letters.split(), letters.lower().split()
    return Reading(
        text, characters, letters, digits, words, lows, frozenset(words), frozenset(lows), signs, bool(digits)
    )


def _letters_and_digits(text: str, characters: frozenset[str], signs: frozenset[str]) -> tuple[str, str]:
    """The text with blanks for all but letters, and for all but digits.

    Bytes are translated in a small part of the time that a pattern takes. Texts with letters of another script need the
    pattern.
    """
    strange = signs - _KNOWN
    if strange and any(map(str.isalnum, strange)):
        digits = _NO_DIGIT.sub(" ", text) if any(map(str.isdecimal, signs)) else ""
        return _NO_LETTER.sub(" ", text), digits
    encoded = text.encode(_LATIN, "replace")
    digits = "" if _DIGITS.isdisjoint(signs) else encoded.translate(_ONLY_DIGITS).decode(_LATIN)
    page = _LATIN
    if not _NOT_LATIN_LETTERS.isdisjoint(characters):
        encoded, page = text.encode(_CODE_PAGE, "replace"), _CODE_PAGE
    return encoded.translate(_BLANKED[page]).decode(page), digits

"""A text read once: the words and characters that all checks share.

Most checks look for something that nearly no text has. Whether a text may have it shows in the sets here, without
another pass over the text. A word is a longest sequence of letters, as ``[^\\W\\d_]+`` finds it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final, NamedTuple

_WORD = re.compile(r"[^\W\d_]+")
_BEYOND_LATIN = re.compile("[^\x00-\xff]")
_NO_LETTER = re.compile(r"[\W\d_]")
_NO_DIGIT = re.compile(r"\D")
_LATIN: Final = "latin-1"
"""Encodes the letters of French and English but œ far faster than other code pages."""

_CODE_PAGE: Final = "cp1252"
"""Has all letters, quotes and dashes of French and English, one byte each."""


def _decoded(byte: int, code_page: str) -> str:
    return bytes((byte,)).decode(code_page, "replace")


def _blanked(code_page: str, lower: bool = False) -> bytes:
    """What each byte becomes: a letter stays, as it is or in lower case, all else becomes a blank."""
    characters = (_decoded(byte, code_page) for byte in range(256))
    kept = (each if _WORD.fullmatch(each) else " " for each in characters)
    return b"".join((each.lower() if lower else each).encode(code_page) for each in kept)


_BLANKED: Final = {page: _blanked(page) for page in (_LATIN, _CODE_PAGE)}
_LOWERED: Final = {page: _blanked(page, lower=True) for page in (_LATIN, _CODE_PAGE)}
_ONLY_DIGITS: Final = bytes(byte if chr(byte) in "0123456789" else ord(" ") for byte in range(256))
_LETTERS_AND_BLANK: Final = bytes(byte for byte in range(256) if chr(byte).isalpha() or byte == ord(" "))
_DIGITS: Final = frozenset("0123456789")
_KNOWN: Final = frozenset(_decoded(byte, _CODE_PAGE) for byte in range(256))
_LETTERS: Final = frozenset(filter(str.isalpha, _KNOWN))
_NOT_LATIN_LETTERS: Final = frozenset(letter for letter in _LETTERS if letter > "\xff")


class Reading(NamedTuple):
    """What a text consists of.

    Attributes:
        text: As it stands.
        latin: Whether all its characters are of Latin-1: no emoji, no typographic quotation mark, no other script.
        signs: The characters that are no letters of French or English: digits, marks, white space, other scripts.
        letters: The text with a blank in place of each character that is no letter.
        lows: The words in lower case, in order.
        low_set: The same, each once.
        digits: The text with a blank in place of each character that is no decimal digit; "" without any.
        numbers: The sequences of decimal digits, in order.
    """

    text: str
    latin: bool
    signs: frozenset[str]
    letters: str
    lows: list[str]
    low_set: frozenset[str]
    digits: str
    numbers: list[str]

    @property
    def words(self) -> list[str]:
        """The words as they are written, in order."""
        return self.letters.split()


_LIST_WORDS: Final = 12


def is_list(reading: Reading) -> bool:
    """Whether most words have no white space between them, so that they are codes or syllables, not prose."""
    words = len(reading.lows)
    if words < _LIST_WORDS:
        return False
    return reading.text.count(" ") + reading.text.count("\n") + reading.text.count("\u00a0") < words / 2


@lru_cache(maxsize=8)
def read(text: str) -> Reading:
    """The reading of a text. The last few are kept: all checks of an answer ask for the same ones.

    Bytes are translated in a small part of the time that sets of characters and patterns take. Texts with letters of
    another script need the pattern.
    """
    encoded, page = text.encode(_LATIN, "replace"), _LATIN
    questions = text.count("?")
    latin = text.isascii() or encoded.count(b"?") == questions  # no character is replaced
    # Blanks are by far the most frequent sign, and one of them is enough.
    signs = frozenset(encoded.translate(None, _LETTERS_AND_BLANK).decode(_LATIN) + " " * (" " in text))
    if not latin:
        others = frozenset(_BEYOND_LATIN.findall(text))
        signs = (signs if questions else signs - {"?"}) | (others - _LETTERS)
        strange = others - _KNOWN
        if strange and any(map(str.isalnum, strange)):
            return _read_with_patterns(text, signs)
        if not _NOT_LATIN_LETTERS.isdisjoint(others):
            encoded, page = text.encode(_CODE_PAGE, "replace"), _CODE_PAGE
    letters = encoded.translate(_BLANKED[page]).decode(page)
    lows = encoded.translate(_LOWERED[page]).decode(page).split()
    digits = "" if _DIGITS.isdisjoint(signs) else encoded.translate(_ONLY_DIGITS).decode(_LATIN)
    return Reading(text, latin, signs, letters, lows, frozenset(lows), digits, digits.split() if digits else [])


@lru_cache(maxsize=4)
def lowered(text: str) -> str:
    """A text in lower case. The last few are kept, as some checks of numbers ask for the same ones."""
    return text.lower()


@lru_cache(maxsize=4)
def spoken(text: str) -> str:
    """The words of a text in lower case, with one blank before and after each: to look for a few in a row."""
    return f" {' '.join(read(text).lows)} "


_END_OF_SENTENCE = re.compile(r"[.!?]\W*\w?")
"""With the character by which the next sentence shows that the text is not at its end."""


def search_sentences(pattern: re.Pattern[str], text: str, words: Iterable[str]) -> re.Match[str] | None:
    """What ``pattern.search(text)`` finds, looked for only in the sentences with one of the words.

    Args:
        pattern: It has no words of two sentences.
        text: What is searched.
        words: In lower case; each match has one of them.
    """
    low = lowered(text)
    if len(low) != len(text):
        return pattern.search(text)
    last = 0
    for place in sorted(place for word in words for place in places(low, word)):
        if place >= last:
            start = max(low.rfind(mark, last, place) for mark in ".!?") + 1
            last, end = after.span() if (after := _END_OF_SENTENCE.search(low, place)) else (len(low), len(low))
            if match := pattern.search(text, start, end):
                return match
    return None


def places(text: str, part: str) -> Iterator[int]:
    """Where ``part`` begins in a text, each time."""
    place = text.find(part)
    while place != -1:
        yield place
        place = text.find(part, place + 1)


_WHITE_SPACE = re.compile(r"\s")


def passages(text: str, sign: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """Where each passage without white space begins and ends in which a sign is found: few, so a text is not split."""
    end = 0
    for match in sign.finditer(text):
        start = match.start()
        if start >= end:
            while start > end and not text[start - 1].isspace():
                start -= 1
            after = _WHITE_SPACE.search(text, match.start())
            end = after.start() if after else len(text)
            yield start, end


def letter_words(text: str) -> list[str]:
    """The words of a text that no other check reads, as they are written."""
    encoded = text.encode(_LATIN, "replace")
    if encoded.count(b"?") == text.count("?"):
        return encoded.translate(_BLANKED[_LATIN]).decode(_LATIN).split()
    return _WORD.findall(text)


def _read_with_patterns(text: str, signs: frozenset[str]) -> Reading:
    letters = _NO_LETTER.sub(" ", text)
    lows = letters.lower().split()
    digits = _NO_DIGIT.sub(" ", text) if any(map(str.isdecimal, signs)) else ""
    return Reading(text, False, signs, letters, lows, frozenset(lows), digits, digits.split())

"""Single words: what is remembered of them, and what they are compared by."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Final, TypeVar

CACHED_WORDS: Final = 8_192
"""Words that each function about single words remembers. Long texts use some thousand different ones again and again;
eight times as many took 60 MB more and were no faster."""

STEM_CHARS: Final = 5
SKELETON_CHARS: Final = 4

V = TypeVar("V")


class WordCache(dict[str, V]):
    """What a function says of single words, for twice ``most`` of them at most.

    A lookup is that of a dictionary, some times as fast as ``lru_cache``. After ``most`` words it begins anew, but the
    words of before are at hand until it does so again: frequent words are never looked up twice.
    """

    def __init__(self, function: Callable[[str], V], most: int = CACHED_WORDS) -> None:
        super().__init__()
        self._function, self._most = function, most
        self._before: dict[str, V] = {}

    def __missing__(self, word: str) -> V:
        value = self._before.get(word)
        if value is None:
            value = self._function(word)
        if len(self) >= self._most:
            self._before = dict(self)
            self.clear()
        self[word] = value
        return value


def word_set(text: str) -> frozenset[str]:
    """The words of a text, parted by white space."""
    return frozenset(text.split())


_ENDINGS: Final = (
    (("ied", "y"), ("ies", "y"), ("ed", ""), ("es", ""), ("s", "")),
    (("ing", ""), ("ly", "")),
)
"""One of each is taken away: "settings" gives what "set" gives, "applies" what "apply" does."""
_STEMS: Final = dict.fromkeys(("use", "uses", "used", "using", "user", "users", "usage"), "use") | {"need": "need"}


@lru_cache(maxsize=CACHED_WORDS)
def stem(word: str) -> str:
    """What a lower-case English word is compared by: "copied" and "copies" both give "copi"."""
    if word in _STEMS:
        return _STEMS[word]
    if len(word) > 3:
        for endings in _ENDINGS:
            for ending, replacement in endings:
                if word.endswith(ending) and len(word) - len(ending) >= 3:
                    word = word[: -len(ending)] + replacement
                    break
    if len(word) > 3:
        if word[-1] == word[-2]:
            word = word[:-1]
        if word[-1] == "y":
            word = word[:-1] + "i"
        elif word[-1] == "e":
            word = word[:-1]
    return word[:STEM_CHARS]


_VOWELS: Final = str.maketrans("", "", "aeiouyh'")
_SOUNDS: Final = (("qu", "k"), ("c", "k"), ("z", "s"))


def skeleton(word: str) -> str:
    """First letter and consonants without accents: "développement" and "development" both give "dvlp"."""
    plain = without_accents(word)
    for letters, sound in _SOUNDS:
        plain = plain.replace(letters, sound)
    bones = before = ""
    for letter in plain[:1] + plain[1:].translate(_VOWELS):
        if letter != before:
            bones += letter
            if len(bones) == SKELETON_CHARS:
                break
        before = letter
    return bones


_ACCENTED: Final = "àâäçéèêëîïôöùûüÿñÀÂÄÇÉÈÊËÎÏÔÖÙÛÜŸÑ"
_PLAIN: Final = str.maketrans(_ACCENTED, unicodedata.normalize("NFD", _ACCENTED).encode("ascii", "ignore").decode())


def without_accents(text: str) -> str:
    """``é`` becomes ``e``, and ``œ`` ``oe``."""
    if text.isascii():
        return text
    text = text.translate(_PLAIN)
    if text.isascii():
        return text
    text = text.replace("œ", "oe").replace("æ", "ae")
    return "".join(
        character for character in unicodedata.normalize("NFD", text) if not unicodedata.combining(character)
    )

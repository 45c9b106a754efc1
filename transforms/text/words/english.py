"""Which words are English: those of the lexicon, and a public list of the others.

The list tells other languages from English. It does not tell French words: many of them are English ones, too, for
which the lexicon was checked.
"""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from transforms.text.words.language_words import ENGLISH
from transforms.text.words.lexicon import INFLECTIONS, is_english
from transforms.text.words.word_sets import CACHED_WORDS

_PATH: Final = Path(__file__).with_name("english_words.txt")


@cache
def _words() -> frozenset[str]:
    lines = _PATH.read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if line[:1] != "#" for word in line.split())


_LEAST_PART, _LEAST_BOTH = 3, 7
_PREFIXES: Final = ("auto", "multi", "inter", "over", "under", "non", "pre", "sub", "re", "un", "de", "bi")
_SUFFIXES: Final = (("iness", "y"), ("ness", ""), ("less", ""), ("ization", "ize"), ("isation", "ise"), ("able", ""))


@lru_cache(maxsize=CACHED_WORDS)
def is_english_word(word: str) -> bool:
    """Whether a lower-case word is an English one, in any regular inflection, or made of English ones."""
    if _is_listed(word):
        return True
    for ending, base in _SUFFIXES:
        if word.endswith(ending) and _is_listed(word[: -len(ending)] + base):
            return True
    for prefix in _PREFIXES:
        if word.startswith(prefix) and len(word) - len(prefix) > _LEAST_PART and _is_listed(word[len(prefix) :]):
            return True
    return len(word) >= _LEAST_BOTH and any(
        _is_listed(word[:place]) and _is_listed(word[place:])
        for place in range(_LEAST_PART, len(word) - _LEAST_PART + 1)
    )


_REMEMBERED: set[str] = set()
_LEAST_LETTERS: Final = 3


def unknown(words: frozenset[str], least: float) -> frozenset[str]:
    """The words of three letters and more that are not English; no matter which ones if they are less than ``least``.

    Nearly all words of a text are remembered to be English: a difference of sets leaves few to ask for.
    """
    new = words - _REMEMBERED
    if len(new) < least:
        return new
    english = [word for word in new if len(word) < _LEAST_LETTERS or is_english_word(word)]
    if len(_REMEMBERED) > CACHED_WORDS:
        _REMEMBERED.clear()
    _REMEMBERED.update(english)
    return new.difference(english)


def unlisted(words: frozenset[str]) -> frozenset[str]:
    """The words that are not listed as they stand: far cheaper than to ask for each, but some are inflected."""
    return words - ENGLISH - _words()


def _is_listed(word: str) -> bool:
    if word in ENGLISH or is_english(word):
        return True
    known = _words()
    return word in known or any(
        word.endswith(ending) and word[: len(word) - len(ending)] + base in known for ending, base in INFLECTIONS
    )

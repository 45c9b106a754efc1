"""Which words are English: those of the lexicon, and a public list of the others.

The list tells other languages from English. It does not tell French words: many of them are English ones, too, for
which the lexicon was checked.
"""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from transforms.text.language_words import ENGLISH
from transforms.text.lexicon import INFLECTIONS, is_english
from transforms.text.words import CACHED_WORDS

_PATH: Final = Path(__file__).with_name("english_words.txt")


@cache
def _words() -> frozenset[str]:
    lines = _PATH.read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if line[:1] != "#" for word in line.split())


@lru_cache(maxsize=CACHED_WORDS)
def is_english_word(word: str) -> bool:
    """Whether a lower-case word is an English one, in any regular inflection."""
    if word in ENGLISH or is_english(word):
        return True
    known = _words()
    return word in known or any(
        word.endswith(ending) and word[: len(word) - len(ending)] + base in known for ending, base in INFLECTIONS
    )

"""Which sentence of the answer translates which of the source, by the words that correspond and by their lengths.

The lexicon tells whether an English word may translate a French one; names, numbers and cognates count as themselves.
The alignment is that of Gale and Church (1993), with the words' correspondence beside the lengths. It runs only where
the sentences' numbers differ or a sentence's words are missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from transforms.text.lexicon import english_stems, glosses, skeleton, stem, without_accents

_TOKEN = re.compile(r"[^\W\d_]{3,}|\d+")
_FUNCTION_WORDS: Final = frozenset(
    [
        "les",
        "des",
        "une",
        "dans",
        "pour",
        "par",
        "avec",
        "sans",
        "que",
        "qui",
        "pas",
        "est",
        "sont",
        "était",
        "étaient",
        "sera",
        "seront",
        "été",
        "être",
        "avoir",
        "ont",
        "avait",
        "avaient",
        "avons",
        "avez",
        "aura",
        "auront",
        "elle",
        "ils",
        "elles",
        "nous",
        "vous",
        "lui",
        "leur",
        "leurs",
        "cet",
        "cette",
        "ces",
        "mon",
        "mes",
        "tes",
        "ton",
        "ses",
        "son",
        "sur",
        "notre",
        "nos",
        "votre",
        "vos",
        "mais",
        "donc",
        "comme",
        "très",
        "aussi",
        "même",
        "mêmes",
        "bien",
        "peut",
        "peuvent",
        "doit",
        "doivent",
        "faut",
        "fait",
        "faite",
        "faire",
        "entre",
        "lors",
        "afin",
        "selon",
        "tous",
        "toutes",
        "toute",
        "tout",
        "quel",
        "quelle",
        "quels",
        "quelles",
        "quand",
        "dont",
        "puis",
        "ainsi",
        "vers",
        "cela",
        "aux",
        "soit",
        "chez",
        "ceci",
        "suis",
        "êtes",
        "sommes",
        "déjà",
        "autre",
        "autres",
        "celui",
        "celle",
        "ceux",
        "celles",
        "eux",
        "moi",
        "toi",
        "ici",
        "parce",
        "puisque",
        "encore",
        "lorsque",
        "dès",
        "sous",
        "the",
        "and",
        "for",
        "with",
        "that",
        "this",
        "from",
        "you",
        "your",
        "are",
        "was",
        "has",
        "have",
        "not",
        "can",
        "will",
        "its",
        "any",
        "all",
        "use",
        "may",
        "must",
        "should",
        "which",
        "when",
        "there",
        "been",
        "than",
        "into",
        "only",
        "then",
        "also",
        "were",
        "would",
        "does",
        "such",
        "these",
        "their",
        "them",
        "they",
        "other",
        "each",
        "but",
        "our",
        "ait",
        "aient",
        "ayant",
        "étant",
        "soient",
        "fois",
        "dit",
        "ici",
        "car",
        "leurs",
        "autour",
        "lequel",
        "laquelle",
        "lesquels",
        "lesquelles",
        "duquel",
        "auquel",
        "y",
    ]
)
LEAST_WORDS: Final = 4
_NO_KEYS: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Word:
    """A content word of the source.

    Attributes:
        keys: What a word of the answer that translates it has one of.
        weight: How much it says that none has: less for words that the lexicon does not know.
    """

    keys: frozenset[str]
    weight: float


@lru_cache(maxsize=65_536)
def french_word(token: str) -> Word | None:
    """A token of the source as a content word; None for function words."""
    low = token.lower()
    if low in _FUNCTION_WORDS:
        return None
    if low.isdigit():
        return Word(frozenset((low.lstrip("0") or "0",)), 0.7)
    keys = {*_own_keys(low), *english_stems(low)}
    known = bool(glosses(low)) and not (token[0].isupper() and token != low and len(low) < 4)
    return Word(frozenset(keys), 1.0 if known else 0.5)


@lru_cache(maxsize=65_536)
def english_keys(token: str) -> frozenset[str]:
    """By what a word of the answer is found."""
    low = token.lower()
    if low.isdigit():
        return frozenset((low.lstrip("0") or "0",))
    return frozenset((*_own_keys(low), stem(low)))


def _own_keys(low: str) -> Iterable[str]:
    plain = without_accents(low)
    bones = skeleton(low)
    yield "=" + plain[:6]
    if len(bones) > 3 or (len(bones) == 3 and len(plain) > 3):
        yield "~" + bones


def words_of(text: str) -> list[Word]:
    """The content words of a French text."""
    return [word for word in map(french_word, _TOKEN.findall(text)) if word]


def keys_of(text: str) -> set[str]:
    """What the words of an English text are found by."""
    keys: set[str] = set()
    for token in _TOKEN.findall(text):
        keys |= english_keys(token)
    return keys


def coverage(words: Sequence[Word], keys: set[str]) -> float:
    """Which share of the words has a counterpart, by weight; 1 if there are none."""
    total = found = 0.0
    for word in words:
        if word.keys.isdisjoint(keys):
            total += word.weight
        else:
            total += 1
            found += 1
    return found / total if total else 1.0

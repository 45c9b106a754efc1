"""Which sentence of the answer translates which of the source, by the words that correspond and by their lengths.

The lexicon tells whether an English word may translate a French one; names, numbers and cognates count as themselves.
The alignment is that of Gale and Church (1993), with the words' correspondence beside the lengths. It runs only where
the sentences' numbers differ or a sentence's words are missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from transforms.text.lexicon import (
    CACHED_WORDS,
    english_stems,
    glosses,
    is_gloss,
    skeleton,
    stem,
    without_accents,
    word_set,
)

_TOKEN = re.compile(r"[^\W\d_]{3,}|\d+")
_FUNCTION_WORDS: Final = word_set(
    """les des une dans pour par avec sans que qui pas est sont était étaient sera seront été être avoir ont avait
    avaient avons avez aura auront elle ils elles nous vous lui leur leurs cet cette ces mon mes tes ton ses son sur
    notre nos votre vos mais donc comme très aussi même mêmes bien peut peuvent doit doivent faut fait faite faire
    entre lors afin selon tous toutes toute tout quel quelle quels quelles quand dont puis ainsi vers cela aux soit
    chez ceci suis êtes sommes déjà autre autres celui celle ceux celles eux moi toi ici parce puisque encore
    lorsque dès sous the and for with that this from you your are was has have not can will its any all use may must
    should which when there been than into only then also were would does such these their them they other each but
    our ait aient ayant étant soient fois dit ici car leurs autour lequel laquelle lesquels lesquelles duquel auquel
    y"""
)
LEAST_WORDS: Final = 4


@dataclass(frozen=True, slots=True)
class Word:
    """A content word of the source.

    Attributes:
        keys: What a word of the answer that translates it has one of.
        weight: How much it says that none has: less for words that the lexicon does not know.
    """

    keys: frozenset[str]
    weight: float


@lru_cache(maxsize=CACHED_WORDS)
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


@lru_cache(maxsize=CACHED_WORDS)
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


@lru_cache(maxsize=32)
def words_of(text: str) -> tuple[Word, ...]:
    """The content words of a French text."""
    return tuple(word for word in map(french_word, _TOKEN.findall(text)) if word)


@lru_cache(maxsize=32)
def keys_of(text: str) -> frozenset[str]:
    """What the words of an English text are found by."""
    return frozenset().union(*map(english_keys, _TOKEN.findall(text)))


def contradicting(words: Sequence[Word], keys: AbstractSet[str], answer: str) -> tuple[int, int]:
    """How many words that the lexicon knows have no counterpart: those of the source, and those of ``answer``.

    Words that it does not know say little: names, terms and rare ones are not covered in good translations, either.
    """
    there = frozenset().union(*(word.keys for word in words))
    said = [low for token in _TOKEN.findall(answer) if (low := token.lower()) not in _FUNCTION_WORDS]
    lost = sum(word.weight == 1.0 and word.keys.isdisjoint(keys) for word in words)
    return lost, sum(is_gloss(low) and english_keys(low).isdisjoint(there) for low in said)


def coverage(words: Sequence[Word], keys: AbstractSet[str]) -> float:
    """Which share of the words has a counterpart, by weight; 1 if there are none."""
    total = found = 0.0
    for word in words:
        if word.keys.isdisjoint(keys):
            total += word.weight
        else:
            total += 1
            found += 1
    return found / total if total else 1.0


_BOUNDARY = re.compile(
    r"(?<=[.!?…])(?<!\b[A-ZÀ-Ý]\.)(?<!\b(?:Dr|Mr|Ms|Me|St|no|No|cf|vs|ex|pp)\.)(?<!\b(?:Mme|Mrs|art|fig|réf|ref|tél)\.)"
    r"[\"'”»)\]*_]{0,3}\s+(?=[\"'“«(\[*_\-•–—]{0,3}[^\W\d_a-zà-ÿ]|\d)"
    r"|\n[^\S\n]*\n\s*|\n(?=[^\S\n]{0,40}[^\sa-zà-ÿ])"
)
"""Where a sentence ends: the next begins with a capital or a digit; a line that continues in lower case is wrapped."""

LEAST_MISSING, LEAST_ADDED = 4, 6
"""Content words of a sentence without counterpart."""

_BAND, _WIDEST_BAND = 6, 40
_SKIP: Final = 0.22
"""What a sentence without counterpart costs: a pair is worth its coverage, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of either text.

    Attributes:
        text: As it stands there.
        words: Its content words; of the answer, the keys of each.
        keys: What its words are found by, for a sentence of the answer.
        chars: Its length.
    """

    text: str
    words: Sequence[Word]
    keys: AbstractSet[str]
    chars: int


def french_sentences(text: str) -> list[Sentence]:
    """The sentences of the source that have content words."""
    return [Sentence(part, words, frozenset(), len(part)) for part in _parts(text) if (words := words_of(part))]


def english_sentences(text: str) -> list[Sentence]:
    """The sentences of the answer that have content words."""
    sentences = []
    for part in _parts(text):
        tokens = _TOKEN.findall(part)
        words = [_english_word(token) for token in tokens if token.lower() not in _FUNCTION_WORDS]
        if words:
            sentences.append(Sentence(part, words, frozenset().union(*map(english_keys, tokens)), len(part)))
    return sentences


@lru_cache(maxsize=CACHED_WORDS)
def _english_word(token: str) -> Word:
    return Word(english_keys(token), 1.0)


def _parts(text: str) -> list[str]:
    return [part for part in _BOUNDARY.split(text) if part and not part.isspace()]


def union_of(sentences: Sequence[Sentence]) -> frozenset[str]:
    """All keys of sentences of the answer."""
    return frozenset().union(*(sentence.keys for sentence in sentences))


def source_keys(sentences: Iterable[Sentence]) -> set[str]:
    """All keys of the words of source sentences: what an answer's word is explained by."""
    keys: set[str] = set()
    for sentence in sentences:
        for word in sentence.words:
            keys |= word.keys
    return keys


def explained(sentence: Sentence, keys: AbstractSet[str]) -> float:
    """Which share of an answer's sentence the source's words explain."""
    return coverage(sentence.words, keys)


def align(source: Sequence[Sentence], answer: Sequence[Sentence]) -> list[tuple[int, int, int, int]]:
    """Groups (first, last + 1) of the source and of the answer that correspond, in order.

    Nothing where their numbers differ by more than ``_WIDEST_BAND``. Groups are of up to three sentences and one, or of
    two and two, near the diagonal.
    """
    rows, columns = len(source), len(answer)
    band = max(_BAND, abs(rows - columns) + 3)
    if band > _WIDEST_BAND:
        return []
    best: dict[tuple[int, int], tuple[float, int, int]] = {(0, 0): (0.0, 0, 0)}
    values: dict[tuple[int, int, int, int], float] = {}
    slope = columns / rows
    for i in range(rows + 1):
        centre = i * slope
        for j in range(max(0, int(centre) - band), min(columns, int(centre) + band + 1) + 1):
            here = None
            for di, dj in _MOVES:
                before = best.get((i - di, j - dj))
                if before is None or not (di or dj):
                    continue
                value = before[0] + _value(source, answer, i - di, i, j - dj, j, values)
                if here is None or value > here[0]:
                    here = (value, di, dj)
            if here is not None and (i or j):
                best[i, j] = here
    groups = []
    i, j = rows, columns
    while (i or j) and (i, j) in best:
        _, di, dj = best[i, j]
        groups.append((i - di, i, j - dj, j))
        i, j = i - di, j - dj
    return groups[::-1]


_MOVES: Final = ((1, 1), (1, 0), (0, 1), (2, 1), (1, 2), (2, 2), (3, 1), (1, 3))


def _value(
    source: Sequence[Sentence],
    answer: Sequence[Sentence],
    first: int,
    last: int,
    begin: int,
    end: int,
    values: dict[tuple[int, int, int, int], float],
) -> float:
    """What a group is worth: each sentence's length times how well it is covered, a little less for larger groups."""
    size = sum(sentence.chars for sentence in source[first:last])
    written = sum(sentence.chars for sentence in answer[begin:end])
    if first == last:
        return _SKIP * written / 2
    if begin == end:
        return _SKIP * size / 2
    key = (first, last, begin, end)
    if key not in values:
        words = [word for sentence in source[first:last] for word in sentence.words]
        keys = answer[begin].keys if end - begin == 1 else union_of(answer[begin:end])
        there = source_keys(source[first:last])
        back = [word for sentence in answer[begin:end] for word in sentence.words]
        match = (coverage(words, keys) + coverage(back, there)) / 2
        ratio = min(size, written) / max(size, written, 1)
        extra = 0.04 * (last - first + end - begin - 2)
        values[key] = (size + written) / 2 * (match * (0.7 + 0.3 * ratio) - extra)
    return values[key]

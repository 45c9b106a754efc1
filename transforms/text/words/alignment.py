"""Which words of an answer correspond to which of the source, in whole texts and in their sentences.

The lexicon tells whether an English word may translate a French one; names, numbers and cognates count as themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from transforms.text.words.lexicon import english_stems, glosses, is_gloss, parts_of
from transforms.text.words.reading import Reading, read
from transforms.text.words.word_sets import WordCache, skeleton, stem, without_accents, word_set

_LEAST_LETTERS: Final = 3
_FUNCTION_WORDS: Final = word_set(
    """les des une dans pour par avec sans que qui pas est sont était étaient sera seront été être avoir ont avait
    avaient avons avez aura auront elle ils elles nous vous lui leur leurs cet cette ces mon mes tes ton ses son sur
    notre nos votre vos mais donc comme très aussi même mêmes bien peut peuvent doit doivent faut fait faite faire
    entre lors afin selon tous toutes toute tout quel quelle quels quelles quand dont puis ainsi vers cela aux soit
    chez ceci suis êtes sommes déjà autre autres celui celle ceux celles eux moi toi ici parce puisque encore
    lorsque dès sous the and for with that this from you your are was has have not can will its any all use may must
    should which when there been than into only then also were would does such these their them they other each but
    our ait aient ayant étant soient fois dit ici car leurs autour lequel laquelle lesquels lesquelles duquel auquel
    y non plus moins tant depuis alors jusqu lorsqu nbsp"""
)
LEAST_WORDS: Final = 4


@dataclass(slots=True)
class Word:
    """A word of either text. It is never changed; to freeze it would take longer than to make it.

    Attributes:
        keys: What a word of the other text that it corresponds to has one of.
        weight: How much it says that none has: less for words that the lexicon does not know, 0 for function words.
    """

    keys: frozenset[str]
    weight: float


def _french_word(token: str) -> Word | None:
    low = token.lower()
    if low in _FUNCTION_WORDS or len(low) < _LEAST_LETTERS:
        return None
    keys = {*_own_keys(low), *english_stems(low)}
    known = bool(glosses(low)) and not (token[0].isupper() and token != low and len(low) < 4)
    return Word(frozenset(keys), 1.0 if known else 0.5)


def _english_keys(token: str) -> frozenset[str]:
    low = token.lower()
    if len(low) < _LEAST_LETTERS:
        return _NO_KEYS
    return frozenset((*_own_keys(low), stem(low), *map(stem, parts_of(low))))


def _english_word(token: str) -> Word:
    low = token.lower()
    return Word(_ENGLISH_KEYS[token], 0.0 if len(low) < _LEAST_LETTERS or low in _FUNCTION_WORDS else 1.0)


def _number_key(number: str) -> str:
    return number.lstrip("0") or "0"


_NO_KEYS: Final[frozenset[str]] = frozenset()
_FRENCH: Final = WordCache(_french_word)
_ENGLISH: Final = WordCache(_english_word)
_ENGLISH_KEYS: Final = WordCache(_english_keys)
_CACHED_NUMBERS: Final = 512
"""Most others are of one text only."""
_NUMBER_KEY: Final = WordCache(_number_key, _CACHED_NUMBERS)
_FRENCH_NUMBER: Final = WordCache(lambda number: Word(frozenset((_NUMBER_KEY[number],)), 0.7), _CACHED_NUMBERS)
_ENGLISH_NUMBER: Final = WordCache(lambda number: Word(frozenset((_NUMBER_KEY[number],)), 1.0), _CACHED_NUMBERS)


def french_word(token: str) -> Word | None:
    """A token of the source as a content word; None for function words."""
    return _FRENCH[token]


def english_keys(token: str) -> frozenset[str]:
    """By what a word of the answer is found."""
    return _ENGLISH_KEYS[token]


def _own_keys(low: str) -> Iterable[str]:
    plain = without_accents(low)
    bones = skeleton(plain)
    yield "=" + plain[:6]
    if len(bones) > 3 or (len(bones) == 3 and len(plain) > 3):
        yield "~" + bones


@lru_cache(maxsize=32)
def words_of(text: str) -> Sequence[Word]:
    """The content words of a French text."""
    sentences = french_sentences(text)
    return sentences[0].words if len(sentences) == 1 else [word for sentence in sentences for word in sentence.words]


@lru_cache(maxsize=32)
def keys_of(text: str) -> frozenset[str]:
    """What the words of an English text are found by."""
    sentences = _english_parts(text)
    return sentences[0].keys if len(sentences) == 1 else union_of(sentences)


def contradicting(words: Sequence[Word], keys: AbstractSet[str], answer: str) -> tuple[int, int]:
    """How many words that the lexicon knows have no counterpart: those of the source, and those of ``answer``.

    Words that it does not know say little: names, terms and rare ones are not covered in good translations, either.
    """
    there = frozenset().union(*(word.keys for word in words))
    said = [low for low in read(answer).lows if len(low) >= _LEAST_LETTERS and low not in _FUNCTION_WORDS]
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


def surely_covered(words: Sequence[Word], keys: AbstractSet[str], least: float) -> bool:
    """Whether ``coverage`` is ``least`` at least, however little the other words weigh: few of them are looked at."""
    missing = least * len(words)
    for word in words:
        if not word.keys.isdisjoint(keys):
            missing -= 1
            if missing <= 0:
                return True
    return False


_BOUNDARY = re.compile(
    r"[.!?…\n](?:(?<!\n)(?<!\b[A-ZÀ-Ý]\.)(?<!\b(?:Dr|Mr|Ms|Me|St|no|No|cf|vs|ex|pp)\.)(?<!\b(?:Mme|Mrs|art|fig|réf|ref|tél)\.)"
    r"[\"'”»)\]*_]{0,3}\s+(?=[\"'“«(\[*_\-•–—]{0,3}[^\W\d_a-zà-ÿ]|\d)"
    r"|(?<=\n)(?:[^\S\n]*\n\s*|(?=[^\S\n]{0,40}[^\sa-zà-ÿ])))"
)
"""Where a sentence ends, from its last character on: the next begins with a capital or a digit; a line that continues
in lower case is wrapped."""

_ENDS: Final = frozenset(".!?…\n")
"""A boundary begins with one of them."""

LEAST_MISSING, LEAST_ADDED = 4, 6
"""Content words of a sentence without counterpart."""


class SourceSentence(NamedTuple):
    """One sentence of the source.

    Attributes:
        text: As it stands there.
        words: Its content words.
    """

    text: str
    words: Sequence[Word]


class AnswerSentence:
    """One sentence of the answer.

    Attributes:
        text: As it stands there.
        keys: What its words are found by.
    """

    __slots__ = ("_numbers", "_tokens", "_words", "keys", "text")

    def __init__(self, text: str, tokens: Sequence[str], numbers: Sequence[str]) -> None:
        self.text = text
        self.keys = _NO_KEYS.union(*map(_ENGLISH_KEYS.__getitem__, tokens), map(_NUMBER_KEY.__getitem__, numbers))
        self._tokens, self._numbers = tokens, numbers
        self._words: Sequence[Word] | None = None

    @property
    def words(self) -> Sequence[Word]:
        """Its content words. Nearly all answers are good by their keys alone."""
        if self._words is None:
            words = [word for word in map(_ENGLISH.__getitem__, self._tokens) if word.weight]
            self._words = words + list(map(_ENGLISH_NUMBER.__getitem__, self._numbers))
        return self._words

    @property
    def has_words(self) -> bool:
        """Whether there are content words."""
        if self._numbers:
            return True
        for token in self._tokens:  # noqa: SIM110 - a generator takes longer than the words, of which the first ones do
            if _ENGLISH[token].weight:
                return True
        return False


@lru_cache(maxsize=16)
def french_sentences(text: str) -> Sequence[SourceSentence]:
    """The sentences of the source that have content words."""
    sentences = []
    for sentence, letters, numbers in _parts(read(text)):
        words = list(filter(None, map(_FRENCH.__getitem__, letters.split())))
        if numbers:
            words += map(_FRENCH_NUMBER.__getitem__, numbers)
        if words:
            sentences.append(SourceSentence(sentence, words))
    return sentences


def english_sentences(text: str) -> list[AnswerSentence]:
    """The sentences of the answer that have content words."""
    return [sentence for sentence in _english_parts(text) if sentence.has_words]


@lru_cache(maxsize=8)
def _english_parts(text: str) -> Sequence[AnswerSentence]:
    """All sentences of the answer."""
    reading = read(text)
    return [
        AnswerSentence(sentence, reading.lows if letters is reading.letters else letters.split(), numbers)
        for sentence, letters, numbers in _parts(reading)
    ]


def _parts(reading: Reading) -> list[tuple[str, str, Sequence[str]]]:
    """The sentences of a text, each with its part of ``letters`` and its numbers."""
    text, letters, digits = reading.text, reading.letters, reading.digits
    bounds = _bounds(text, reading.signs)
    if len(bounds) == 1:
        start, end = bounds[0]
        return [(text[start:end], letters, reading.numbers)]
    return [(text[start:end], letters[start:end], digits[start:end].split() if digits else ()) for start, end in bounds]


def _bounds(text: str, signs: AbstractSet[str]) -> list[tuple[int, int]]:
    """Where each sentence begins and ends, with its end mark, without blank ones."""
    ends = _ENDS & signs
    # Of most short texts the only mark is the last character.
    if not ends or (len(ends) == 1 and "\n" not in ends and text.find("".join(ends)) == len(text) - 1):
        return [(0, len(text))]
    bounds = []
    start = 0
    for match in _BOUNDARY.finditer(text):
        end = match.start()
        last = end if text[end] == "\n" else end + 1
        if last > start and not text[start:last].isspace():
            bounds.append((start, last))
        start = match.end()
    if not start or (start < len(text) and not text[start:].isspace()):
        bounds.append((start, len(text)))
    return bounds


def union_of(sentences: Sequence[AnswerSentence]) -> frozenset[str]:
    """All keys of sentences of the answer."""
    return frozenset().union(*(sentence.keys for sentence in sentences))


def source_keys(sentences: Iterable[SourceSentence]) -> frozenset[str]:
    """All keys of the words of source sentences: what an answer's word is explained by."""
    return frozenset().union(*[word.keys for sentence in sentences for word in sentence.words])


def explained(sentence: AnswerSentence, keys: AbstractSet[str]) -> float:
    """Which share of an answer's sentence the source's words explain."""
    return coverage(sentence.words, keys)

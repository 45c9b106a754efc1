"""Faults of texts of several sentences: sentences and paragraphs that are missing, added, replaced or said twice.

The texts are pairs with as many sentences in both languages; where there are few, single sentences of the same domain
are joined.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tests.transforms.text.clean_pairs import Pair
from tests.transforms.text.mutations import sentences
from transforms.text.meaning.content import FEW_WORDS
from transforms.text.words.alignment import words_of

WORD = re.compile(r"[^\W\d_]+")


class Fault(NamedTuple):
    """A bad answer.

    Attributes:
        source: The French text.
        answer: What a model wrote.
        right: The correct translation, to which some answers can be stripped.
        context: The preceding text that the model was shown.
    """

    source: str
    answer: str
    right: str
    context: str = ""


class Text(NamedTuple):
    """A text of several sentences that are translated one by one."""

    french: tuple[str, ...]
    english: tuple[str, ...]


def texts(pairs: Sequence[Pair], rng: random.Random, least: int, most: int) -> Iterator[Text]:
    """Texts of ``least`` to ``most`` sentences: those of the pairs, then joined ones."""
    singles: dict[str, list[Text]] = {}
    for pair in pairs:
        if "\n" in pair.french or "\n" in pair.english:
            continue
        french, english = tuple(sentences(pair.french)), tuple(sentences(pair.english))
        if len(french) != len(english):
            continue
        if least <= len(french) <= most:
            yield Text(french, english)
        elif len(french) < least and is_sentence(pair.french) and is_sentence(pair.english):
            waiting = singles.setdefault(pair.domain, [])
            waiting.append(Text(french, english))
            count = rng.randint(least, most)
            if sum(len(text.french) for text in waiting) >= count:
                joined = Text(sum((text.french for text in waiting), ()), sum((text.english for text in waiting), ()))
                if len(joined.french) <= most:
                    yield joined
                waiting.clear()


def is_sentence(text: str) -> bool:
    """Whether a text ends as sentences do and has five words."""
    return text[-1] in ".!?" and len(WORD.findall(text)) >= 5


def count_words(text: str) -> int:
    """How many words a text has."""
    return len(WORD.findall(text))


def _joined(french: Sequence[str], english: Sequence[str], right: Sequence[str]) -> Fault:
    return Fault(" ".join(french), " ".join(english), " ".join(right))


def dropped(last: bool, pairs: Sequence[Pair], rng: random.Random) -> Iterator[Fault]:
    """A sentence is missing from a text of 3 to 8: the last one, or one from the middle."""
    for french, english in texts(pairs, rng, 3, 8):
        place = len(english) - 1 if last else rng.randrange(1, len(english) - 1)
        if count_words(french[place]) >= 5:
            yield _joined(french, [*english[:place], *english[place + 1 :]], english)


def _long_texts(pairs: Sequence[Pair], rng: random.Random) -> Iterator[list[Text]]:
    """Texts of four paragraphs and 12 to 32 sentences."""
    paragraphs: list[Text] = []
    for text in texts(pairs, rng, 3, 8):
        paragraphs.append(text)
        if len(paragraphs) == 4:
            yield paragraphs
            paragraphs = []


def _whole(paragraphs: Sequence[Text], answers: Sequence[Sequence[str]]) -> Fault:
    french = "\n\n".join(" ".join(text.french) for text in paragraphs)
    english = "\n\n".join(" ".join(text.english) for text in paragraphs)
    return Fault(french, "\n\n".join(" ".join(answer) for answer in answers if answer), english)


def dropped_from_long(pairs: Sequence[Pair], rng: random.Random) -> Iterator[Fault]:
    """A sentence is missing from a long text."""
    for paragraphs in _long_texts(pairs, rng):
        answers = [list(text.english) for text in paragraphs]
        number = rng.randrange(len(answers))
        place = rng.randrange(len(answers[number]))
        if count_words(paragraphs[number].french[place]) >= 5:
            del answers[number][place]
            yield _whole(paragraphs, answers)


def paragraph_dropped(pairs: Sequence[Pair], rng: random.Random) -> Iterator[Fault]:
    """One of four paragraphs is missing."""
    for paragraphs in _long_texts(pairs, rng):
        number = rng.randrange(len(paragraphs))
        answers = [text.english for text in paragraphs]
        yield _whole(paragraphs, [*answers[:number], *answers[number + 1 :]])


def prose(pairs: Sequence[Pair], least_words: int = 5) -> Iterator[Pair]:
    """Pairs with so many words that are translated."""
    return (pair for pair in pairs if pair.french != pair.english and count_words(pair.french) >= least_words)


def another_text(pairs: Sequence[Pair], rng: random.Random) -> Iterator[Fault]:
    """The translation of another text of the same length; both have four content words and more."""
    by_length: dict[int, Pair] = {}
    for pair in prose(pairs):
        if len(words_of(pair.french)) < FEW_WORDS:
            continue
        other = by_length.get(len(pair.french) // 20)
        by_length[len(pair.french) // 20] = pair
        if other:
            yield Fault(pair.french, other.english, pair.english)


def replaced(pairs: Sequence[Pair], rng: random.Random) -> Iterator[Fault]:
    """A sentence of another text stands in the place of one."""
    before: Text | None = None
    for text in texts(pairs, rng, 3, 8):
        place = rng.randrange(len(text.english))
        if before and count_words(text.french[place]) >= 5:
            other = rng.choice(before.english)
            yield _joined(text.french, [*text.english[:place], other, *text.english[place + 1 :]], text.english)
        before = text


def added(pairs: Sequence[Pair], rng: random.Random) -> Iterator[Fault]:
    """A sentence of another text was added."""
    before: Text | None = None
    for text in texts(pairs, rng, 3, 8):
        if before:
            place = rng.randrange(1, len(text.english) + 1)
            other = max(before.english, key=len)
            yield _joined(text.french, [*text.english[:place], other, *text.english[place:]], text.english)
        before = text


def twice(pairs: Sequence[Pair], rng: random.Random) -> Iterator[Fault]:
    """A sentence is said twice."""
    for french, english in texts(pairs, rng, 3, 8):
        place = rng.randrange(len(english))
        if count_words(english[place]) >= 4:
            yield _joined(french, [*english[: place + 1], *english[place:]], english)

"""Detection of repetition loops in translations, relative to the repetition in the source.

Absolute limits don't work: prose compresses to 0.62 of its length or more and loops to between 0.05 and 0.39, but a
legitimate table compresses to 0.19 and dot leaders to 0.10.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from operator import and_, eq
from typing import NamedTuple, TypeAlias

from transforms.text import flags
from transforms.text.words.reading import Reading, read

GRAM = 4
"""The number of words compared at once (the n of the n-grams)."""

MIN_COUNT = 10
TIMES_SOURCE = 3
MIN_SHARE = 0.1
"""The most frequent four-word sequence is a loop if it occurs ten times, makes up a tenth of the text, and is three
times as frequent as the source's most frequent three words: "Page 2 du rapport", "Page 2 of the report"."""

MIN_RATIO = 0.6
"""A translation is a loop if its compression ratio is below this share of the source's."""

LEAST_DOUBLED_RATIO = 0.95
LEAST_DOUBLED = 6
LEAST_AGAIN, LEAST_HALF = 2, 3
_AROUND_WORDS = ".,;:!?…/|()\"'“”’«»—–-*_"
_BETWEEN_WORDS = r"[\W\d_]+"
_SENTENCE_END = re.compile(r"[.!?…][\"'”»)\]]{0,3}\s")
REPEATED_CHARACTERS = 40
AT_END = 20
_BLANKS = " " * REPEATED_CHARACTERS
_REPEATED_CHARACTER = re.compile(rf"(\S)\1{{{REPEATED_CHARACTERS - 1}}}")
_LONGEST_WORD = 60
_SUSPICIOUS_LENGTH = 1.5


class Tandem(NamedTuple):
    """A sequence of words repeated back to back.

    Attributes:
        period: The number of words in the repeated sequence.
        copies: How often the sequence occurs in a row.
    """

    period: int
    copies: float


_NONE = Tandem(0, 1.0)
_Gram: TypeAlias = "tuple[str, str, str, str]"


def repetition_flags(source: str, translation: str) -> tuple[str, ...]:
    """Return ``repetition`` for repeated words, sentences or characters, or for text that compresses too well.

    Two copies of a long passage in a row count, and so do three of a few words, or
    five of one word, unless the source repeats itself nearly as often.
    """
    reading = read(translation)
    if repeated := repeated_grams(translation):
        loop = _loop_of(translation)
        if (
            _is_loop(loop, len(translation) / max(1, len(source)))
            and not _explained(source, loop)
            and not _enumerates(translation, loop)
        ):
            return (flags.REPETITION,)
        words = reading.lows
        count = max(Counter(gram for _, gram in repeated).values())
        if count >= MIN_COUNT and count * GRAM >= MIN_SHARE * len(words) and count >= TIMES_SOURCE * _max_count(source):
            return (flags.REPETITION,)
    if len(reading.lows) - len(reading.low_set) >= LEAST_AGAIN and _stammers(source, reading.lows, translation):
        return (flags.REPETITION,)
    longest_word = max(map(len, reading.low_set), default=0)
    may_repeat = longest_word >= REPEATED_CHARACTERS or _BLANKS in reading.letters
    if may_repeat and (match := _REPEATED_CHARACTER.search(translation)):
        return () if match[0] in source or match[1] * 10 in source else (flags.REPETITION,)
    if not translation[-1:].isalnum() and _ends_in_signs(source, translation):
        return (flags.REPETITION,)
    odd = len(translation) > _SUSPICIOUS_LENGTH * len(source) or longest_word > _LONGEST_WORD
    if odd and len(translation) >= 200 and _zlib_ratio(translation) < MIN_RATIO * min(1.0, _zlib_ratio(source)):
        return (flags.REPETITION,)
    return ()


def _ends_in_signs(source: str, translation: str) -> bool:
    """Whether the answer ends with a sign over and over, also with a blank between: "......", "- - - -"."""
    for length in (1, 2):
        last = translation[-length:]
        if translation.endswith(last * AT_END) and not last.isspace() and last * (AT_END // 2) not in source:
            return True
    return False


def _stammers(source: str, lows: list[str], translation: str) -> bool:
    """Whether a word stands there three times in a row, with blanks between, and no word of the source twice."""
    again = list(map(eq, lows, lows[1:]))
    if True not in again or True not in map(and_, again, again[1:]):
        return False
    thrice = {
        first
        for first, second, third in zip(lows, lows[1:], lows[2:], strict=False)
        if first == second == third and len(first) > 1
    }
    if not any(
        re.search(rf"(?i)(?<![\w=-]){word}(?:[\s,.]{{1,2}}{word}){{2}}(?![\w=-])", translation) for word in thrice
    ):
        return False
    own = read(source).lows
    return not any(first == second and len(first) > 1 for first, second in pairwise(own))


def is_doubled(source: str, translation: str) -> bool:
    """Whether the answer, or four words of it and more, is the same words twice in a row, and the source is not."""
    reading = read(translation)
    words, own = reading.lows, read(source).lows
    if len(words) - len(reading.low_set) >= GRAM and _says_twice(source, translation):
        return True
    half, own_half = len(words) // 2, len(own) // 2
    if half < LEAST_HALF or len(words) % 2 or words[0] != words[half] or words[:half] != words[half:]:
        return False
    if own[:own_half] == own[own_half:]:
        return False
    pieces = [piece for piece in (each.strip(_AROUND_WORDS) for each in translation.casefold().split()) if piece]
    return len(pieces) % 2 == 0 and pieces[: len(pieces) // 2] == pieces[len(pieces) // 2 :]


def _says_twice(source: str, translation: str) -> bool:
    """Whether the answer says four words or more twice in a row, with only blanks between, and the source says none so.

    The end of a sentence is often the begin of the next: "you start the quiz. The quiz has".
    """
    if not repeated_grams(translation) or _loop_of(translation).copies < 2 or _loop_of(source).copies > 1:
        return False
    words = _said_twice(read(translation), _loop_of(translation).period)
    return re.search(r"(?i)(?<![\w=-])" + r"\s+".join(words * 2) + r"(?![\w=-])", translation) is not None


def _said_twice(reading: Reading, period: int) -> list[str]:
    """The first words that stand there again right after themselves."""
    lows = reading.lows
    places = range(len(lows) - 2 * period + 1)
    start = next(place for place in places if lows[place : place + period] == lows[place + period : place + 2 * period])
    return reading.words[start : start + period]


def _grams(words: Sequence[str]) -> list[_Gram]:
    """All four words in a row."""
    return list(zip(words, words[1:], words[2:], words[3:], strict=False))


def repeated_grams(text: str) -> list[tuple[int, _Gram]]:
    """``_repeated_grams`` of a text."""
    reading = read(text)
    # Four words that occur again are four occurrences more than there are different words.
    return [] if len(reading.lows) - len(reading.low_set) < GRAM else _repeated_in(text)


@lru_cache(maxsize=4)
def _repeated_in(text: str) -> list[tuple[int, _Gram]]:
    return _repeated_grams(read(text).lows)


def _repeated_grams(words: Sequence[str]) -> list[tuple[int, _Gram]]:
    """The four words in a row that stand there more than once, with each of their places, in order: in prose a few."""
    grams = _grams(words)
    last = dict(zip(grams, range(len(grams)), strict=True))
    if len(last) == len(grams):
        return []
    places = {place for place, after in enumerate(map(last.__getitem__, grams)) if place != after}
    places.update([last[grams[place]] for place in places])
    return [(place, grams[place]) for place in sorted(places)]


@lru_cache(maxsize=4)
def _loop_of(text: str) -> Tandem:
    return _tandem(repeated_grams(text))


def doubled_passage(source: str, translation: str) -> str:
    """A passage that the answer says twice in a row, at least ``LEAST_DOUBLED`` words; "" if there is none.

    None where the source says anything twice in a row.
    """
    if not repeated_grams(translation):
        return ""
    loop = _loop_of(translation)
    if loop.period < LEAST_DOUBLED or loop.copies < 2 or _loop_of(source).copies > 1:
        return ""
    passage = _said_twice(read(translation), loop.period)
    match = re.search(_BETWEEN_WORDS.join(map(re.escape, passage)), translation)
    return match[0] if match and _SENTENCE_END.match(translation, match.end()) else ""


def shared(words: Sequence[str]) -> float:
    """The share of words that the halves have in common."""
    first, second = set(words[: len(words) // 2]), set(words[len(words) // 2 :])
    return len(first & second) / max(1, min(len(first), len(second)))


def tandem(words: Sequence[str]) -> Tandem:
    """Return the longest sequence of words that repeats itself, in one pass.

    The pass remembers where each four words occurred last. A repetition continues as long as the distance to that place
    does not change.
    """
    return _tandem(_repeated_grams(words))


def _tandem(repeated: Sequence[tuple[int, _Gram]]) -> Tandem:
    last: dict[_Gram, int] = {}
    best = _NONE
    longest = length = period = before = 0
    for i, gram in repeated:
        distance = i - last.get(gram, i)
        last[gram] = i
        if not distance or i != before + 1:  # words between that occur once end a repetition
            length = period = 0
        before = i
        if not distance:
            continue
        length = length + 1 if distance == period else 1
        period = distance
        if length > longest and length + GRAM - 1 >= period:
            longest, best = length, Tandem(period, 1 + (length + GRAM - 1) / period)
    return best


def _is_loop(loop: Tandem, ratio: float) -> bool:
    """Two copies of a passage are only a loop in an answer that is longer for it."""
    period, copies = loop
    min_copies = 2.0 if period >= 12 else 3.0 if period >= 2 else 5.0
    return copies >= min_copies - 0.2 / max(period, 1) and (copies >= 3 or ratio >= LEAST_DOUBLED_RATIO)


def _enumerates(translation: str, loop: Tandem) -> bool:
    """Whether a loop of one word is a list of codes that begin alike: SHA1, SHA224, SHA256."""
    if loop.period != 1:
        return False
    word = next(gram[0] for _, gram in repeated_grams(translation) if len(set(gram)) == 1)
    return len(set(re.findall(rf"(?i)(?<![^\W\d_]){word}\d+", translation))) >= loop.copies


def _explained(source: str, loop: Tandem) -> bool:
    in_source = _loop_of(source)
    return in_source.copies >= 0.6 * loop.copies and in_source.copies > 1


def _max_count(source: str) -> int:
    words = read(source).lows
    return max(Counter(zip(words, words[1:], words[2:], strict=False)).values(), default=1)


def _zlib_ratio(text: str) -> float:
    data = text.encode("utf-8", "surrogatepass")
    return len(zlib.compress(data, 6)) / max(1, len(data))

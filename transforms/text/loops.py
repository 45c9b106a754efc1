"""Repetition: a model that says the same again and again, measured against what the source repeats itself.

Fixed limits don't work: prose compresses to 0.62 of its length and more, loops to 0.05 to 0.39, but an honest table to
0.19 and dot leaders to 0.10.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from transforms.text import flags

GRAM = 4
"""Words that are compared at once."""

LEAST_COUNT = 10
TIMES_SOURCE = 3
LEAST_SHARE = 0.1
"""The commonest four words in a row are a loop if there are ten of them, which make up a tenth of the text, and thrice
as many as the commonest three in the source: "Page 2 du rapport", "Page 2 of the report"."""

LEAST_RATIO = 0.6
"""An answer that compresses to less than this share of the source's ratio is a loop."""

_WORD = re.compile(r"[^\W\d_]+")
_LONG_RUN = re.compile(r"(.)\1{39}", re.DOTALL)
_LONGEST_WORD = 60
_SUSPICIOUS_LENGTH = 1.5


class Tandem(NamedTuple):
    """The longest stretch in which the same words follow themselves.

    Attributes:
        period: The words that are said again.
        copies: How often they stand there.
    """

    period: int
    copies: float


_NONE = Tandem(0, 1.0)


def repetition_flags(source: str, translation: str) -> tuple[str, ...]:
    """repetition: words or sentences said over and over, a run of one character, or text that compresses too well.

    Three copies of a sentence in a row, four of a few words or eight of one word count if the source does not repeat
    itself nearly as often; so does a long passage said twice.
    """
    words = _WORD.findall(translation.lower())
    grams = list(zip(words, words[1:], words[2:], words[3:], strict=False))
    if len(set(grams)) < len(grams):
        loop = tandem(words)
        if _is_loop(loop) and not _explained(source, loop):
            return (flags.REPETITION,)
        most = max(Counter(grams).values())
        if most >= LEAST_COUNT and most * GRAM >= LEAST_SHARE * len(words) and most >= TIMES_SOURCE * _most_in(source):
            return (flags.REPETITION,)
    if match := _LONG_RUN.search(translation):
        return () if match[0] in source or match[1] * 10 in source else (flags.REPETITION,)
    odd = len(translation) > _SUSPICIOUS_LENGTH * len(source) or max(map(len, words), default=0) > _LONGEST_WORD
    if odd and len(translation) >= 200 and _zlib_ratio(translation) < LEAST_RATIO * min(1.0, _zlib_ratio(source)):
        return (flags.REPETITION,)
    return ()


def tandem(words: Sequence[str]) -> Tandem:
    """The stretch of words that repeats itself for longest, in one pass.

    Where four words were seen before, at some distance, and the four that follow were seen at the same distance, the
    stretch goes on.
    """
    last: dict[tuple[str, ...], int] = {}
    best = _NONE
    longest = run = period = 0
    for i, gram in enumerate(zip(words, words[1:], words[2:], words[3:], strict=False)):
        distance = i - last.get(gram, i)
        last[gram] = i
        if not distance:
            run = period = 0
            continue
        run = run + 1 if distance == period else 1
        period = distance
        if run > longest and run + GRAM - 1 >= period:
            longest, best = run, Tandem(period, 1 + (run + GRAM - 1) / period)
    return best


def _is_loop(loop: Tandem) -> bool:
    period, copies = loop
    least = 2.0 if period >= 12 else 3.0 if period >= 5 else 4.0 if period >= 2 else 8.0
    return copies >= least - 0.2 / max(period, 1)


def _explained(source: str, loop: Tandem) -> bool:
    there = tandem(_WORD.findall(source.lower()))
    return there.copies >= 0.6 * loop.copies and there.copies > 1


def _most_in(source: str) -> int:
    words = _WORD.findall(source.lower())
    return max(Counter(zip(words, words[1:], words[2:], strict=False)).values(), default=1)


def _zlib_ratio(text: str) -> float:
    data = text.encode("utf-8", "surrogatepass")
    return len(zlib.compress(data, 6)) / max(1, len(data))

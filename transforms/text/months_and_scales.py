"""Months, and thousands, millions and billions, that became others."""

from __future__ import annotations

import re
from collections.abc import Container
from typing import Final

from transforms.text.reading import read

MONTHS_FR: Final = tuple("janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split())
MONTHS_EN: Final = tuple(
    "january february march april may june july august september october november december".split()
)
_BILLION = re.compile(r"(?i)\bmilliards?\b|\bMds?\b ?€?")
_BILLION_EN = re.compile(r"(?i)billion|\d ?bn\b|[€$£]\d[\d.,]{0,9}b\b|thousand million|\d,\d{3},\d{3},\d{3}")
_MILLION = re.compile(r"(?i)\bmillions?\b")


def scale_changed(source: str, translation: str, number_words: Container[str]) -> str:
    """A "milliard" is a billion: the word of scale that became another one, "" if none did.

    Args:
        source: The French text.
        translation: The answer.
        number_words: English words of numbers: "two million" is a number, "a million" need not be.
    """
    there, here = read(source).low_set, read(translation).low_set
    if _SCALES_FR.isdisjoint(there) and _SCALES_EN.isdisjoint(here):
        return ""
    low = translation.lower()
    if not _BILLIONS_FR.isdisjoint(there) and (match := _BILLION.search(source)):
        return "" if _BILLION_EN.search(translation) else match[0]
    if match := _MILLION.search(source):
        if "million" in low or _MILLION_EN.search(translation):
            return "billion" if "billion" in low and "billion" not in source else ""
        return match[0]
    if _SCALES_EN.isdisjoint(here):
        return ""
    for word, french in (("million", _MILLION_FR), ("thousand", _THOUSAND_FR)):
        if (match := re.search(rf"(?:\d[.,]?\d*|\b\w+) {word}s?\b", low)) and not french.search(source):
            return match[0] if match[0][0].isdigit() or match[0].split()[0] in number_words else ""
    return ""


_BILLIONS_FR: Final = frozenset(("milliard", "milliards", "md", "mds"))
_SCALES_FR: Final = _BILLIONS_FR | {"million", "millions"}
_SCALES_EN: Final = frozenset(("million", "millions", "thousand", "thousands"))
_MILLION_EN = re.compile(
    r"(?i)\d[ \u00a0]?(?:m|mn|mln|mio)\b|\d[,. \u00a0\u202f]?\d{3}[,. \u00a0\u202f]?\d{3}|megapixel"
)
_MILLION_FR = re.compile(
    r"(?i)million|\d ?m\b|\d[ .,\u00a0\u202f]?\d{3}[ .,\u00a0\u202f]?\d{3}|\bM[€$]|méga|milliard|\bMio\b"
)
_THOUSAND_FR = re.compile(r"(?i)\bmill|\d ?k|\d[ .,\u00a0\u202f]?\d{3}|\bkilo")

_MONTHS: Final = frozenset(MONTHS_FR)
_ENGLISH_OF: Final = dict(zip(MONTHS_FR, MONTHS_EN, strict=True))
_NO_WORDS: Final = frozenset(("mai", "mars"))
"""Months whose English names are words, too."""
_DAY_MONTH = re.compile(
    r"(?i)(?:\b(?:1er|\d{1,2})\s|\b(?:en|de|du|d['’]|fin|début|mi-|depuis|dès|à|jusqu['’]en|et|au)\s?)"
    rf"({'|'.join(MONTHS_FR)})\b"
)
_ANY_MONTH_EN = re.compile(
    rf"(?i)\b({'|'.join(name for name in MONTHS_EN if name not in ('may', 'march'))}|(?-i:May|March))\b"
)
_SHORT_MONTH_EN = re.compile(r"\b(Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec)\b")


def month_changed(source: str, translation: str) -> str:
    """A month that became another one, "" if none did: both texts name months, and one of the source's is not there."""
    months = _MONTHS & read(source).low_set
    if not months or (
        _NO_WORDS.isdisjoint(months) and {_ENGLISH_OF[name] for name in months} <= read(translation).low_set
    ):
        return ""
    there = {name.lower() for name in _DAY_MONTH.findall(source)}
    if not there:
        return ""
    expected = {MONTHS_FR.index(name) for name in there}
    named = {MONTHS_EN.index(name.lower()) for name in _ANY_MONTH_EN.findall(translation)}
    if not named or _SHORT_MONTH_EN.search(translation):
        return ""
    gone = expected - named
    return MONTHS_FR[min(gone)] if gone and named - expected else ""

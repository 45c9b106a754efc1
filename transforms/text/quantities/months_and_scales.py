"""Months, and thousands, millions and billions, that became others."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from typing import Final

from transforms.text.words.reading import lowered, read

MONTHS_FR: Final = tuple("janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split())
MONTHS_EN: Final = tuple(
    "january february march april may june july august september october november december".split()
)
DAYS_EN: Final = frozenset(
    f"{day}day{plural}" for day in "mon tues wednes thurs fri satur sun".split() for plural in ("", "s")
)
_BILLION = re.compile(r"(?i)\bmilliards?\b|(?-i:\d[ \u00a0\u202f]?Mds?\b)")
_BILLION_EN = re.compile(r"(?i)billion|\d ?bn\b|[€$£]\d[\d.,]{0,9}b\b|thousand million|\d,\d{3},\d{3},\d{3}")
_MILLION = re.compile(r"(?i)\bmillions?\b")


def may_differ(source: str, translation: str) -> bool:
    """Whether a text has a word that ``scale_changed`` or ``month_changed`` looks for, as few texts have."""
    return not (_NAMES_FR.isdisjoint(read(source).low_set) and _NAMES_EN.isdisjoint(read(translation).low_set))


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
    if changed := _other_scale(source, translation):
        return changed
    low = lowered(translation)
    if not _BILLIONS_FR.isdisjoint(there) and (match := _BILLION.search(source)):
        return "" if "billion" in low or _BILLION_EN.search(translation) else match[0]
    if not _MILLIONS_FR.isdisjoint(there) and (match := _MILLION.search(source)):
        if "million" in low or _MILLION_EN.search(translation):
            return "billion" if "billion" in low and "billion" not in source else ""
        return match[0]
    if _SCALES_EN.isdisjoint(here):
        return ""
    for word, scaled, french in _SCALES:
        place = low.find(word)
        # What stands before the word has no blank, so no match begins before that.
        start = low.rfind(" ", 0, place) + 1
        if place != -1 and (match := scaled.search(low, start)) and not french.search(source):
            return match[0] if match[0][0].isdigit() or match[0].split()[0] in number_words else ""
    return ""


_BILLIONS_FR: Final = frozenset(("milliard", "milliards", "md", "mds"))
_MILLIONS_FR: Final = frozenset(("million", "millions"))
_SCALES_FR: Final = _BILLIONS_FR | _MILLIONS_FR | {"mille", "milles"}
_SCALES_EN: Final = frozenset(("million", "millions", "thousand", "thousands", "billion", "billions"))
_SCALED_FR = re.compile(r"(?i)(\d(?<![\d.,]\d)\d*(?:[.,]\d+)?)[ \u00a0\u202f](milliard|million|mille)s?\b")
_SCALED_EN = re.compile(r"(?i)(\d(?<![\d.,]\d)\d*(?:[.,]\d+)?)[ \u00a0-](billion|million|thousand)s?\b")
_ENGLISH_SCALE: Final = {"mille": "thousand", "million": "million", "milliard": "billion"}


def _other_scale(source: str, translation: str) -> str:
    """A number whose scale became another one: 12 mille, 12 million."""
    if _SCALES_FR.isdisjoint(read(source).low_set) or _SCALES_EN.isdisjoint(read(translation).low_set):
        return ""
    if not _beside_number(lowered(translation), _SCALES_EN):
        return ""
    here: dict[str, set[str]] = {}
    for number, scale in _SCALED_EN.findall(translation):
        here.setdefault(number.replace(",", "."), set()).add(scale.lower())
    if here:
        for number, scale in _SCALED_FR.findall(source):
            said = here.get(number.replace(",", "."))
            if said and _ENGLISH_SCALE[scale.lower()] not in said:
                return f"{number} {scale}"
    return ""


def _beside_number(low: str, words: Iterable[str]) -> bool:
    """Whether one of the words stands one character after a digit: far cheaper to tell than what the pattern finds."""
    for word in words:
        place = low.find(word, 2)
        while place != -1:
            if low[place - 2].isdecimal():
                return True
            place = low.find(word, place + 1)
    return False


_MILLION_EN = re.compile(
    r"(?i)\d[ \u00a0]?(?:m|mn|mln|mio)\b|\d[,. \u00a0\u202f]?\d{3}[,. \u00a0\u202f]?\d{3}|megapixel"
)
_MILLION_FR = re.compile(
    r"(?i)million|(?-i:\d ?M\b)|\d[ .,\u00a0\u202f]?\d{3}[ .,\u00a0\u202f]?\d{3}|\bM[€$]|méga|milliard|\bMio\b"
)
_THOUSAND_FR = re.compile(r"(?i)\bmill|\d ?k|\d[ .,\u00a0\u202f]?\d{3}|\bkilo")
_SCALES: Final = tuple(
    (f" {word}", re.compile(rf"(?:\d[.,]?\d*|\b\w+) {word}s?\b"), french)
    for word, french in (("million", _MILLION_FR), ("thousand", _THOUSAND_FR))
)
"""A word of scale, a number or a word with it, and how the same is said in French."""

_WHOLE: Final = {
    "janv": "janvier", "févr": "février", "fév": "février", "avr": "avril", "juil": "juillet", "déc": "décembre",
    **{name: name for name in MONTHS_FR},
}  # fmt: skip
"""Names of months by how they are written; "sept", "oct" and "nov" are words, numbers or names, too."""

_MONTHS: Final = frozenset(_WHOLE)
_MONTHS_SURE: Final = frozenset(MONTHS_EN) - {"may", "march"}
_NAMES_EN: Final = _SCALES_EN | _MONTHS_SURE | DAYS_EN
"""What ``scale_changed``, ``month_changed`` and ``day_added`` look for in an answer."""
_NAMES_FR: Final = _SCALES_FR | _MONTHS
_ENGLISH_OF: Final = dict(zip(MONTHS_FR, MONTHS_EN, strict=True))
_NO_WORDS: Final = frozenset(("mai", "mars"))
_ALSO_WORDS: Final = frozenset(("may", "march"))
"""Months whose English names are words, too, and these names."""
_DAY_MONTH = re.compile(
    r"(?i)(?:\b(?:1er|\d{1,2})\s|\b(?:en|de|du|d['’]|fin|début|mi-|depuis|dès|à|jusqu['’]en|et|au)\s?)"
    rf"({'|'.join(MONTHS_FR)})\b"
)
_SHORT_MONTHS_EN: Final = {name[:3].capitalize(): number for number, name in enumerate(MONTHS_EN)} | {"Sept": 8}
_YEAR = re.compile(r"[ \u00a0](?:19|20)\d\d\b")
_LONGEST_BEFORE: Final = 12
"""Characters that the pattern may need before a month."""


def month_changed(source: str, translation: str) -> str:
    """A month that became another one or is lost, "" if none is: the answer has a new one instead, or no date."""
    months, here = {_WHOLE[word] for word in _MONTHS & read(source).low_set}, read(translation).low_set
    if not months:
        return _new_month(source, translation)
    if _NO_WORDS.isdisjoint(months) and {_ENGLISH_OF[name] for name in months} <= here:
        return ""
    written = f" {read(translation).letters} "
    named = {
        number
        for number, name in enumerate(MONTHS_EN)
        if name in here and (name not in _ALSO_WORDS or f" {name.capitalize()} " in written)
    }
    named |= {number for name, number in _SHORT_MONTHS_EN.items() if f" {name} " in written}
    if named.issuperset(map(MONTHS_FR.index, months)):
        return ""
    sure = (months - _NO_WORDS) | _months_with_days(source, months)
    if not named:
        return _lost_month(sure & read(source).low_set, translation)
    expected = set(map(MONTHS_FR.index, sure))
    gone = expected - named
    return MONTHS_FR[min(gone)] if gone and named.difference(expected, _short_months(source)) else ""


def _new_month(source: str, translation: str) -> str:
    """A month that the answer names, where the source has neither a name nor a number for any."""
    there, here = read(source), read(translation).low_set
    new = (_MONTHS_SURE & here) - there.low_set
    if not new or not there.lows or _short_months(source):
        return ""
    numbers = {number.lstrip("0") for number in there.numbers}
    return next((name for name in sorted(new) if str(MONTHS_EN.index(name) + 1) not in numbers), "")


def _lost_month(months: Iterable[str], translation: str) -> str:
    """A month for which the answer has neither a name nor a number."""
    low, numbers = lowered(translation), {number.lstrip("0") for number in read(translation).numbers}
    for month in sorted(months):
        number = MONTHS_FR.index(month) + 1
        if str(number) not in numbers and MONTHS_EN[number - 1][:3] not in low:
            return month
    return ""


def _short_months(source: str) -> set[int]:
    """The months of which a French text has the first letters: sept., nov."""
    words = read(source).low_set
    return {number for name, number in _SHORT_MONTHS_EN.items() if name.lower() in words}


def _months_with_days(source: str, months: Iterable[str]) -> set[str]:
    """Those of the months that stand beside a day, or a word that says that they are months."""
    found = set()
    low = lowered(source)
    for name in months:
        place = low.find(name)
        while place != -1 and name not in found:
            end = place + len(name)
            after = source[end : end + 1]
            if after.isalnum() or after == "_":  # mais, maintenant, marse
                match = None
            else:
                match = _DAY_MONTH.search(source, max(0, place - _LONGEST_BEFORE), end + 1)
            if (match and match.start(1) == place) or _YEAR.match(source, end):
                found.add(name)
            place = low.find(name, place + 1)
    return found

"""Numbers of a French text and of its English translation: what is missing, what was added.

Both sides are brought to one form: no thousands separators, a decimal point, no leading zeros, times and dates as their
parts. Nearly always the numbers are then the same, and nothing more is done. What is left over is explained where two
languages write the same number in two ways: words up to twelve and beyond, ordinals, months, roman numerals, the
twelve-hour clock, thousands and millions, 13/8 and 130/80 for blood pressure, halves and quarters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from decimal import Decimal
from typing import Final

from transforms.text import flags
from transforms.text.findings import Finding, finding
from transforms.text.quantities.months_and_scales import MONTHS_EN, MONTHS_FR, may_differ, month_changed, scale_changed
from transforms.text.quantities.number_changes import day_added, quantity_changed
from transforms.text.quantities.number_forms import (
    NUMBER,
    is_fraction_of_one,
    less,
    lists_as_numbers,
    numbers_between,
    small_digits,
    split_number,
    without_years,
)
from transforms.text.words.number_words import ENGLISH, ENGLISH_OTHER, FRENCH, FRENCH_OTHER, roman_value, values_of
from transforms.text.words.reading import lowered, read, spoken

MOST_EXPLAINED = 100
"""With more numbers that differ, it is another text: and pairing them takes time in proportion to their square."""

_POSITION = re.compile(r"%\d{1,2}\$")
_ENTITY = re.compile(r"&#x?[\da-fA-F]{1,7};")
_ADDRESS = re.compile(r"https?://[^\s<>\"'«»“”\]|`]+")
"""Compared as a whole elsewhere: the page of another language has other digits, those of escaped letters, too."""
_ONE: Final = frozenset("1")
_FORM = re.compile(r"(?<=\|)\d{1,3}=|=\d{1,3}(?= ?\{)|\$\d{1,2}(?!\d)")
"""What selects a form, "{{PLURAL:$1|0=none|…}}", "=0 {none}": languages have other forms."""
_GROUPED = re.compile(r"[0-9](?<![0-9.,][0-9])[0-9]{0,2}(?:[ '’\u00a0\u202f][0-9]{3})+(?![0-9])")
_GROUP_DIGITS: Final = 3
_GROUP_SPACE = re.compile("[ '’\u00a0\u202f]")
_GROUPED_END = re.compile("[ '’\u00a0\u202f](?<=[0-9].)[0-9]{3}(?![0-9])")
_WITHIN_WORD = re.compile(
    r"\d(?<=[A-Za-z]\d)(?:(?<=\b[A-Za-z]\d)|(?<=\b[A-Za-z]{2}\d)|(?<=\b[A-Za-z]{3}\d)|(?<=\b[A-Za-z]{4}\d))\d{0,2}(?=[a-z])"
)
"""As in i18n."""
_DECIMALS = re.compile(r"\d{1,3},(?!000)\d{3}")
_ROMAN = re.compile(r"([IVXLC](?<!\w.)[IVXLC]{0,6})(?:er|re|e|ème|th|st|nd|rd)?\b")
_CLOCK = re.compile(r"(\d(?<!\w\d)\d?)(?:[:.](\d{2}))?[ \u00a0\u202f]?([aApP])\.?[mM]\b")
_CLOCK_WORDS: Final = frozenset(("am", "pm"))
_CLOCK_LETTERS: Final = (" a m ", " p m ")
_AFTERNOON = re.compile(r"(?i)\bp\.?\s?m\b|afternoon|evening|night|o['’]clock|midnight|noon|pm\b")
_SCALE = re.compile(
    r"(?i)(\d(?<![\d.,]\d)\d*(?:[.,]\d+)*)[ \u00a0\u202f-]?"
    r"(?:(k|m|mds?|mrd|bn|b)[€$]?(?!\w)|(mille(?!t)|thousand)|(million)|(?:milliard|billion))"
)
_POWERS: Final = {"k": 3, "m": 6, "md": 9, "mds": 9, "mrd": 9, "bn": 9, "b": 9}
_LONGEST_SCALED: Final = 16
_AFTERNOON_SIGNS: Final = (frozenset(("p", "clock")), ("pm", "noon", "night", "evening"))
_SCALE_SIGNS: Final = (frozenset("k m md mds mrd bn".split()), ("mill", "thousand", "billion", "k€", "m€"))
"""Words, and parts of words, of which each match has one."""
_DURATION = re.compile(r"(\d(?<!\w\d)\d{0,2}) ?h(?:eures?)? ?(\d{2})\b")
_HOURS: Final = frozenset(("h", "heure", "heures"))
_ALWAYS_OPEN: Final = "24/7"
"""What "24 heures sur 24" and "jour et nuit" become."""
_PRESSURE = re.compile(r"\b(\d{1,2})(?:[.,](\d))?/(\d{1,2})(?:[.,](\d))?\b")


def number_findings(source: str, translation: str) -> tuple[Finding, ...]:
    """Which of number_missing and number_added there is.

    A prototype of these rules raised one flag on 20 pairs by hand, and that one was a change of convention (tension
    13/8, 130/80), which is now known.
    """
    scaled: tuple[Finding, ...] = ()
    if may_differ(source, translation):
        said = scale_changed(source, translation, ENGLISH) or month_changed(source, translation)
        said = said or day_added(source, translation)
        scaled = (finding(flags.NUMBER_MISSING, said), finding(flags.NUMBER_ADDED, said)) if said else ()
    if not scaled and (said := quantity_changed(source, translation)):
        scaled = (finding(flags.NUMBER_MISSING, said), finding(flags.NUMBER_ADDED, said))
    if _same_digits(source, translation):
        return scaled
    if "://" in source and "://" in translation:
        source, translation = _ADDRESS.sub(" ", source), _ADDRESS.sub(" ", translation)
    forms = "{" in source and ("{{" in source or "=0 {" in source or "=1 {" in source)
    forms = forms or ("{" in translation and ("{{" in translation or "=0 {" in translation or "=1 {" in translation))
    if forms:
        source, translation = _FORM.sub("|", source), _FORM.sub("|", translation)
    there, here = _atoms(source, french=True), _atoms(translation, french=False)
    if there == here:
        return scaled
    # A number that is said once more or less than in the source is neither lost nor new.
    original, written = frozenset(there), frozenset(here)
    if forms:  # that for one may say "1"
        original, written = original | _ONE, written | _ONE
    missing = [atom for atom in there if atom not in written]
    added = [atom for atom in here if atom not in original]
    if missing or added:
        missing, added = less(missing, _WITHIN_WORD.findall(source)), less(added, _WITHIN_WORD.findall(translation))
        missing, added = _without_copies(source, translation, missing, added)
    for atom in tuple(added):
        if len(atom) > 3 and atom.isdigit() and f"{atom[:-3]}.{atom[-3:]}" in source:  # 25.000 in the Swiss way
            added.remove(atom)
            missing = less(missing, [f"{atom[:-3]}.{atom[-3:]}".rstrip("0").rstrip(".")])
    for atoms, parts in lists_as_numbers(translation, original, french=False) if added and "," in translation else ():
        if not set(atoms).isdisjoint(added):
            missing, added = less(missing, parts), less(added, atoms)
    for atoms, parts in lists_as_numbers(source, written, french=True) if missing and "," in source else ():
        if not set(atoms).isdisjoint(missing):
            missing, added = less(missing, atoms), less(added, parts)
    if 0 < len(missing) + len(added) <= MOST_EXPLAINED:
        missing, added = _unexplained(source, translation, missing, added)
    found = (finding(flags.NUMBER_MISSING, missing[0]),) if missing else scaled[:1]
    return (*found, finding(flags.NUMBER_ADDED, added[0])) if added else (*found, *scaled[1:])


_COMPOSED = re.compile("[.,' \u00a0\u202f](?<=[0-9].)[0-9]")


def _same_digits(source: str, translation: str) -> bool:
    """Whether both have the same numbers without separators or signs that could change them, as most texts do."""
    there, here = read(source).numbers, read(translation).numbers
    if there != here and sorted(there) != sorted(here):
        return False
    if not there:
        return True
    if "$" in source or "&#" in source or "$" in translation or "&#" in translation or _may_have_clock(translation):
        return False
    # Each part of a composed number counts.
    return len(there) == 1 or not (_COMPOSED.search(source) or _COMPOSED.search(translation))


def _may_have_clock(text: str) -> bool:
    """Whether there are the words of ``_CLOCK``, "p.m." in two letters."""
    words = read(text).low_set
    if not _CLOCK_WORDS.isdisjoint(words):
        return True
    return "m" in words and any(letters in spoken(text) for letters in _CLOCK_LETTERS)


def _atoms(text: str, french: bool) -> list[str]:
    """The numbers of a text in one form, sorted; nothing for zeros only, such as the minutes of "10 h 00"."""
    numbers = read(text).numbers
    if not numbers:
        return []
    original = text
    if "$" in text:
        text = _POSITION.sub("%", text)
    if "&#" in text:
        text = _ENTITY.sub(" ", text)
    if _may_have_clock(text):
        text = _CLOCK.sub(_in_24_hours, text)
    if _GROUP_DIGITS in map(len, numbers[1:]) and _GROUPED_END.search(text):
        text = _GROUPED.sub(lambda match: _GROUP_SPACE.sub("", match[0]), text)
    if text is not original or len(numbers) > 1:
        numbers = NUMBER.findall(text)
    atoms: list[str] = []
    for number in numbers:
        if number.isdigit():
            if atom := number.lstrip("0"):
                atoms.append(atom)
            elif number == "0":
                atoms.append("0")
        else:
            atoms += split_number(number, french)
    atoms.sort()
    return atoms


def _without_copies(source: str, translation: str, missing: list[str], added: list[str]) -> tuple[list[str], list[str]]:
    """Without numbers that both texts write alike: 7,000,000 in a French text is what it is in the English one.

    But 6,850 has become a thousand times as much.
    """
    written = {number for number in NUMBER.findall(source) if not number.isdigit() and not _DECIMALS.fullmatch(number)}
    copied = written.intersection(NUMBER.findall(translation) if written else ())
    for number in copied:
        there, here = split_number(number, french=True), split_number(number, french=False)
        missing, added = [each for each in missing if each not in there], [each for each in added if each not in here]
    return missing, added


def _in_24_hours(match: re.Match[str]) -> str:
    hour = int(match[1]) % 12 + (12 if match[3] in "pP" else 0) if int(match[1]) <= 12 else int(match[1])
    return f"{hour}:{match[2]}" if match[2] else f"{hour}"


def _unexplained(source: str, translation: str, missing: list[str], added: list[str]) -> tuple[list[str], list[str]]:
    """What is left when the two ways to write the same number are taken away."""
    missing, added = _without_pairs(source, translation, missing, added)
    if not missing and not added:
        return [], []
    there, here = _months(source, MONTHS_FR), _months(translation, MONTHS_EN)
    if added and _ALWAYS_OPEN in translation:
        added = less(added, _ALWAYS_OPEN.split("/"))
    if missing:
        words = values_of(translation, ENGLISH, ENGLISH_OTHER) | here - there
        missing = _unsaid(missing, translation, words, "half")
    if added:
        added = _unsaid(added, source, values_of(source, FRENCH, FRENCH_OTHER) | there - here, "demi")
    if missing or added:
        missing, added = without_years(source, translation, missing, added)
    if bool(missing) != bool(added):
        between = numbers_between(translation if missing else source)
        missing, added = ([each for each in numbers if not _said(each, between, False)] for numbers in (missing, added))
    return missing, added


def _unsaid(numbers: list[str], text: str, words: set[int], half_word: str) -> list[str]:
    """Those of the numbers that a text does not have in words, roman numerals or small digits."""
    words = words | _romans(text) | small_digits(text)
    half = "½" in text or half_word in lowered(text)
    return [atom for atom in numbers if not _said(atom, words, half)]


def _said(atom: str, words: set[int], half: bool) -> bool:
    whole, _, decimals = atom.partition(".")
    if not decimals:
        return len(atom) < 14 and (int(atom) in words or (half and atom == "30"))
    return half and decimals == "5" and (whole == "0" or len(whole) > 9 or int(whole) in words)


def _without_pairs(source: str, translation: str, missing: list[str], added: list[str]) -> tuple[list[str], list[str]]:
    """Takes away what is missing in one form and added in another."""
    joined = "".join(missing).replace(".", "")
    if len(joined) >= 8 and sorted(joined) == sorted("".join(added).replace(".", "").lstrip("0")):
        return [], []  # a telephone or account number in other groups
    if missing and added:
        for upper, upper_tenth, lower, lower_tenth in set(_PRESSURE.findall(source) if "/" in source else ()):
            new = [f"{upper}{upper_tenth or '0'}", f"{lower}{lower_tenth or '0'}"]
            if new[0] in added or new[1] in added:
                old = [f"{upper}.{upper_tenth}".rstrip("."), f"{lower}.{lower_tenth}".rstrip(".")]
                missing, added = less(missing, old), less(added, new)
        timed = not _HOURS.isdisjoint(read(source).low_set)
        for hours, past in set(_DURATION.findall(source) if timed else ()):
            minutes = str(60 * int(hours) + int(past))
            if minutes in added:
                missing, added = less(missing, [hours.lstrip("0"), past.lstrip("0")]), less(added, [minutes])
    if missing and added:
        afternoon = _may_find(translation, *_AFTERNOON_SIGNS) and bool(_AFTERNOON.search(translation))
        scaled = _scaled_numbers(source) | _scaled_numbers(translation)
        for atom in tuple(missing):
            other = next((other for other in added if _same(atom, other, afternoon, scaled)), None)
            if other:
                missing, added = less(missing, [atom]), less(added, [other])
            elif is_fraction_of_one(atom, translation) and atom[2:] in added:
                missing, added = less(missing, [atom]), less(added, [atom[2:]])
            elif "." in atom and all(part in added for part in atom.split(".")):
                missing, added = less(missing, [atom]), less(added, atom.split("."))
        for atom in tuple(added):  # a list without blanks: (0,1) for [0 ; 1]
            if "." in atom and all(part in missing for part in atom.split(".")):
                missing, added = less(missing, atom.split(".")), less(added, [atom])
    return missing, added


def _may_find(text: str, words: AbstractSet[str], parts: Iterable[str]) -> bool:
    """Whether a text has one of the words, or of the parts of words: far cheaper to tell than what a pattern finds."""
    low = lowered(text)
    return not words.isdisjoint(read(text).low_set) or any(part in low for part in parts)


def _same(atom: str, other: str, afternoon: bool, scaled: AbstractSet[tuple[Decimal, int]]) -> bool:
    """Whether two numbers may say the same: 14 and 2 in the afternoon, 24 and 2024, 12 k and 12,000."""
    if len(atom) <= 2 and len(other) <= 2:
        return afternoon and atom.isdigit() and other.isdigit() and abs(int(atom) - int(other)) == 12
    if len(atom) + len(other) == 6 and _same_year(atom, other):
        return True
    if not scaled or len(atom) > _LONGEST_SCALED or len(other) > _LONGEST_SCALED:
        return False
    smaller, larger = sorted((Decimal(atom), Decimal(other)))
    return any(number == smaller and number.scaleb(power) == larger for number, power in scaled)


def _scaled_numbers(text: str) -> set[tuple[Decimal, int]]:
    """The numbers with a scale beside them, each with the power of ten that this is: 12 and 3 for 12 k€."""
    if not _may_find(text, *_SCALE_SIGNS):
        return set()
    return {
        (Decimal(atom), _POWERS[letter.lower()] if letter else 3 if thousand else 6 if million else 9)
        for number, letter, thousand, million in _SCALE.findall(text)
        for french in (True, False)
        for atom in split_number(number, french)
    }


def _same_year(atom: str, other: str) -> bool:
    short, long = sorted((atom, other), key=len)
    return len(short) == 2 and long[:2] in ("19", "20") and long[2:] == short


def _months(text: str, names: tuple[str, ...]) -> set[int]:
    low = lowered(text)
    return {number for number, name in enumerate(names, 1) if name in low}


def _romans(text: str) -> set[int]:
    return set(map(roman_value, _ROMAN.findall(text)))

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
from fractions import Fraction
from typing import Final

from transforms.text import flags
from transforms.text.findings import Finding, finding
from transforms.text.quantities.months_and_scales import MONTHS_EN, MONTHS_FR, may_differ, month_changed, scale_changed
from transforms.text.quantities.number_changes import quantity_changed
from transforms.text.words.number_words import ENGLISH, ENGLISH_OTHER, FRENCH, FRENCH_OTHER, roman_value, values_of
from transforms.text.words.reading import lowered, read, spoken

MOST_EXPLAINED = 100
"""With more numbers that differ, it is another text: and pairing them takes time in proportion to their square."""

_POSITION = re.compile(r"%\d{1,2}\$")
_ENTITY = re.compile(r"&#x?[\da-fA-F]{1,7};")
_NUMBER = re.compile(r"\d\d*(?:[.,]\d+)*")
_GROUPED = re.compile(r"\d(?<![\d.,]\d)\d{0,2}(?:[ '’\u00a0\u202f]\d{3})+(?!\d)")
_GROUP_DIGITS: Final = 3
_GROUP_SPACE = re.compile("[ '’\u00a0\u202f]")
_GROUPED_END = re.compile("[ '’\u00a0\u202f](?<=\\d.)\\d{3}(?!\\d)")
_POINTED = re.compile(r"[.,](?<=\d.)\d")
"""Without what these find, each sequence of digits is a number of its own."""
_WITHIN_WORD = re.compile(
    r"\d(?<=[A-Za-z]\d)(?:(?<=\b[A-Za-z]\d)|(?<=\b[A-Za-z]{2}\d)|(?<=\b[A-Za-z]{3}\d)|(?<=\b[A-Za-z]{4}\d))\d{0,2}(?=[a-z])"
)
"""As in i18n."""
_COMMA_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_POINT_GROUPED = re.compile(r"\d{1,3}(?:\.\d{3}){2,}(?:,\d+)?")
_DECIMALS = re.compile(r"\d{1,3},\d{3}")
_DECIMAL = re.compile(r"(\d+)[.,](\d+)")
_ROMAN = re.compile(r"([IVXLC](?<!\w.)[IVXLC]{0,6})(?:er|re|e|ème|th|st|nd|rd)?\b")
_CLOCK = re.compile(r"(\d(?<!\w\d)\d?)(?:[:.](\d{2}))?[ \u00a0\u202f]?([aApP])\.?[mM]\b")
_CLOCK_WORDS: Final = frozenset(("am", "pm"))
_CLOCK_LETTERS: Final = (" a m ", " p m ")
_AFTERNOON = re.compile(r"(?i)\bp\.?\s?m\b|afternoon|evening|night|o['’]clock|midnight|noon|pm\b")
_SCALE = re.compile(r"(?i)\d[ \u00a0\u202f]?(?:k|m|md|mds|mrd)[€$]?\b|mill(?:e|i)|thousand|billion|\d ?bn\b|k€|m€")
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
        scaled = (finding(flags.NUMBER_MISSING, said), finding(flags.NUMBER_ADDED, said)) if said else ()
    if not scaled and (said := quantity_changed(source, translation)):
        scaled = (finding(flags.NUMBER_MISSING, said), finding(flags.NUMBER_ADDED, said))
    if _same_digits(source, translation):
        return scaled
    there, here = _atoms(source, french=True), _atoms(translation, french=False)
    if there == here:
        return scaled
    # A number that is said once more or less than in the source is neither lost nor new.
    original, written = frozenset(there), frozenset(here)
    missing = [atom for atom in there if atom not in written]
    added = [atom for atom in here if atom not in original]
    if missing or added:
        missing, added = _less(missing, _WITHIN_WORD.findall(source)), _less(added, _WITHIN_WORD.findall(translation))
        missing, added = _without_copies(source, translation, missing, added)
    for atom in tuple(added):
        if len(atom) > 3 and atom.isdigit() and f"{atom[:-3]}.{atom[-3:]}" in source:  # 25.000 in the Swiss way
            added.remove(atom)
            missing = _less(missing, [f"{atom[:-3]}.{atom[-3:]}".rstrip("0").rstrip(".")])
        elif "." in atom and atom.replace(".", ",") in translation and original.issuperset(atom.split(".")):
            added.remove(atom)  # a list without blanks: "0,1" for "0 et 1"
            missing = _less(missing, atom.split("."))
    if 0 < len(missing) + len(added) <= MOST_EXPLAINED:
        missing, added = _unexplained(source, translation, missing, added)
    found = (finding(flags.NUMBER_MISSING, missing[0]),) if missing else scaled[:1]
    return (*found, finding(flags.NUMBER_ADDED, added[0])) if added else (*found, *scaled[1:])


_COMPOSED = re.compile("[.,' \u00a0\u202f](?<=\\d.)\\d")


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
    if text is not original or _POINTED.search(text):
        numbers = _NUMBER.findall(text)
    atoms: list[str] = []
    for number in numbers:
        if number.isdigit():
            atom = number.lstrip("0") or ("0" if number == "0" else "")
            if atom:
                atoms.append(atom)
        else:
            atoms += _split(number, french)
    atoms.sort()
    return atoms


def _without_copies(source: str, translation: str, missing: list[str], added: list[str]) -> tuple[list[str], list[str]]:
    """Without numbers that both texts write alike: 7,000,000 in a French text is what it is in the English one.

    But 6,850 has become a thousand times as much.
    """
    written = {number for number in _NUMBER.findall(source) if not number.isdigit() and not _DECIMALS.fullmatch(number)}
    copied = written.intersection(_NUMBER.findall(translation) if written else ())
    for number in copied:
        missing, added = _less(missing, _split(number, french=True)), _less(added, _split(number, french=False))
    return missing, added


def _split(number: str, french: bool) -> list[str]:
    """A number with points or commas: thousands, a decimal, or a version, date or list, whose parts count."""
    if not french and "," in number and _COMMA_GROUPED.fullmatch(number):
        number = number.replace(",", "")
    elif french and number.count(".") > 1 and _POINT_GROUPED.fullmatch(number):
        number = number.replace(".", "")
    if match := _DECIMAL.fullmatch(number):
        whole, decimals = match[1].lstrip("0") or "0", match[2].rstrip("0")
        return [f"{whole}.{decimals}" if decimals else whole]
    return [part.lstrip("0") or "0" for part in re.split("[.,]", number) if part.strip("0")]


def _in_24_hours(match: re.Match[str]) -> str:
    hour = int(match[1]) % 12 + (12 if match[3] in "pP" else 0) if int(match[1]) <= 12 else int(match[1])
    return f"{hour}:{match[2]}" if match[2] else f"{hour}"


def _unexplained(source: str, translation: str, missing: list[str], added: list[str]) -> tuple[list[str], list[str]]:
    """What is left when the two ways to write the same number are taken away."""
    missing, added = _without_pairs(source, translation, missing, added)
    there, here = _months(source, MONTHS_FR), _months(translation, MONTHS_EN)
    if added and _ALWAYS_OPEN in translation:
        added = _less(added, _ALWAYS_OPEN.split("/"))
    if missing:
        words = values_of(translation, ENGLISH, ENGLISH_OTHER) | _romans(translation)
        words |= here - there
        half = "½" in translation or "half" in lowered(translation)
        missing = [atom for atom in missing if not _said(atom, words, half)]
    if added:
        words = values_of(source, FRENCH, FRENCH_OTHER) | _romans(source)
        words |= there - here
        half = "½" in source or "demi" in lowered(source)
        added = [atom for atom in added if not _said(atom, words, half)]
    return missing, added


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
                missing, added = _less(missing, old), _less(added, new)
        timed = not _HOURS.isdisjoint(read(source).low_set)
        for hours, past in set(_DURATION.findall(source) if timed else ()):
            minutes = str(60 * int(hours) + int(past))
            if minutes in added:
                missing, added = _less(missing, [hours.lstrip("0"), past.lstrip("0")]), _less(added, [minutes])
    if missing and added:
        afternoon = _may_find(translation, *_AFTERNOON_SIGNS) and bool(_AFTERNOON.search(translation))
        scale = any(_may_find(text, *_SCALE_SIGNS) and bool(_SCALE.search(text)) for text in (source, translation))
        for atom in tuple(missing):
            other = next((other for other in added if _same(atom, other, afternoon, scale)), None)
            if other:
                missing, added = _less(missing, [atom]), _less(added, [other])
            elif "." in atom and all(part in added for part in atom.split(".")):
                missing, added = _less(missing, [atom]), _less(added, atom.split("."))
        for atom in tuple(added):  # a list without blanks: (0,1) for [0 ; 1]
            if "." in atom and all(part in missing for part in atom.split(".")):
                missing, added = _less(missing, atom.split(".")), _less(added, [atom])
    return missing, added


def _may_find(text: str, words: AbstractSet[str], parts: Iterable[str]) -> bool:
    """Whether a text has one of the words, or of the parts of words: far cheaper to tell than what a pattern finds."""
    low = lowered(text)
    return not words.isdisjoint(read(text).low_set) or any(part in low for part in parts)


def _same(atom: str, other: str, afternoon: bool, scale: bool) -> bool:
    """Whether two numbers may say the same: 14 and 2 in the afternoon, 24 and 2024, 12 k and 12,000."""
    if len(atom) <= 2 and len(other) <= 2:
        return afternoon and atom.isdigit() and other.isdigit() and abs(int(atom) - int(other)) == 12
    if len(atom) + len(other) == 6 and _same_year(atom, other):
        return True
    return scale and _scaled(atom, other)


def _same_year(atom: str, other: str) -> bool:
    short, long = sorted((atom, other), key=len)
    return len(short) == 2 and long[:2] in ("19", "20") and long[2:] == short


def _scaled(atom: str, other: str) -> bool:
    """Whether one is the other times a thousand, a million or a milliard: 12 k€ and €12,000."""
    if len(atom) > 16 or len(other) > 16 or not float(atom) or not float(other):
        return False
    ratio = Fraction(other) / Fraction(atom)
    return ratio in _RATIOS


_RATIOS = frozenset(Fraction(10) ** power for power in (-9, -6, -3, 3, 6, 9))


def _less(atoms: list[str], taken: list[str]) -> list[str]:
    left = list(atoms)
    for atom in taken:
        if atom in left:
            left.remove(atom)
    return left


def _months(text: str, names: tuple[str, ...]) -> set[int]:
    low = lowered(text)
    return {number for number, name in enumerate(names, 1) if name in low}


def _romans(text: str) -> set[int]:
    return set(map(roman_value, _ROMAN.findall(text)))

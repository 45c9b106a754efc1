"""The forms of a number: with points and commas, in a list without blanks, as a year of a range, in small digits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from transforms.text.words.reading import read

NUMBER = re.compile(r"[0-9][0-9]*(?:[.,][0-9]+)*")
_COMMA_GROUPED = re.compile(r"(?!0,)\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_POINT_GROUPED = re.compile(r"[1-9]\d{0,2}(?:(?:\.\d{3}){2,}(?:,\d+)?|\.\d{3},\d+)")
_DECIMAL = re.compile(r"(\d+)[.,](\d+)")
_LIST = re.compile(r"\d(?<![\d.,]\d)\d*(?:\.\d+)?(?:,\d+(?:\.\d+)?)+")
_YEARS = re.compile(r"((?:19|20)(?<!\d\d\d)\d\d) ?[-–—/] ?(\d{1,4})(?!\d)")
_MOST_YEARS: Final = 60
_YEAR_DIGITS: Final = 4
_RANGE = re.compile(r"(\d(?<![\d.,/-]\d)\d{0,2})(?: ?[-–—] ?| (?:to|à) )(\d{1,3})(?![\d.,/-]\d)")
_LONGEST_LIST: Final = 9
_LEAST_ENDS: Final = 2
_SMALL: Final = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉", "01234567890123456789")
_FRACTIONS: Final = {"½": (1, 2), "¼": (1, 4), "¾": (3, 4), "⅓": (1, 3), "⅔": (2, 3)}
_SMALL_DIGITS: Final = frozenset("⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉").union(_FRACTIONS)
_SMALL_NUMBER = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,6}|[₀₁₂₃₄₅₆₇₈₉]{1,6}")


def split_number(number: str, french: bool) -> list[str]:
    """A number with points or commas: thousands, a decimal, or a version, date or list, whose parts count."""
    if not french and "," in number and _COMMA_GROUPED.fullmatch(number):
        number = number.replace(",", "")
    elif french and "." in number and _POINT_GROUPED.fullmatch(number):
        number = number.replace(".", "")
    if match := _DECIMAL.fullmatch(number):
        whole, decimals = match[1].lstrip("0") or "0", match[2].rstrip("0")
        return [f"{whole}.{decimals}" if decimals else whole]
    if "," in number and "." in number:
        return _listed(number)
    zeros = "." not in number  # those of a list count, "255,0,0", those of a version do not
    parts = re.split("[.,]", number)
    return [part.lstrip("0") or "0" for part in parts if part.strip("0") or (zeros and part == "0")]


def _listed(number: str) -> list[str]:
    """What a list without blanks has: 4, 10 and 0.5 for "4,10,0.5"."""
    return [each for part in number.split(",") for each in split_number(part, french=False)]


def lists_as_numbers(text: str, other: frozenset[str], french: bool) -> Iterator[tuple[list[str], list[str]]]:
    """The lists without blanks that look like numbers, each as such and as what it has: "0,10" for "0 et 10".

    Args:
        text: One of the two texts.
        other: The numbers of the other one, which has all that such a list has.
        french: Which language the text has.
    """
    for number in _LIST.findall(text):
        atoms, parts = split_number(number, french), _listed(number)
        if atoms != parts and len(parts) > number.count(",") and other.issuperset(parts):
            yield atoms, parts


def less(atoms: list[str], taken: list[str]) -> list[str]:
    """What is left without ``taken``, each once."""
    left = list(atoms)
    for atom in taken:
        if atom in left:
            left.remove(atom)
    return left


def without_years(source: str, translation: str, missing: list[str], added: list[str]) -> tuple[list[str], list[str]]:
    """Takes away years that the other text names by a range: 2003 and 2004 for "2002-2005", 2006 for "2005-06".

    Args:
        source: The French text.
        translation: The answer.
        missing: Numbers of the source that the answer does not have.
        added: Numbers of the answer that the source does not have.
    """
    years, ends = _years_named(translation, missing)
    missing, added = [each for each in missing if each not in years], [each for each in added if each not in ends]
    years, ends = _years_named(source, added)
    return [each for each in missing if each not in ends], [each for each in added if each not in years]


def _years_named(text: str, wanted: list[str]) -> tuple[set[str], set[str]]:
    """The years of ranges that have a wanted one, and the ends of these ranges that are written in two digits."""
    years: set[str] = set()
    ends: set[str] = set()
    for first, last in _YEARS.findall(text) if _YEAR_DIGITS in map(len, wanted) else ():
        end = int(first[: _YEAR_DIGITS - len(last)] + last)
        if int(first) < end <= int(first) + _MOST_YEARS:
            named = set(map(str, range(int(first), end + 1)))
            if not named.isdisjoint(wanted):
                years |= named
                if len(last) < _YEAR_DIGITS and str(end) in wanted:
                    ends.add(last.lstrip("0"))
    return years, ends


def is_fraction_of_one(number: str, text: str) -> bool:
    """Whether a text has a number such as 0.66 without the zero, as English may write it: .66."""
    return number.startswith("0.") and number[1:] in text.replace(f"0{number[1:]}", "")


def numbers_between(text: str) -> set[int]:
    """The numbers within the short ranges of a text, as one may list them: "1-3" names 2, too."""
    if len(read(text).numbers) < _LEAST_ENDS:
        return set()
    ranges = ((int(first), int(last)) for first, last in _RANGE.findall(text))
    return {number for first, last in ranges if last - first <= _LONGEST_LIST for number in range(first + 1, last)}


def small_digits(text: str) -> set[int]:
    """The numbers that are written in small digits: CO₂, m², ½."""
    if text.isascii() or _SMALL_DIGITS.isdisjoint(text):
        return set()
    small = {int(number.translate(_SMALL)) for number in _SMALL_NUMBER.findall(text)}
    return small.union(*(_FRACTIONS[sign] for sign in _FRACTIONS if sign in text))

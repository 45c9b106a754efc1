"""Units beside a number of the source that are nowhere in the answer: per cent, currencies, degrees, areas, bytes."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from transforms.text import flags
from transforms.text.findings import Finding, finding
from transforms.text.words.reading import Reading, places, read
from transforms.text.words.word_sets import word_set


class _Unit(NamedTuple):
    """How a unit is written: beside a number in French, and anywhere in English, as signs and words or as a pattern."""

    french: re.Pattern[str]
    marks: frozenset[str]
    english: re.Pattern[str]


def _unit(french: str, marks: str, english: str) -> _Unit:
    beside = re.compile(rf"([0-9](?<![^\W_][0-9])[0-9]*)[ \u00a0\u202f]?(?:{french})")
    return _Unit(beside, word_set(marks), re.compile(english, re.IGNORECASE))


_PER_CENT: Final = _unit(
    r"%(?![\w%(${*#+-]|\.[\d*])", "% percent percents percentage pct half quarter twice double", r"\bper cent|‰"
)
_EURO: Final = _unit("€|euros?\\b", "€ euro euros eur", "€")
_DOLLAR: Final = _unit(r"\$(?![\w{*-]|\.[\d*])|dollars?\b", "$ dollar dollars usd", "US")
_CELSIUS: Final = _unit(r"°\s?C\b", "celsius centigrade degree degrees ℃ °", r"°\s?C|\bdeg\b")
_SQUARE: Final = _unit(r"(?:m|cm|km|mm)²|mètres? carrés?\b", "² sq sqm square", r"\bm2\b|\^2")
_CUBE: Final = _unit(r"(?:m|cm|km|mm)³|mètres? cubes?\b", "³ cu cubic", r"\bm3\b|\^3")
_SPEED: Final = _unit(r"km/h\b", "kph kmh h hr hour", r"(?:kilomet\w+|km)\s+(?:per|an)\s+hour")
_KILOMETRE: Final = _unit(r"km\b(?!/)", "km kms kilometre kilometres kilometer kilometers", "kilomet")
_BY_MARK: Final = {
    "%": (_PER_CENT,),
    "‰": (_unit("‰", "‰", r"per (?:mille?|thousand)"),),
    "€": (_EURO,),
    "euro": (_EURO,),
    "euros": (_EURO,),
    "$": (_DOLLAR,),
    "dollars": (_DOLLAR,),
    "£": (_unit("£", "£ pound pounds gbp sterling", "£"),),
    "°": (_CELSIUS,),
    "²": (_SQUARE,),
    "³": (_CUBE,),
    "carrés": (_SQUARE,),
    "cubes": (_CUBE,),
    "km": (_KILOMETRE, _SPEED),
    "kilomètres": (_KILOMETRE,),
    "hectares": (_unit(r"hectares?\b", "hectare hectares ha", "hectare"),),
    "ha": (_unit(r"ha\b", "hectare hectares ha", "hectare"),),
    "to": (_unit(r"To\b", "tb tib terabyte terabytes", "terabyte"),),
    "go": (_unit(r"Go\b", "gb gib g gigabyte gigabytes", "gigabyte"),),
    "mo": (_unit(r"Mo\b", "mb mib m megabyte megabytes", "megabyte"),),
    "ko": (_unit(r"[kK]o\b", "kb kib k kilobyte kilobytes", "kilobyte"),),
    "kg": (_unit(r"kg\b", "kg kgs kilo kilos kilogram kilograms kilogramme kilogrammes", "kilo"),),
    "mg": (_unit(r"mg\b", "mg milligram milligrams milligrammes", "milligram"),),
    "kw": (_unit(r"kW\b", "kw kwh kilowatt kilowatts", "kilowatt"),),
    "ampères": (_unit(r"ampères?\b", "a amp amps ampere amperes", "amp"),),
    "litres": (_unit(r"litres?\b", "litre litres liter liters l", "litre|liter"),),
}
UNIT_MARKS: Final = frozenset(_BY_MARK)
"""Without one of these signs and words, a source has no unit."""


_NAMED_ALIKE: Final = frozenset(mark for mark, units in _BY_MARK.items() if all(mark in unit.marks for unit in units))
"""An answer with such a mark names its unit."""


def unit_sign_findings(source: str, translation: str) -> tuple[Finding, ...]:
    """unit_mismatch: a unit beside a number of the source that the answer does not name, though it has the number."""
    there, here = read(source), read(translation)
    marks = there.signs & UNIT_MARKS | there.low_set & UNIT_MARKS
    alike = marks & _NAMED_ALIKE
    marks -= alike & here.signs | alike & here.low_set
    for mark in sorted(marks) if marks else ():
        for unit in _BY_MARK[mark] if mark != "km" or "km/h" in source else _BY_MARK[mark][:1]:
            named = not (unit.marks.isdisjoint(here.signs) and unit.marks.isdisjoint(here.low_set))
            if not named and (match := _lost(unit, source, translation, here)):
                return (finding(flags.UNIT_MISMATCH, match[0]),)
    return ()


def _lost(unit: _Unit, source: str, translation: str, here: Reading) -> re.Match[str] | None:
    match = next((match for match in unit.french.finditer(source) if match[1] in here.numbers), None)
    return None if match and unit.english.search(translation) else match


IMPERIAL: Final = word_set(
    "pound pounds lb lbs mile miles mph feet ft inch inches yard yards ounce ounces oz gallon gallons acre acres"
    " fahrenheit f"
)
_IMPERIAL_FR: Final = word_set(
    "livre livres lb lbs mile miles mille milles mph pied pieds ft pouce pouces yard yards verge verges once onces oz"
    " gallon gallons acre acres fahrenheit f"
)
_METRIC = re.compile(
    r"(?:\d|%[sdif]|\})[ \u00a0\u202f]?(?:kg|kilos?|g|km|m|cm|mm|m²|km²|ha|l|litres?|°\s?C"
    r"|(?:kilo|centi)?mètres?)(?!\w)"
)


def imperial_findings(source: str, translation: str) -> tuple[Finding, ...]:
    """unit_mismatch: a unit of the imperial system, where the source has metric ones only."""
    named = IMPERIAL & read(translation).low_set
    if not named or not _IMPERIAL_FR.isdisjoint(read(source).low_set) or not _METRIC.search(source):
        return ()
    if named == {"f"} and "°F" not in translation and "° F" not in translation:
        return ()
    return (finding(flags.UNIT_MISMATCH, min(named)),)


_NEGATIVE = re.compile(r"[-−–](?<=[\s(].)(\d+(?:[.,]\d+)?)(?=[ \u00a0\u202f]?[%°€£])")
DASHES: Final = frozenset("-−–")
"""A negative quantity begins with one of them."""
_SIGNS: Final = frozenset("%°€£")
_BLANKS: Final = frozenset(" \u00a0\u202f")
_BEGUN: Final = (" -", " −", "(-")


def _negatives(reading: Reading) -> set[str]:
    """The negative quantities, looked for before their signs, which are few, unlike dashes."""
    found: set[str] = set()
    text = reading.text
    for sign in _SIGNS & reading.signs:
        for place in places(text, sign):
            start = place - 1
            start -= text[start] in _BLANKS
            while start > 0 and (text[start].isdecimal() or text[start] in ".,"):
                start -= 1
            if start > 0 and text[start] in DASHES and (match := _NEGATIVE.match(text, start)):
                found.add(match[1].replace(",", "."))
    return found


def sign_findings(source: str, translation: str) -> tuple[Finding, ...]:
    """number_missing: a negative quantity that is positive in the answer, or the other way round."""
    if not any(begun in source or begun in translation for begun in _BEGUN):
        return ()
    there, here = _negatives(read(source)), _negatives(read(translation))
    if there == here:
        return ()
    for number in sorted(there ^ here):
        text = translation if number in there else source
        positive = rf"(?i)(?<![\d.,-])(?<!minus )(?<!moins ){re.escape(number)}(?!\d| below| sous| degrees? below)"
        if re.search(positive, text.replace(",", ".")):
            return (finding(flags.NUMBER_MISSING, f"-{number}"),)
    return ()

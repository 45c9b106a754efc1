"""Units beside numbers: the same number with another unit of the same kind is another quantity."""

from __future__ import annotations

import re
from typing import Final

from transforms.text import flags
from transforms.text.findings import Finding, finding
from transforms.text.reading import read


def _table(text: str) -> dict[str, str]:
    return {word: unit for row in text.split() for unit, _, words in [row.partition("=")] for word in words.split(",")}


_FRENCH: Final = _table(
    """km=km,kilomètre,kilomètres m=mètre,mètres cm=cm,centimètre,centimètres mm=mm,millimètre,millimètres
    kg=kg,kilo,kilos,kilogramme,kilogrammes g=g,gramme,grammes mg=mg,milligramme,milligrammes l=l,litre,litres
    ml=ml,millilitre,millilitres t=tonne,tonnes s=s,seconde,secondes min=min,minute,minutes h=h,heure,heures
    d=jour,jours week=semaine,semaines month=mois year=an,ans,année,années euro=euro,euros,€ dollar=dollar,dollars"""
)
_ENGLISH: Final = _table(
    """km=km,kilometre,kilometres,kilometer,kilometers m=metre,metres,meter,meters
    cm=cm,centimetre,centimetres,centimeters
    mm=mm,millimetre,millimetres,millimeter,millimeters kg=kg,kilo,kilos,kilogram,kilograms,kilogramme,kilogrammes
    g=g,gram,grams,gramme,grammes mg=mg,milligram,milligrams l=l,litre,litres,liter,liters
    ml=ml,millilitre,millilitres,milliliter,milliliters t=tonne,tonnes,ton,tons s=s,second,seconds
    min=min,minute,minutes h=h,hour,hours d=day,days week=week,weeks
    month=month,months year=year,years euro=euro,euros dollar=dollar,dollars
    mile=mile,miles foot=foot,feet inch=inch,inches pound=pound,pounds ounce=ounce,ounces gallon=gallon,gallons
    pint=pint,pints yard=yard,yards"""
)
_FRENCH_WORDS, _ENGLISH_WORDS = frozenset(_FRENCH), frozenset(_ENGLISH)
_BESIDE = re.compile(r"(\d(?<![\d.,/]\d)\d{0,6}(?:[.,]\d{1,3})?)[ \u00a0\u202f-]?([A-Za-zÀ-ÿ€]{1,12})(?![\w])")


def unit_findings(source: str, translation: str) -> tuple[Finding, ...]:
    """unit_mismatch: a number whose units in the answer are all others than in the source."""
    original, answer = read(source), read(translation)
    if not original.numbers or not answer.numbers or _ENGLISH_WORDS.isdisjoint(answer.low_set):
        return ()
    if _FRENCH_WORDS.isdisjoint(original.low_set) and "€" not in original.signs:
        return ()
    there = _quantities(source, _FRENCH)
    if not there:
        return ()
    here = _quantities(translation, _ENGLISH)
    for number, units in there.items():
        others = here.get(number)
        if others and units.isdisjoint(others) and len(others) <= len(units):
            return (finding(flags.UNIT_MISMATCH, f"{number} {'/'.join(sorted(units))}: {'/'.join(sorted(others))}"),)
    return ()


def _quantities(text: str, table: dict[str, str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for number, word in _BESIDE.findall(text):
        if unit := table.get(word) or table.get(word.lower()):
            found.setdefault(number.replace(",", "."), set()).add(unit)
    return found

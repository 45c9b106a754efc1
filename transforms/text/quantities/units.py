"""Units: the same number with another unit of the same kind is another quantity, and weeks are no months."""

from __future__ import annotations

import re
from typing import Final

from transforms.text import flags
from transforms.text.findings import Finding, finding
from transforms.text.words.reading import Reading, read
from transforms.text.words.word_sets import word_set


def _table(text: str) -> dict[str, str]:
    return {word: unit for row in text.split() for unit, _, words in [row.partition("=")] for word in words.split(",")}


def _units(text: str) -> dict[str, str]:
    """A table with each word in any case, where that is no other unit; a single letter only as it stands: M is no m."""
    table = _table(text)
    words = [word for word in table if len(word) > 1]
    return {form: table[word] for word in words for form in (word.upper(), word.capitalize(), word.lower())} | table


_FRENCH: Final = _units(
    """km=km,kilomètre,kilomètres m=mètre,mètres cm=cm,centimètre,centimètres mm=mm,millimètre,millimètres
    kg=kg,kilo,kilos,kilogramme,kilogrammes g=g,gramme,grammes mg=mg,milligramme,milligrammes l=l,litre,litres
    ml=ml,millilitre,millilitres t=tonne,tonnes s=s,seconde,secondes min=min,minute,minutes h=h,heure,heures
    d=jour,jours week=semaine,semaines month=mois year=an,ans,année,années euro=euro,euros,€ dollar=dollar,dollars
    bit=bit,bits byte=octet,octets kB=ko,kio,kB,KB,KiB,K,kilooctet,kilooctets MB=mo,mio,MB,MiB,M,mégaoctet,mégaoctets
    GB=go,gio,GB,GiB,G,gigaoctet,gigaoctets TB=to,tio,TB,TiB,téraoctet,téraoctets px=px,pixel,pixels
    pt=pt,pts,point,points °=°,degré,degrés,°C,℃ rad=rad,radian,radians ms=ms,milliseconde,millisecondes
    hz=hz,hertz khz=khz,kilohertz mhz=mhz,mégahertz ghz=ghz,gigahertz inch=pouce,pouces foot=pied,pieds
    w=W,watt,watts kw=kW,kilowatt,kilowatts v=V,volt,volts mah=mah db=db,décibel,décibels
    char=caractère,caractères line=ligne,lignes word=mot,mots page=page,pages file=fichier,fichiers
    column=colonne,colonnes digit=chiffre,chiffres"""
)
_ENGLISH: Final = _units(
    """km=km,kilometre,kilometres,kilometer,kilometers m=metre,metres,meter,meters
    cm=cm,centimetre,centimetres,centimeters
    mm=mm,millimetre,millimetres,millimeter,millimeters kg=kg,kilo,kilos,kilogram,kilograms,kilogramme,kilogrammes
    g=g,gram,grams,gramme,grammes mg=mg,milligram,milligrams l=l,litre,litres,liter,liters
    ml=ml,millilitre,millilitres,milliliter,milliliters t=tonne,tonnes,ton,tons s=s,second,seconds
    min=min,minute,minutes h=h,hour,hours d=day,days week=week,weeks
    month=month,months year=year,years euro=euro,euros dollar=dollar,dollars
    mile=mile,miles foot=foot,feet inch=inch,inches pound=pound,pounds ounce=ounce,ounces gallon=gallon,gallons
    pint=pint,pints yard=yard,yards
    bit=bit,bits byte=byte,bytes,octet,octets kB=kB,KB,KiB,K,kilobyte,kilobytes MB=MB,MiB,M,megabyte,megabytes
    GB=GB,GiB,G,gigabyte,gigabytes TB=TB,TiB,terabyte,terabytes px=px,pixel,pixels pt=pt,pts,point,points
    °=°,degree,degrees,°C,℃ rad=rad,radian,radians ms=ms,millisecond,milliseconds hz=hz,hertz khz=khz,kilohertz
    mhz=mhz,megahertz ghz=ghz,gigahertz w=W,watt,watts kw=kW,kilowatt,kilowatts v=V,volt,volts mah=mah
    db=db,decibel,decibels °F=°F
    char=character,characters,char,chars line=line,lines word=word,words page=page,pages file=file,files
    column=column,columns digit=digit,digits"""
)
_SIGNS: Final = frozenset("€°℃")
_ELIDED: Final = frozenset("lmst")
"""Units that are also words with an apostrophe, l'eau, and so are in nearly every text."""
_FRENCH_WORDS, _ENGLISH_WORDS = (
    frozenset(word.lower() for word in table if word[0] not in _SIGNS) - elided
    for table, elided in ((_FRENCH, _ELIDED), (_ENGLISH, frozenset("t")))
)
_BESIDE_LETTER = re.compile(r"\d[ \u00a0\u202f-]?[lmst](?![\w'’])")
_BESIDE = re.compile(
    r"([0-9](?<![0-9.,/][0-9])[0-9]{0,6}(?:[.,][0-9]{1,3})?)[ \u00a0\u202f-]?([A-Za-zÀ-ÿ€℃°]{1,12})(?!\w)"
)


def unit_findings(source: str, translation: str) -> tuple[Finding, ...]:
    """unit_mismatch: a number whose units in the answer are all others than in the source, or new to the text."""
    original, answer = read(source), read(translation)
    if not original.numbers or not answer.numbers:
        return ()
    if _ENGLISH_WORDS.isdisjoint(answer.low_set) and _SIGNS.isdisjoint(answer.signs):
        return ()
    certain = not (_SIGNS.isdisjoint(original.signs) and _FRENCH_WORDS.isdisjoint(original.low_set))
    if not certain and (_ELIDED.isdisjoint(original.low_set) or not _BESIDE_LETTER.search(source)):
        return ()
    there = _quantities(source, _FRENCH)
    if not there:
        return ()
    here = _quantities(translation, _ENGLISH)
    for number, units in there.items():
        others = here.get(number)
        if not others or others <= units:
            continue
        lost = units.isdisjoint(others) and len(others) <= len(units)
        if lost or not _named(original).issuperset(others):
            return (finding(flags.UNIT_MISMATCH, f"{number} {'/'.join(sorted(units))}: {'/'.join(sorted(others))}"),)
    return ()


def _named(original: Reading) -> set[str]:
    """All units that a French text names, beside a number or not."""
    return {_FRENCH[word] for word in original.low_set if word in _FRENCH}.union(
        _FRENCH[sign] for sign in _SIGNS & original.signs
    )


def _quantities(text: str, table: dict[str, str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for number, word in _BESIDE.findall(text):
        if unit := table.get(word):
            found.setdefault(number.replace(",", ".") if "," in number else number, set()).add(unit)
    return found


_TIMES_FR: Final = _table(
    """second=secondes minute=minute,minutes hour=heures day=jours week=semaine,semaines month=mois
    year=an,ans,année,années"""
)
_TIMES_EN: Final = _table(
    """second=seconds minute=minute,minutes hour=hour,hours day=day,days week=week,weeks month=month,months
    year=year,years"""
)
_ALSO_SAID: Final = {
    "second": word_set("s seconde instant instants"),
    "minute": word_set("instant instants moment moments seconde"),
    "hour": word_set("heure h horaire"),
    "day": word_set("jour quotidien quotidienne quotidiennement aujourd hui demain hier journée dimanche"),
    "week": word_set("hebdomadaire hebdomadaires hebdomadairement huit quinze quinzaine sept"),
    "month": word_set("mensuel mensuelle mensuellement mensuels mensuelles trimestre trimestres trente"),
    "year": word_set("annuel annuelle annuellement annuels annuelles semestriel trimestriel siècle douze date"),
}
"""French words of which an English text may make a unit of time."""
_TIMES_FR_WORDS: Final = frozenset(_TIMES_FR)
TIMES: Final = frozenset(_TIMES_EN)
"""Without one of these words, an answer has no unit of time."""
_HOURS_OF_DAYS: Final = frozenset(("24", "48", "72"))
_MOST_TIMES: Final = 2
_DAY = re.compile(r"(?i)(?:\d|\b(?:un|par|le|dernier|premier|chaque)) jour\b")
_EACH = re.compile(r"\b(?:par|chaque|une) (heure|minute|seconde)\b")
_EACH_UNITS: Final = {"heure": "hour", "minute": "minute", "seconde": "second"}
_EACH_EN: Final = {"hourly": "hour", "h": "hour", "s": "second", "second": "second", "min": "minute"}
_EACH_WORDS: Final = frozenset(("heure", "seconde"))
_LONGEST_TIMED: Final = 300


def time_findings(source: str, translation: str) -> tuple[Finding, ...]:
    """unit_mismatch: a unit of time, beside no figure, that the answer has not, while it has one that is new."""
    there, here = read(source).low_set, read(translation).low_set
    if len(source) > _LONGEST_TIMED:
        return ()
    expected = {_TIMES_FR[word] for word in _TIMES_FR_WORDS & there}
    if "jour" in there and "day" not in expected and _DAY.search(source):
        expected.add("day")
    if not _EACH_WORDS.isdisjoint(there) and (match := _EACH.search(source)):
        expected.add(_EACH_UNITS[match[1]])
    if not expected or len(expected) > _MOST_TIMES:
        return ()
    units = {_TIMES_EN[word] for word in TIMES & here}
    gone = expected - units - {_EACH_EN[word] for word in _EACH_EN.keys() & here}
    if not gone:
        return ()
    if "day" in units and not _HOURS_OF_DAYS.isdisjoint(read(source).numbers):
        units.discard("day")
    new = [unit for unit in sorted(units - expected) if _ALSO_SAID[unit].isdisjoint(there) and unit not in there]
    return (finding(flags.UNIT_MISMATCH, f"{min(gone)}: {new[0]}"),) if new else ()

"""What became another one, though no digit shows it: days of the week, numbers in words, scales, ends of a range."""

from __future__ import annotations

import re
from typing import Final

from transforms.text.quantities.months_and_scales import DAYS_EN
from transforms.text.words.number_words import ENGLISH, ENGLISH_ORDINALS, ENGLISH_OTHER, FRENCH, FRENCH_OTHER, values_of
from transforms.text.words.reading import Reading, read
from transforms.text.words.word_sets import word_set

_DAYS: Final = {
    "lundi": "monday",
    "mardi": "tuesday",
    "mercredi": "wednesday",
    "jeudi": "thursday",
    "vendredi": "friday",
    "samedi": "saturday",
    "dimanche": "sunday",
}
_DAYS_FR: Final = frozenset(_DAYS) | {f"{day}s" for day in _DAYS}
_OF_DAYS_FR: Final = _DAYS_FR | word_set(
    """semaine semaines week weekend jour jours ouvré ouvrés ouvrable ouvrables lun mar mer jeu ven sam dim hebdomadaire
    dominical dominicale dominicaux veille fête"""
)
_ABOUT: Final = {
    "dizaines": word_set("tens ten dozens dozen scores"),
    "centaines": word_set("hundreds hundred"),
    "milliers": word_set("thousands thousand"),
    "millier": word_set("thousand thousands"),
    "millions": word_set("millions million"),
    "milliards": word_set("billions billion"),
}
_ABOUT_FR: Final = frozenset(_ABOUT)
_ABOUT_EN: Final = {
    "dozens": word_set("dizaines dizaine douzaines douzaine"),
    "hundreds": word_set("centaines centaine cents cent"),
    "thousands": word_set("milliers millier mille"),
    "millions": word_set("millions million"),
    "billions": word_set("milliards milliard"),
    "thousand": word_set("milliers millier mille"),
    "million": word_set("millions million"),
    "billion": word_set("milliards milliard"),
}
_LEAST_SPELLED: Final = 13
"""Below it, a number in words is often no number: "one", "second"."""
MOST_SPELLED: Final = 200
"""Words of a text, from which on the largest number in words says little."""
_LARGE_FR: Final = frozenset(word for word, values in FRENCH.items() if values[0] >= _LEAST_SPELLED)
_LARGE_EN: Final = frozenset(word for word, values in ENGLISH.items() if values[0] >= _LEAST_SPELLED)
_LEAST_SMALL: Final = 2
"""Neither "un" nor "one" is always a number."""
_SMALL_FR: Final = frozenset(word for word, values in FRENCH.items() if _LEAST_SMALL <= values[0] < _LEAST_SPELLED)
_SMALL_EN: Final = {word: values[0] for word, values in ENGLISH.items() if _LEAST_SMALL <= values[0] < 100}
_ORDINALS_FR: Final = frozenset(word for word in _SMALL_FR if word.endswith(("ième", "ièmes")))
_CARDINALS_FR: Final = _SMALL_FR - _ORDINALS_FR
_ORDINALS_EN: Final = {
    word: values[0] for word, values in ENGLISH_ORDINALS.items() if _LEAST_SMALL < values[0] < _LEAST_SPELLED
}
"""Not "second", which is a unit, too."""
_HALF_FR: Final = word_set("demi demie demis demies moitié")
_HALF_EN: Final = word_set("half halves semi mid middle")
_OTHER_PARTS_FR: Final = word_set("quart quarts tiers trimestre trimestres troisième quatrième")
_THIRDS_EN: Final = word_set("third thirds party")
_PARTS_EN: Final = word_set("quarter quarters half halves fifth")
_OTHER_PARTS_EN: Final = word_set("quarter quarters third thirds")
_TWICE_FR: Final = word_set("twice deux double doubles doubler doublé doublée doublement second seconde deuxième")
_TIMES_FR = re.compile(rf"(?i)(?:\d|\b(?:une|{'|'.join(sorted(_CARDINALS_FR | _LARGE_FR))}))[ \u00a0\u202f]fois\b")
"""How often, in a number: "plusieurs fois" may be twice."""
_ANY_FR: Final = _DAYS_FR | _ABOUT_FR | _LARGE_FR | _SMALL_FR | _HALF_FR | {"tiers", "fois"}
"""Without one of these words, a source has no quantity that shows no digit."""
_LONG_NUMBER: Final = 4
_NUMBER: Final = r"(\d+(?:[.,]\d+)?)"
_RANGE_FR = re.compile(rf"(?i)\b(?:de|du|d['’]) ?{_NUMBER}[^\d.;:,]{{1,12}}?\b(?:à|au) {_NUMBER}")
_RANGE_EN = re.compile(rf"rom [€$£]?{_NUMBER}[^\d.;:,]{{1,12}}?\bto [€$£]?{_NUMBER}")
_RANGE_WORDS: Final = frozenset(("from", "to"))


def quantity_changed(source: str, translation: str) -> str:
    """The words of the source that became others, "" if none did."""
    there, here = read(source), read(translation)
    if not _ANY_FR.isdisjoint(there.low_set) and (changed := _word_changed(there, here)):
        return changed
    if len(here.numbers) > 1 and here.low_set >= _RANGE_WORDS:
        return _range_turned(source, translation)
    return ""


def _word_changed(there: Reading, here: Reading) -> str:
    """What changed of a source with a day or a number in words."""
    if not _DAYS_FR.isdisjoint(there.low_set) and (changed := _day_changed(there, here)):
        return changed
    if not _ABOUT_FR.isdisjoint(there.low_set) and (changed := _about_changed(there, here)):
        return changed
    if len(here.lows) >= MOST_SPELLED:
        return ""
    if not (_LARGE_FR.isdisjoint(there.low_set) or (_LARGE_EN & here.low_set) <= there.low_set):
        # "Quatre-vingt-douze" has other parts than "ninety-two", so small numbers tell nothing beside large ones.
        return _spelled_changed(there.text, here.text)
    return _small_changed(there, here)


def _day_changed(there: Reading, here: Reading) -> str:
    """A day of the week that the answer has instead of one of the source's, which it may name elsewhere, too."""
    named = {day.removesuffix("s") for day in DAYS_EN & here.low_set}
    expected = {_DAYS[day.removesuffix("s")] for day in _DAYS_FR & there.low_set}
    gone, new = expected - named, named - expected
    if gone and not new:
        new = {
            day for day in _DAYS.values() if day not in expected and f" {day[:3].capitalize()} " in f" {here.letters} "
        }
    if gone and (new or not named):
        return min((day for day in gone if new or day[:3] not in here.low_set), default="")
    if not new:
        return ""
    said = sum(word in DAYS_EN for word in here.lows)
    return min(new) if said == sum(word in _DAYS_FR for word in there.lows) else ""


def day_added(source: str, translation: str) -> str:
    """A day of the week that the answer names, where the source speaks of no day and no week."""
    there, here = read(source), read(translation)
    if DAYS_EN.isdisjoint(here.low_set):
        return ""
    new = (DAYS_EN & here.low_set) - there.low_set
    return min(new) if new and _OF_DAYS_FR.isdisjoint(there.low_set) else ""


def _about_changed(there: Reading, here: Reading) -> str:
    """A word such as "milliers", if the answer has another scale than that, which the source has not."""
    for french in sorted(_ABOUT_FR & there.low_set):
        if _ABOUT[french].isdisjoint(here.low_set) and any(
            english in here.low_set and own.isdisjoint(there.low_set) for english, own in _ABOUT_EN.items()
        ):
            return french
    return ""


def _spelled_changed(source: str, translation: str) -> str:
    """The largest number in words, if neither text has that of the other one: vingt-deux, thirty-two."""
    largest = max(values_of(source, FRENCH, {})), max(values_of(translation, ENGLISH, {}))
    said = values_of(translation, ENGLISH, ENGLISH_OTHER).union(map(int, read(translation).numbers))
    own = values_of(source, FRENCH, FRENCH_OTHER).union(map(int, read(source).numbers))
    return str(largest[0]) if largest[0] not in said and largest[1] not in own else ""


def _small_changed(there: Reading, here: Reading) -> str:
    """A number in words that the source has in no form, where it has another one: three for "quatre"."""
    for french, english in ((_CARDINALS_FR, _SMALL_EN), (_ORDINALS_FR, _ORDINALS_EN)):
        if french.isdisjoint(there.low_set):
            continue
        written = english.keys() & here.low_set
        if not written:
            continue
        named = {FRENCH[word][0] for word in french & there.low_set}
        named.update(int(number) for number in there.numbers if len(number) < _LONG_NUMBER)
        new = [word for word in written if english[word] not in named and word not in there.low_set]
        if new:
            named = values_of(there.text, FRENCH, FRENCH_OTHER)
            new = [word for word in new if english[word] not in named]
        if new:
            return min(new)
    if (
        not _HALF_FR.isdisjoint(there.low_set)
        and _HALF_EN.isdisjoint(here.low_set)
        and _OTHER_PARTS_FR.isdisjoint(there.low_set)
        and (parts := _OTHER_PARTS_EN & here.low_set)
    ):
        return min(parts)
    if "tiers" in there.low_set and _THIRDS_EN.isdisjoint(here.low_set) and (parts := _PARTS_EN & here.low_set):
        return min(parts)
    if "twice" in here.low_set and "fois" in there.low_set and "2" not in there.numbers:
        return "twice" if _TWICE_FR.isdisjoint(there.low_set) and _TIMES_FR.search(there.text) else ""
    return ""


def _range_turned(source: str, translation: str) -> str:
    """The first of a range's two ends, if they have changed places: "de 3 à 5", "from 5 to 3"."""
    here = {(first.replace(",", "."), last.replace(",", ".")) for first, last in _RANGE_EN.findall(translation)}
    if not here:
        return ""
    there = set(_RANGE_FR.findall(source.replace(",", ".")))
    return next((first for first, last in sorted(there - here) if (last, first) in here), "")

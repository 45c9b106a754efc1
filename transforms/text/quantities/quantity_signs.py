"""Signs beside numbers that became others, or are new: <= for >=, $ for €, a per cent sign or a minus."""

from __future__ import annotations

import re
from typing import Final

from transforms.text import flags
from transforms.text.findings import Finding, finding
from transforms.text.words.reading import read
from transforms.text.words.word_sets import word_set

CURRENCIES: Final = frozenset("€$£¥")
_COMPARING: Final = frozenset("<>≤≥")
_COMPARED: Final = ("<=", ">=", "≤", "≥")
_AT_MOST = re.compile(r"<(?<![A-Z]<)=(?!>)|≤")
_AT_LEAST = re.compile(r">(?<!=>)=(?!>)|≥")
_PRICE = re.compile(r"[€$£¥]\d|\d[ \u00a0\u202f]?[€$£¥]")
_NEW_PRICE = re.compile(r"[$€£](?<!\w.)\d+(?![\w$])")
_MONEY_FR: Final = word_set("dollar dollars euro euros livre livres eur usd gbp yen yens")
_MONEY: Final = {
    "dollar": word_set("dollar dollars usd"),
    "euro": word_set("euro euros eur"),
    "yen": word_set("yen yens"),
    "franc": word_set("franc francs"),
    "pound": word_set("livre livres pound pounds gbp"),
}
_NAMES: Final = {"€": "euro", "$": "dollar", "£": "pound", "¥": "yen"}
_MONEY_WORDS: Final = frozenset(word for words in _MONEY.values() for word in words)
_NUMBER_BEFORE = re.compile(r"(?<![\d.,])(\d+(?:[.,]\d+)?)[ \u00a0\u202f]?%(?![\w(%*.#+-])")
_SCALES: Final = frozenset("kmbgt")
_MONEY_AND_SCALES: Final = _MONEY_WORDS | _SCALES
_SCALES_FR: Final = word_set("mille milliers million millions milliard milliards md mds ko mo go to")
_SCALED = re.compile(r"(?<![\w.,#&-])(\d+)([KMBGT])(?!\w)")
_NEGATIVE = re.compile(r"[-−](?:(?<=[ (\[=:>`+].)|(?<=\A.))(\d+)(?![\w-])")
QUANTITY_SIGNS: Final = CURRENCIES | frozenset("%<>≤≥-−")


def quantity_sign_findings(source: str, translation: str) -> tuple[Finding, ...]:
    """unit_mismatch or number_missing for a sign beside a number that is another one, new or lost."""
    there, here = read(source), read(translation)
    if not _COMPARING.isdisjoint(there.signs) and (changed := _comparison_changed(source, translation)):
        return (finding(flags.NUMBER_MISSING, changed),)
    if not CURRENCIES.isdisjoint(here.signs) and (changed := _currency_changed(source, translation)):
        return (finding(flags.UNIT_MISMATCH, changed),)
    if "%" in there.signs and (lost := _per_cent_lost(source, translation)):
        return (finding(flags.UNIT_MISMATCH, lost),)
    if here.numbers and ("-" in here.signs or "−" in here.signs) and "moins" not in there.low_set:
        for number in _NEGATIVE.findall(translation):
            if number in there.numbers and not _has_dash_before(number, source):
                return (finding(flags.NUMBER_ADDED, f"-{number}"),)
    return ()


def _has_dash_before(number: str, text: str) -> bool:
    return re.search(rf"[-−–][ \u00a0\u202f]?{number}(?!\d)", text) is not None


def money_findings(source: str, translation: str) -> tuple[Finding, ...]:
    """unit_mismatch: another currency in words; number_added: thousands that nobody wrote, 404K."""
    here = read(translation).low_set
    if _MONEY_AND_SCALES.isdisjoint(here):
        return ()
    there = read(source).low_set
    if not _MONEY_WORDS.isdisjoint(here) and not _MONEY_WORDS.isdisjoint(there):
        own = {name for name, words in _MONEY.items() if not words.isdisjoint(there)}
        said = {name for name, words in _MONEY.items() if not words.isdisjoint(here)}
        if own - said and said - own and CURRENCIES.isdisjoint(read(source).signs):
            return (finding(flags.UNIT_MISMATCH, min(said - own)),)
    added = (_SCALES & here) - there
    match = _SCALED.search(translation) if added else None
    if match and match[2].lower() in added and match[1] in read(source).numbers and _SCALES_FR.isdisjoint(there):
        return (finding(flags.NUMBER_ADDED, match[0]),)
    return ()


def _comparison_changed(source: str, translation: str) -> str:
    """A comparison that was turned round."""
    if not any(sign in source for sign in _COMPARED):
        return ""
    there = len(_AT_MOST.findall(source)), len(_AT_LEAST.findall(source))
    here = len(_AT_MOST.findall(translation)), len(_AT_LEAST.findall(translation))
    if there == here or sum(there) != sum(here):
        return ""
    return "<=" if here[0] > there[0] else ">="


def _currency_changed(source: str, translation: str) -> str:
    """A currency that the source does not have, for another one of it, or beside a number of a source without any."""
    there, here = read(source), read(translation)
    new = (CURRENCIES & here.signs) - there.signs
    if not new:
        return ""
    words = {name for name, words in _MONEY.items() if not words.isdisjoint(there.low_set)}
    own = CURRENCIES & there.signs
    for sign in sorted(new):
        lost = next((other for other in sorted(own) if source.count(other) > translation.count(other)), "")
        if lost and (_PRICE.search(source) or lost not in here.signs):
            return f"{lost}: {sign}"
        if words and not own and _NAMES[sign] not in words:
            return sign
        price = _NEW_PRICE.search(translation) if not own and _MONEY_FR.isdisjoint(there.low_set) else None
        if price and price[0][1:] in there.numbers:
            return price[0]
    return ""


def _per_cent_lost(source: str, translation: str) -> str:
    """A number of the source with a per cent sign, which the answer only has without."""
    if translation.count("%") >= source.count("%"):
        return ""
    for number in set(_NUMBER_BEFORE.findall(source)):
        written = re.escape(number.replace(",", "."))
        if re.search(rf"(?<![\d.,]){written}(?![\d%]|[.,]\d| ?(?:%|per|pct|point))", translation) and not re.search(
            rf"{written}(?: ?(?:to|or|and|[-–—/]) ?\d[\d.,]*)?[ \u00a0-]?(?:%|per ?cent|pct|point)", translation
        ):
            return f"{number} %"
    return ""

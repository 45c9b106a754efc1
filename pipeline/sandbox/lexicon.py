"""The French-English lexicon as the simulated hosts use it: all inflected forms, each with one translation.

It is neither a dictionary nor a grammar: it covers enough for a reader to recognise the subject of a record, and for
no French to remain between the known words.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from transforms.text.words.lexicon import rows
from transforms.text.words.word_sets import without_accents

# A word with its apostrophe, as in l'huile. Hyphens separate words, so that phrases can join them.
ELISION = r"(?:[cdjlmnstCDJLMNST]|[qQ]u)['’](?=\S)"
WORD = rf"{ELISION}|[^\W\d_]+(?:['’](?=[^\W\d_]))?"
VOWELS = "aeiou"
Phrases = list[tuple[tuple[str, ...], str]]


@dataclass(frozen=True)
class Lexicon:
    """The forms of the lexicon, in lower case except for acronyms.

    Attributes:
        words: French form to English.
        shouted: French form without accents to English, for texts in capitals.
        phrases: First word to second word to pairs of the remaining words and the English, longest first.
        infinitives: French forms before which ``de``, ``à`` and ``pour`` mean ``to``.
    """

    words: dict[str, str]
    shouted: dict[str, str]
    phrases: dict[str, dict[str, Phrases]]
    infinitives: frozenset[str]


@functools.cache
def lexicon() -> Lexicon:
    """The lexicon, cached."""
    words: dict[str, str] = {}
    phrases: dict[str, dict[str, Phrases]] = {}
    infinitives = set()
    for french, english, kind, _ in rows():
        parts = re.findall(WORD, french)
        if len(parts) > 1:
            phrases.setdefault(parts[0], {}).setdefault(parts[1], []).append((tuple(parts[2:]), english))
            continue
        forms = {"": _as_is, "i": _as_is, "n": noun_forms, "a": adjective_forms, "v": verb_forms}[kind](french, english)
        for form, meaning in forms.items():
            words.setdefault(form, meaning)
        if kind in ("v", "i"):
            infinitives.add(french)
    for candidates in (candidates for by_second in phrases.values() for candidates in by_second.values()):
        candidates.sort(key=lambda candidate: -len(candidate[0]))
    shouted: dict[str, str] = {}
    for form, meaning in words.items():
        shouted.setdefault(without_accents(form), meaning)
    return Lexicon(words, shouted, phrases, frozenset(infinitives))


def _as_is(french: str, english: str) -> dict[str, str]:
    return {french: english}


def noun_forms(french: str, english: str) -> dict[str, str]:
    """Singular and plural forms; ``analysis|analyses`` gives an irregular English plural."""
    singular, _, plural = english.partition("|")
    forms = {french: singular}
    if not french.endswith(("s", "x", "z")):
        forms[_french_plural(french)] = plural or _english_plural(singular)
    return forms


def adjective_forms(french: str, english: str) -> dict[str, str]:
    """Masculine and feminine forms, singular and plural, with the same English word."""
    feminine = french if french.endswith("e") else french + "e"
    doubled = ("el", "eil", "en", "on", "et")
    changes = {"eux": "euse", "if": "ive", "er": "ère", "teur": "trice"}
    changes |= {ending: ending + ending[-1] + "e" for ending in doubled}
    for ending, changed in changes.items():
        if french.endswith(ending):
            feminine = french.removesuffix(ending) + changed
            break
    masculines = {french} if french.endswith(("s", "x")) else {french, _french_plural(french)}
    return dict.fromkeys([*sorted(masculines), feminine, feminine + "s"], english)


def verb_forms(french: str, english: str) -> dict[str, str]:
    """All simple tenses of a regular verb in -er, -ir (like finir) or -re (like rendre)."""
    base, past, participle = _english_parts(english)
    third, gerund = _third_person(base), _gerund(base, past)
    stem = french[:-2]
    soft = stem  # before a and o: mangeons, remplaçons
    if french.endswith("ger"):
        soft = stem + "e"
    elif french.endswith("cer"):
        soft = stem[:-1] + "ç"
    long = stem + "iss"
    if french.endswith("er"):
        weak = stem[:-1] + "i" if french.endswith("yer") else stem  # nettoyer, il nettoie
        future = weak + "er"
        tenses = [
            (third, [weak + "e"]),
            (base, [weak + "es", weak + "ent", stem + "ez", soft + "ons"]),
            (participle, [stem + ending for ending in ("é", "ée", "és", "ées")]),
            (
                past,
                [soft + ending for ending in ("a", "ais", "ait", "aient")]
                + [stem + "ions", stem + "iez", stem + "èrent"],
            ),
            (gerund, [soft + "ant"]),
        ]
    elif french.endswith("ir"):
        future = french
        tenses = [
            (third, [stem + "it"]),
            (base, [stem + "is", long + "ent", long + "ons", long + "ez"]),
            (participle, [stem + ending for ending in ("i", "ie", "ies")]),
            (past, [long + ending for ending in ("ais", "ait", "aient")]),
            (gerund, [long + "ant"]),
        ]
    else:
        future = french[:-1]
        tenses = [
            (third, [stem]),
            (base, [stem + ending for ending in ("s", "ent", "ons", "ez")]),
            (participle, [stem + ending for ending in ("u", "ue", "us", "ues")]),
            (past, [stem + ending for ending in ("ais", "ait", "aient")]),
            (gerund, [stem + "ant"]),
        ]
    forms = {french: base}
    for english_form, french_forms in tenses:
        for form in french_forms:
            forms.setdefault(form, english_form)
    forms |= {future + ending: f"will {base}" for ending in ("ai", "as", "a", "ons", "ez", "ont")}
    return forms | {future + ending: f"would {base}" for ending in ("ais", "ait", "ions", "iez", "aient")}


def _french_plural(singular: str) -> str:
    if singular.endswith("al"):
        return singular[:-2] + "aux"
    return singular + ("x" if singular.endswith(("eau", "eu", "au")) else "s")


def _english_plural(singular: str) -> str:
    if singular.endswith("s"):
        return singular
    if singular.endswith(("x", "ch", "sh")):
        return singular + "es"
    return singular[:-1] + "ies" if _ends_in_consonant_y(singular) else singular + "s"


def _ends_in_consonant_y(word: str) -> bool:
    return word.endswith("y") and word[-2:-1] not in VOWELS


def _english_parts(english: str) -> tuple[str, str, str]:
    """Base, past and past participle; regular forms are derived."""
    base, *irregular = english.split(",")
    if irregular:
        return base, irregular[0], irregular[-1]
    verb, space, particle = base.partition(" ")
    past = verb + "d" if verb.endswith("e") else verb[:-1] + "ied" if _ends_in_consonant_y(verb) else verb + "ed"
    return base, past + space + particle, past + space + particle


def _third_person(base: str) -> str:
    verb, space, particle = base.partition(" ")
    if verb.endswith(("s", "x", "ch", "sh", "o")):
        verb += "es"
    else:
        verb = verb[:-1] + "ies" if _ends_in_consonant_y(verb) else verb + "s"
    return ("has" if verb == "haves" else verb) + space + particle


def _gerund(base: str, past: str) -> str:
    verb, space, particle = base.partition(" ")
    doubled = verb + verb[-1]
    if past.startswith(doubled + "ed"):
        verb = doubled
    elif verb.endswith("e") and not verb.endswith(("ee", "ye")):
        verb = verb[:-1]
    return verb + "ing" + space + particle

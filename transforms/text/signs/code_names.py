"""Pieces of code that an answer must have as they are: options, paths, names with underscores, roman numerals."""

from __future__ import annotations

import re
from typing import Final

from transforms.text import flags
from transforms.text.findings import Finding, finding
from transforms.text.words.alignment import coverage, keys_of, words_of
from transforms.text.words.english import is_english_word
from transforms.text.words.french_words import looks_french
from transforms.text.words.language_words import FRENCH
from transforms.text.words.lexicon import is_known
from transforms.text.words.number_words import ENGLISH, ENGLISH_ORDINALS, roman_value, values_of
from transforms.text.words.reading import read

_OPTION = re.compile(r"-(?<![\w-]-)-[a-z][a-z0-9]*(?:-[a-z0-9]+)*(?![\w-])")
MANY_OPTIONS, MANY_CHARS = 3, 300
"""Lists of options are often older in one language than in the other."""
_ROOTS: Final = "(?:bin|boot|dev|etc|home|lib|media|mnt|opt|proc|root|run|sbin|srv|sys|tmp|usr|var)"
_PATH = re.compile(rf"/(?<![\w<:/.}})]/){_ROOTS}(?:/[\w.+-]*\w)+")
_WINDOWS_PATH = re.compile(r"[A-Z](?<!\w[A-Z]):\\[\w\\.-]+")
_ROMAN = re.compile(r"[IVX](?<!\w.)(?:[IVX]{1,5}(?!\w)|[IVX]{0,5}(?=(?:e|er|ème|ᵉ)\b))")
_VALID = re.compile(r"X{0,3}(?:IX|IV|V?I{0,3})")
_IN_WORDS: Final = ENGLISH | ENGLISH_ORDINALS
_WRITTEN: Final = {
    (numeral + ending).lower(): numeral + ending
    for tens in ("", "X", "XX", "XXX")
    for units in ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX")
    for ending in ("", "e", "er", "ème", "ᵉ")
    if len((numeral := tens + units) + ending) > 1 and numeral
}
"""How words that may be numerals are written then: "VIe" is one, "vie" a word."""
ROMAN_WORDS: Final = frozenset(_WRITTEN) - {"xe", "ie"}
"""Without one of these words, a source has no roman numeral of two letters."""
CODE_SIGNS: Final = frozenset("/\\_")
"""Without one of these signs, a source has no path and no name with underscores."""
_UNDERSCORED = re.compile(r"(?<![\w$%{(<@/.:&=-])[A-Za-z]\w*_\w+(?![\w(])")
_LEAST_PART: Final = 3
"""Letters between underscores: fewer are those of a language, as fr_CA."""
_BACKSLASH: Final = "\\"


def code_name_findings(source: str, translation: str) -> tuple[Finding, ...]:
    """placeholder_mismatch for an option, a path or a name with underscores that is gone."""
    if "_" in source and (name := _lost_name(source, translation)):
        return (finding(flags.PLACEHOLDER_MISMATCH, name),)
    if len(source) < MANY_CHARS and "--" in source:
        options = set(_OPTION.findall(source))
        lost = options.difference(_OPTION.findall(translation)) if len(options) <= MANY_OPTIONS else ()
        said = translation.lower().replace(" ", "-") if lost else ""
        if gone := [option for option in sorted(lost) if option[2:] not in said]:
            return (finding(flags.PLACEHOLDER_MISMATCH, gone[0]),)
    paths = _paths(source)
    if paths and len(kept := _paths(translation)) < len(paths):
        return (finding(flags.PLACEHOLDER_MISMATCH, next(path for path in paths if path not in kept)),)
    if paths and (
        cut := [path for path in paths if path not in kept and any(path.startswith(f"{each}/") for each in kept)]
    ):
        return (finding(flags.PLACEHOLDER_MISMATCH, cut[0]),)
    return ()


def _lost_name(source: str, translation: str) -> str:
    """A name with underscores that is gone, lost them, or is a constant in lower case.

    But no French one ("nom_du_fichier"), none whose words the answer has in English, and no hot key ("Eff_acer").
    """
    low = translation.lower()
    for name in _UNDERSCORED.findall(source) if len(source) < MANY_CHARS else ():
        if name.isupper() and name not in translation and name.lower() in translation:
            return str(name)
        if name.lower() in low or (name[0].isupper() and name[1:].islower()):
            continue
        if name.replace("_", " ") in low:
            if name.islower() and name.replace("_", "").isalpha():
                return str(name)
            continue
        parts, joined = name.lower().split("_"), name.lower().replace("_", "")
        if min(map(len, parts)) < _LEAST_PART or joined in low or is_known(joined):
            continue
        if not any(map(_is_french, (*parts, joined))) and not _is_translated(parts, translation):
            return str(name)
    return ""


def _is_translated(parts: list[str], translation: str) -> bool:
    """Whether the answer has a translation of each part of a name, and a name of its own, with another word."""
    low = translation.lower()
    if "_" not in low or all(part in low for part in parts):
        return False
    words = words_of(" ".join(parts))
    return len(words) == len(parts) and coverage(words, keys_of(translation)) == 1


def _is_french(word: str) -> bool:
    return looks_french(word) or ((word in FRENCH or is_known(word)) and not is_english_word(word))


def _paths(text: str) -> list[str]:
    """The different paths; a name in them may be translated, as in /etc/NOM."""
    signs = read(text).signs
    found = _PATH.findall(text) if "/" in signs else []
    if _BACKSLASH in signs and ":" in signs:
        found += _WINDOWS_PATH.findall(text)
    if not found:
        return found
    return list(dict.fromkeys(path.rstrip(f"{_BACKSLASH}.") for path in found))


def roman_findings(source: str, translation: str) -> tuple[Finding, ...]:
    """number_missing: a roman numeral that the answer has in no form, of a source with one of ``ROMAN_WORDS``."""
    if not any(_WRITTEN[word] in source for word in ROMAN_WORDS & read(source).low_set):
        return ()
    for numeral in _ROMAN.findall(source):
        if not numeral or not _VALID.fullmatch(numeral) or numeral in translation:
            continue
        value = roman_value(numeral)
        here = read(translation)
        if (
            str(value) not in here.numbers
            and numeral.lower() not in here.low_set
            and value not in values_of(translation, _IN_WORDS, {})
        ):
            return (finding(flags.NUMBER_MISSING, numeral),)
    return ()

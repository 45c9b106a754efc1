"""Names of technical texts, known by their form: file_name, fileName, name(), name(3), a.b.c, --option, /usr/bin.

A translation has them letter by letter. Those with French words may be translated, so only others are looked for. A
name that the answer says in the words of a sentence, "the file name", is not lost.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Final

from transforms.text import flags
from transforms.text.english import is_english_word
from transforms.text.findings import Finding, finding
from transforms.text.french_words import looks_french
from transforms.text.language_words import FRENCH
from transforms.text.lexicon import is_known
from transforms.text.reading import passages, read
from transforms.text.words import CACHED_WORDS, word_set

_NAME = re.compile(
    r"""(?P<call>(?<![\w&\\])[^\W\d][\w.-]{1,60}\((?:\d[a-z]{0,2})?\))            # open(), open(2)
    | (?P<dotted>(?<![\w/:@%-])(?:[^\W\d][\w-]{0,60})?(?:\.[^\W\d][\w-]{0,60})+(?!\w))  # a.b.c, .txt
    | (?P<joined>(?<![\w%$&\\])_{0,2}[^\W_]{1,40}(?:_+[^\W_]{1,40})+_{0,2}(?!\w)  # file_name
        | (?<!\w)__[^\W_]{2,40}__(?!\w))                                          # __init__
    | (?P<option>(?<![\w-])--[^\W\d_][^\W_]{0,40}(?:-[^\W_]{1,40})*)              # --file-name
    | (?P<camel>(?<![\w%&\\])(?:[a-z]{1,30}[A-Z]|[A-Z][a-z]{1,30}[A-Z])[^\W_]*(?!\w))  # fileName
    | (?P<path>(?<![\w<:/.})~])~?/[\w~.+-]+(?:/[\w.+-]*\w)*)                      # /etc/fstab
    | (?P<role>:[^\W\d_]{2,20}(?::[^\W\d_]{2,20})?:(?=`))                         # :ref: of reStructuredText
    """,
    re.VERBOSE,
)
_MARKED_SIGNS: Final = frozenset("_`")
"""Texts with one of them may have names with a capital within, too."""
_SIGNS: Final = {
    "_": re.compile("_"),
    "-": re.compile("--"),
    ":": re.compile(":(?=`)"),
    ".": re.compile(r"\.(?=[^\W\d_])"),
    "(": re.compile(r"\((?<=\w\()[\d)]"),
    "/": re.compile(r"/(?<![\w<:/.})~]/)"),
}
"""What each name has, by its first character."""
_CAPITAL_SIGN = re.compile(r"[A-Z](?<=[a-z][A-Z])")
_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_SEGMENT = re.compile(r"[^\W_]+")
_WORD = re.compile(r"[\w.-]*\w")
_IN_WORDS = re.compile(r"[a-z]+(?:[ -]+[a-zA-Z]+)*")
_WHITE_SPACE = re.compile(r"\s")

_MARKUP_SIGNS: Final = frozenset("<>*`")
"""Markup may end before the last sign of a name: **open**(2)."""
_ADDRESS: Final = "://"

MOST_NAMES: Final = 40
"""Different names of a text that the answer has less often: with more, it is a list of another age."""
MANY_NAMES, MANY_CHARS = 3, 300
"""Of more names, or in longer texts, a translator may leave one out."""
_LEAST_FOLDED, _LEAST_NEAR, _LEAST_NEAR_CALL, _LEAST_CUT = 4, 5, 8, 3
_PLACEHOLDER_NAMES: Final = word_set("nom champ champs toto titi tata truc bidule machin")
"""French words for no matter what, which an English text names otherwise."""
_OFTEN_LOST: Final = frozenset((":sup:", ":sub:"))


def name_findings(source: str, translation: str) -> tuple[Finding, ...]:
    """placeholder_mismatch: a technical name that is cut, misspelled, in other letters or signs, or gone."""
    there = _names(source)
    if not there or len(there) > MOST_NAMES * 4:
        return ()
    here = _names(translation)
    fewer = {name: kind for name, kind in there.items() if name not in here or name not in translation}
    if len(fewer) > MOST_NAMES:
        return ()
    if fewer and (changed := _rewritten(fewer, translation) or _cut(fewer, source, translation)):
        return (finding(flags.PLACEHOLDER_MISMATCH, changed),)
    if changed := _misspelled(there, here, source, translation):
        return (finding(flags.PLACEHOLDER_MISMATCH, changed),)
    if fewer and len(source) <= MANY_CHARS and len(there) <= MANY_NAMES and (gone := _lost(fewer, translation)):
        return (finding(flags.PLACEHOLDER_MISMATCH, gone),)
    return ()


def _names(text: str) -> dict[str, str]:
    """The names and their kinds."""
    found: dict[str, str] = {}
    signs = read(text).signs
    looked_for = [pattern for sign, pattern in _SIGNS.items() if sign in signs]
    if not _MARKED_SIGNS.isdisjoint(signs):
        looked_for.append(_CAPITAL_SIGN)
    for pattern in looked_for:
        for start, end in passages(text, pattern):
            if _ADDRESS in text[start:end]:
                continue
            for match in _NAME.finditer(text, start, end):
                kind, name = match.lastgroup or "", match[0]
                if kind != "joined" or not _is_mnemonic(name):
                    found.setdefault(name, kind)
    return found


@lru_cache(maxsize=CACHED_WORDS)
def _is_mnemonic(name: str) -> bool:
    """Whether an underscore marks the key of a menu's entry: "Save _As", "En_registrer"."""
    if name.count("_") != 1 or name.isupper():
        return False
    before, _, after = name.partition("_")
    if name.islower() and all(len(part) > 2 and is_english_word(part) for part in (before, after)):
        return False
    word = (before + after).lower()
    return len(before) < 2 or len(after) < 2 or is_english_word(word) or looks_french(word)


@lru_cache(maxsize=CACHED_WORDS)
def _is_language_free(name: str) -> bool:
    """Whether a name has no French word."""
    parts = [part.lower() for part in _PART.findall(name)]
    return name.isascii() and any(len(part) > 2 for part in parts) and not any(map(_is_french_part, parts))


def _is_french_part(part: str) -> bool:
    return len(part) > 2 and looks_french(part)


@lru_cache(maxsize=CACHED_WORDS)
def _is_english(name: str) -> bool:
    """Whether a name has English words that are not French ones, too, and no French word."""
    parts = [part.lower() for part in _PART.findall(name)]
    if not name.isascii() or any(part in FRENCH or part in _PLACEHOLDER_NAMES or looks_french(part) for part in parts):
        return False
    return any(len(part) > 2 and is_english_word(part) and not is_known(part) for part in parts)


def _rewritten(names: Mapping[str, str], translation: str) -> str:
    """A name whose letters stand there with other signs between them, or in other case: EMAIL PATH for EMAIL_PATH."""
    for name, kind in names.items():
        if kind == "camel" or name in translation or not _is_language_free(name):
            continue
        segments = _SEGMENT.findall(name)
        if sum(map(len, segments)) < _LEAST_FOLDED:
            continue
        pattern = r"(?i)(?<!\w)" + r"[\W_]{0,3}".join(map(re.escape, segments)) + r"(?!\w)"
        if (match := re.search(pattern, translation)) and _is_other_form(name, kind, match[0], segments):
            return name
    return ""


def _is_other_form(name: str, kind: str, written: str, segments: list[str]) -> bool:
    if kind == "call" and len(segments) == 1:
        return written.lower() == segments[0].lower() and written != segments[0]
    if (name == name.lower() or written == written.lower()) and _IN_WORDS.fullmatch(written):
        return False
    if not _MARKUP_SIGNS.isdisjoint(written) or written[1:] == name[1:]:
        return False
    if kind == "call" and written == name[: len(written)].replace("-", " "):
        return False
    if kind == "option" and written.replace("-", "") == name.replace("-", ""):
        return False
    return written not in name or _WHITE_SPACE.search(written) is not None


def _cut(names: Mapping[str, str], source: str, translation: str) -> str:
    """A name of which the answer has the beginning only, up to the middle of a word."""
    cut = [name for name in names if name not in translation and _is_language_free(name)]
    if not cut:
        return ""
    new = {word for word in set(_WORD.findall(translation)) - set(_WORD.findall(source)) if len(word) >= _LEAST_CUT}
    for name in cut:
        for end in range(max(_LEAST_CUT, len(name) // 3), len(name)):
            begun, after = name[:end], name[end]
            if (
                begun in new
                and after.isalnum()
                and (after.islower() or begun[-1].islower())
                and not (begun[1:].islower() and is_english_word(begun.lower()))
            ):
                return name
    return ""


def _misspelled(there: Mapping[str, str], here: Collection[str], source: str, translation: str) -> str:
    """A name of the answer that the source has with one letter more, less or other, or with other signs."""
    new = [name for name in here if name not in there and name not in source]
    if not new or len(new) > MOST_NAMES:
        return ""
    by_rest: dict[str, str] = {}
    for name in there:
        if len(name) >= (_LEAST_NEAR_CALL if name[-1] == ")" else _LEAST_NEAR) and _is_language_free(name):
            by_rest.update({name[:place] + name[place + 1 :]: name for place in range(len(name))})
            by_rest[name] = name
    written = {_folded(name): name for name, kind in there.items() if kind != "camel" and _is_language_free(name)}
    for name in new:
        other = written.get(_folded(name))
        if other and name[1:] != other[1:] and "_" in other and source.count(other) > translation.count(other):
            return other
        rests = (name, *(name[:place] + name[place + 1 :] for place in range(len(name)))) if len(name) < 99 else ()
        for rest in rests:
            other = by_rest.get(rest)
            if other and _is_near(name, other) and source.count(other) > translation.count(other):
                return other
    return ""


def _folded(name: str) -> str:
    """The letters and digits of a name, in lower case."""
    return "".join(_SEGMENT.findall(name.lower()))


def _is_near(name: str, other: str) -> bool:
    """Whether one letter differs, but not the plural or only capitals."""
    if name.lower() == other.lower() or name in (f"{other}s", other.removesuffix("s")) or "(s)" in name:
        return False
    begin = 0
    while begin < min(len(name), len(other)) and name[begin] == other[begin]:
        begin += 1
    longer, shorter = (name, other) if len(name) > len(other) else (other, name)
    return longer[begin + 1 :] == shorter[begin + (len(longer) == len(shorter)) :]


def _lost(names: Mapping[str, str], translation: str) -> str:
    """A name that is surely English, and of which the answer has not even the words."""
    low, words = translation.lower(), read(translation).low_set
    for name, kind in names.items():
        if kind in ("camel", "option") or name.lower() in low or name in _OFTEN_LOST or not _is_language_free(name):
            continue
        parts = [part.lower() for part in _PART.findall(name)]
        if kind == "call":
            lost = len(parts) > 1 or len(name) > 7
        elif kind == "dotted":
            lost = len(parts) > 1 and name[0].islower() and _is_english(name)
        else:
            lost = kind == "role" or (_is_english(name) and (kind == "joined" or name.count("/") > 1))
        if lost and (kind == "role" or not words.issuperset(parts)):
            return name
    return ""

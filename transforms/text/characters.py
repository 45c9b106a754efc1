"""Characters that an answer should not have: damaged ones, escapes, capitals, emoji that the source has not."""

from __future__ import annotations

import html
import re
from collections import Counter
from typing import Final

from transforms.text import flags
from transforms.text.findings import Finding, finding
from transforms.text.reading import Reading, read

_MOJIBAKE = re.compile(
    "[\u00c2\u00c3][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u2022\u2026\u2030\u2039\u203a\u20ac\u2122]"
    "|\u00e2[\u0080\u201a\u20ac][\u0080-\u00bf\u0153\u017e\u0178\u2013-\u2122]"
    "|\u00f0\u0178[\u0080-\u2122]|[\u0080-\u009f]"
)
"""UTF-8 that was read as Windows-1252 or Latin-1, and C1 controls."""

_DAMAGED: Final = frozenset(("\u00c2", "\u00c3", "\u00e2", "\u00f0", "\ufffd", *map(chr, range(0x80, 0xA0))))
"""A damaged text has one of them."""
_DAMAGED_LETTERS: Final = tuple(filter(str.isalpha, _DAMAGED))

_REPLACEMENT: Final = "\ufffd"
_ESCAPES: Final = frozenset("\\&")
_ESCAPED_BREAK = re.compile(r"\\[nrt](?![a-z])")
_ENTITY = re.compile(r"&(?:#\d{2,7}|#[xX][0-9a-fA-F]{2,6}|[A-Za-z]{2,24}\d{0,2});")
_ESCAPED = re.compile(r"&#?[\w-]{2,30};")
_UNICODE_ESCAPE = re.compile(r"\\u[0-9a-fA-F]{4}")

EMOJI: Final = (
    "\U0001f000-\U0001faff\u2600-\u2604\u260e\u2614\u2615\u261d\u2620\u2622\u2623\u262e\u262f\u2638-\u263a\u2648-\u2653"
    "\u2660\u2663\u2665\u2666\u267b\u267f\u2693\u26a0\u26a1\u26bd\u26be\u26c4\u26c5\u26ce\u26d4\u26ea\u26f2-\u26f5\u26fa"
    "\u26fd\u2702\u2705\u2708-\u270d\u270f\u2728\u2733\u2734\u2744\u274c\u274e\u2753-\u2755\u2757\u2763\u2764\u27a1\u2b50\u2b55"
)
FIRST_EMOJI: Final = "\u2600"
_EMOJI = re.compile(f"[{EMOJI}]")
_LEAST_CAPITALS: Final = 10


def character_findings(source: str, translation: str) -> tuple[Finding, ...]:
    """characters_damaged, capitals and emoji_mismatch."""
    found = []
    there, here = read(source), read(translation)
    may_be_damaged = not (
        _ESCAPES.isdisjoint(there.signs) and _ESCAPES.isdisjoint(here.signs) and translation.isascii()
    )
    if may_be_damaged and (damaged := _damage(source, translation)):
        found.append(finding(flags.CHARACTERS_DAMAGED, damaged))
    if _is_shouted(source, translation):
        found.append(Finding(flags.CAPITALS))
    if not (there.latin and here.latin) and max(there.signs | here.signs, default="") >= FIRST_EMOJI:
        lost, new = Counter(_EMOJI.findall(source)), Counter(_EMOJI.findall(translation))
        if lost != new:
            found.append(finding(flags.EMOJI_MISMATCH, "".join(((lost - new) + (new - lost)).elements())))
    return tuple(found)


def without_emoji_tail(text: str) -> str:
    """``text`` without the emoji at its end, and the white space before them."""
    end = len(text)
    while end and (text[end - 1] in "\u200d\ufe0f" or text[end - 1].isspace() or _EMOJI.match(text[end - 1])):
        end -= 1
    return text[:end] if _EMOJI.search(text, end) else text


def _damage(source: str, translation: str) -> str:
    if _may_be_damaged(read(translation)):
        for match in _MOJIBAKE.finditer(translation):
            if match[0] not in source:
                return str(translation[max(0, match.start() - 10) : match.end() + 10])
        if translation.count(_REPLACEMENT) > source.count(_REPLACEMENT):
            return _REPLACEMENT
    if "\\" in translation:
        lines_lost = translation.count("\n") < source.count("\n")
        if len(_ESCAPED_BREAK.findall(translation)) > len(_ESCAPED_BREAK.findall(source)):
            return "\\n"
        if lines_lost and translation.count("\\n") > source.count("\\n"):
            return "\\n"
        if _UNICODE_ESCAPE.search(translation) and not _UNICODE_ESCAPE.search(source):
            return "\\u"
    if "&" in translation or "&" in source:
        return _other_entity(source, translation)
    return ""


def _may_be_damaged(reading: Reading) -> bool:
    letters = reading.letters
    return not _DAMAGED.isdisjoint(reading.signs) or (
        not letters.isascii() and any(letter in letters for letter in _DAMAGED_LETTERS)
    )


def _other_entity(source: str, translation: str) -> str:
    """An entity that only one of the texts has, and whose character the other one has not either."""
    there: Counter[str] = Counter(_ENTITY.findall(source))
    here: Counter[str] = Counter(_ENTITY.findall(translation))
    if there == here:
        return ""
    for entity in here - there:
        character = html.unescape(entity)
        if character == entity or (character in _WRITTEN_FREELY and _ESCAPED.search(source)):
            continue
        if here[entity] > there[entity] + _others(source, character, entity):
            return entity
    for entity in there - here:
        character = html.unescape(entity)
        if character == entity or character.isalpha() or character in "\u00a0«»“”\u202f '’\"–—…":
            continue
        if character not in translation and not _others(translation, character, entity):
            return entity
    return ""


_WRITTEN_FREELY: Final = frozenset("&\"'’“”‘\u00a0–—…")
"""Where the source is escaped, too, these are a translator's own."""


def _others(text: str, character: str, entity: str) -> int:
    """How often ``text`` has the character of ``entity``, as another entity, or as itself unless HTML escapes it."""
    as_itself = 0 if character in "&<>\"'" else text.count(character)
    entities: list[str] = _ENTITY.findall(text)
    return as_itself + sum(html.unescape(each) == character and each != entity for each in entities)


def _is_shouted(source: str, translation: str) -> bool:
    if not translation.isupper() or sum(map(str.isalpha, translation)) < _LEAST_CAPITALS:
        return False
    lower = sum(map(str.islower, source))
    return " " in translation.strip() and lower > 0.6 * sum(map(str.isalpha, source))

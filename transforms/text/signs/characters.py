"""Characters that an answer should not have: damaged ones, escapes, capitals, emoji that the source has not."""

from __future__ import annotations

import html
import re
from collections import Counter
from typing import Final

from transforms.text import flags
from transforms.text.findings import Finding, finding
from transforms.text.signs.broken_words import broken_words
from transforms.text.signs.foreign_signs import LONGEST_NAME, broken_entity, foreign_sign, plain_letters
from transforms.text.words.english import is_english_word
from transforms.text.words.reading import Reading, places, read

_MOJIBAKE = re.compile(
    "[\u00c2\u00c3][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u2022\u2026\u2030\u2039\u203a\u20ac\u2122]"
    "|\u00e2[\u0080\u201a\u20ac][\u0080-\u00bf\u0153\u017e\u0178\u2013-\u2122]"
    "|\u00f0\u0178[\u0080-\u2122]|[\u0080-\u009f]"
    "|\u00c5[\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u201c\u02dc\u00a1-\u00bf]"
    "|\u0393\u00c7[\u00a0-\u2590]|[\u251c\u252c][\u00a1-\u00ff\u2310-\u25a0]|\u201a\u00c4[\u00a0-\u2122]"
    "|\u221a[\u00a1-\u00ff\u2122]|[\ue000-\uf8ff\ufffc\u2028\u2029\u25a1\u25af]|(?<![^\\W\\d_])[\u0300-\u036f]"
    "|(?<=[A-Za-z])[\u0370-\u03bb\u03bd-\u052f](?=[a-z])|[\u3001\u3002\uff01-\uffef\u1d00-\u1d2b\U0001d400-\U0001d7ff]"
    "|\u00c3(?![A-Z\u00c0-\u00de])|\u00c2(?![A-Za-z\u00c0-\u00ff])|\u00d4\u00c7|\u0432\u0402"
    "|[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7a3]|[\u0370-\u04ff]\u20ac"
)
"""UTF-8 that was read as Windows-1252, Latin-1, or a code page of DOS or Macintosh; C1 controls, boxes and private
characters; accents on nothing; letters of other scripts within Latin words; full-width, mathematical and small
capital letters; Chinese, Japanese and Korean, which a code page of theirs makes of a quotation mark.
"""

_DAMAGED: Final = frozenset(
    ("\u00c2", "\u00c3", "\u00c5", "\u00e2", "\u00f0", "\u0393", "\u201a", "\u221a", "\u251c", "\u252c", "\ufffd")
) | frozenset(map(chr, range(0x80, 0xA0)))
"""A damaged text has one of them, or a sign that is rare in texts."""
_RARE = re.compile(
    "[\u3001-\u30ff\u4e00-\u9fff\uac00-\ud7a3\uff01-\uffef\u1d00-\u1d2b\U0001d400-\U0001d7ff\u0300-\u052f"
    "\u2028\u2029\u25a1\u25af\ue000-\uf8ff\ufffc]"
)
_DAMAGED_LETTERS: Final = frozenset("\u00c2\u00c3\u00c5\u00d4\u00e2\u00f0")
_USUAL: Final = frozenset(map(chr, range(0x20, 0x80))) | frozenset("\n\t\u00a0\u202f«»“”‘’„–—…•€°²³")
"""Signs of most texts, none of which is rare."""
_OTHER_LETTER = re.compile("[\u0100-\u0151\u0154-\u015f\u0162-\u0177\u0179-\u017c\u017f-\u0191\u0193-\u024f]")
"""Latin letters that neither French nor English has."""
_LEAST_OTHER, _OTHER_SHARE = 2, 0.2

_REPLACEMENT: Final = "\ufffd"
_ESCAPES: Final = frozenset("\\&")
_ESCAPED_BREAK = re.compile(r"\\[nrt](?![a-z])")
_ENTITY = re.compile(
    r"&(?:#\d{2,7}|#[xX][0-9a-fA-F]{2,6}|[A-Za-z]{2,24}\d{0,2}|[A-Za-z][\w-]{0,20}(?:\.[\w-]{1,20}){1,4});"
)
_ESCAPED = re.compile(r"&#?[\w-]{2,30};")
_ESCAPED_QUOTE = re.compile(r"(?<![`*])\\[\"'’]")
"""Not after markup of reStructuredText, which it ends: ``pump``\\'s."""
_TWICE_ESCAPED = re.compile(r"&amp;(?:#\d{1,6}|#x[0-9A-Fa-f]{1,6}|[a-z]{2,8});")
_UNCLOSED_ENTITY = re.compile(
    r"&(?:amp|lt|gt|quot|nbsp|apos|[lr][sd]quo|hellip|[mn]dash|[ae]acute|[ae]grave)(?!\w*[;=])"
)
_ENCODED_SIGNS: Final = frozenset("%=")
_ENCODED_STARTS: Final = ("%0", "%C3", "%E2", "%20", "=20", "=C3", "=E2")
_BREAKS: Final = frozenset("\n\r\t")
_ENCODED = re.compile(r"%0[AD]|%C3%[89AB][0-9A-F]|%E2%80|%20(?=\w+\W?%20)|=20(?=\w+=20)|=(?:C3|E2)=[0-9A-F]{2}")
"""Characters as in an address or a mail: %0A, %20, =E2=80=99."""
_UNICODE_ESCAPE = re.compile(r"\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}")


def character_findings(source: str, translation: str) -> tuple[Finding, ...]:
    """characters_damaged: at most one for the encoding of the whole, and one for a character or a word."""
    found = []
    there, here = read(source), read(translation)
    may_be_encoded = not _ENCODED_SIGNS.isdisjoint(here.signs) and any(map(translation.__contains__, _ENCODED_STARTS))
    encoded = _ENCODED.search(translation) if may_be_encoded else None
    if encoded and encoded[0] not in source:
        found.append(finding(flags.CHARACTERS_DAMAGED, encoded[0]))
    may_be_damaged = not (
        _ESCAPES.isdisjoint(there.signs) and _ESCAPES.isdisjoint(here.signs) and translation.isascii()
    )
    if may_be_damaged and (damaged := _damage(source, translation) or broken_entity(source, translation)):
        found.append(finding(flags.CHARACTERS_DAMAGED, damaged))
    elif broken := foreign_sign(source, translation) or broken_words(source, translation):
        found.append(finding(flags.CHARACTERS_DAMAGED, broken))
    return tuple(found)


def _damage(source: str, translation: str) -> str:
    here = read(translation)
    if suspicious := _suspicious(here):
        end = 0
        for place in sorted(place for character in suspicious for place in places(translation, character)):
            if place >= end and (match := _MOJIBAKE.match(translation, place)):
                end = match.end()
                if match[0] not in source:
                    return translation[max(0, place - 10) : end + 10]
        if translation.count(_REPLACEMENT) > source.count(_REPLACEMENT):
            return _REPLACEMENT
    if not here.latin and _OTHER_LETTER.search("".join(here.signs)) and not _OTHER_LETTER.search(source):
        words = [word for word in here.low_set if _OTHER_LETTER.search(word)]
        if len(translation) <= LONGEST_NAME:
            words = [word for word in words if is_english_word(plain_letters(word))]
        if len(words) >= max(_LEAST_OTHER, _OTHER_SHARE * len(here.lows)):
            return min(words)
    if "\\" in translation:
        lines_lost = translation.count("\n") < source.count("\n")
        if len(_ESCAPED_BREAK.findall(translation)) > len(_ESCAPED_BREAK.findall(source)):
            return "\\n"
        if lines_lost and translation.count("\\n") > source.count("\\n"):
            return "\\n"
        if _UNICODE_ESCAPE.search(translation) and not _UNICODE_ESCAPE.search(source):
            return "\\u"
        if (quote := _ESCAPED_QUOTE.search(translation)) and "\\" not in source:
            return str(quote[0])
    if "&" in translation:
        for pattern in (_TWICE_ESCAPED, _UNCLOSED_ENTITY):
            if len(found := pattern.findall(translation)) > len(pattern.findall(source)):
                return str(found[0])
    if "&" in translation or "&" in source:
        return _other_entity(source, translation)
    return ""


def _suspicious(reading: Reading) -> set[str]:
    """The characters of a text with which damaged ones begin, few of which are in any text."""
    found = set(_DAMAGED & reading.signs)
    if not reading.latin and not reading.signs <= _USUAL:
        found.update(_RARE.findall("".join(reading.signs)))
    if not reading.letters.isascii():
        found.update([letter for letter in _DAMAGED_LETTERS if letter in reading.letters])
    return found


def _other_entity(source: str, translation: str) -> str:
    """An entity that only one of the texts has, and whose character the other one has not either."""
    there: Counter[str] = Counter(_ENTITY.findall(source))
    here: Counter[str] = Counter(_ENTITY.findall(translation))
    if there == here:
        return ""
    for entity in here - there:
        character = html.unescape(entity)
        if character in _BREAKS and entity not in there:
            return entity
        if character == entity or (character in _WRITTEN_FREELY and _may_be_escaped(source, translation, character)):
            continue
        if here[entity] > there[entity] + _others(source, character, entity):
            return entity
    for entity in there - here:
        character = html.unescape(entity)
        if (
            character in "<>&"
            and character not in _ENTITY.sub("", source)
            and character in _ENTITY.sub("", translation)
        ):
            return entity
        if character == entity and not _is_own_entity_lost(entity, there, here):
            continue
        if character.isalpha() or character in "\u00a0«»“”\u202f '’\"–—…":
            continue
        if character not in translation and not _others(translation, character, entity):
            return entity
    return ""


def _is_own_entity_lost(entity: str, there: Counter[str], here: Counter[str]) -> bool:
    """Whether an entity that only this document has is gone, and no other one stands for it."""
    return entity not in here and not any(html.unescape(other) == other for other in here - there)


def _may_be_escaped(source: str, translation: str, character: str) -> bool:
    """Whether a translator may write a sign as an entity.

    Where the source has entities, too; in HTML, quotation marks and ampersands; an ampersand that stands for "et".
    """
    if _ESCAPED.search(source) or (character in _ESCAPED_IN_HTML and "</" in source and "=&" not in translation):
        return True
    return character == "&" and "&" not in source and translation.count(" &amp; ") == translation.count("&")


_ESCAPED_IN_HTML: Final = frozenset('&"')
_WRITTEN_FREELY: Final = frozenset("&\"'’“”‘\u00a0–—…")
"""Where the source is escaped, too, these are a translator's own."""


def _others(text: str, character: str, entity: str) -> int:
    """How often ``text`` has the character of ``entity``, as another entity, or as itself unless HTML escapes it."""
    as_itself = 0 if character in "&<>\"'" else text.count(character)
    entities: list[str] = _ENTITY.findall(text)
    return as_itself + sum(html.unescape(each) == character and each != entity for each in entities)

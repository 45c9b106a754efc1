"""Markup of Markdown and reStructuredText that an answer has and its source has not, or has in another form.

Models write Markdown where there was plain text, and translate the words of markup. Emphasis and code that a text of
markup has more or less of are a translator's own choice.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

from transforms.text import flags
from transforms.text.findings import Finding, finding
from transforms.text.words.reading import read

ADDED_SIGNS: Final = frozenset("~*`#_:[【†<\n")
"""Without one of them in the answer, there is none."""
_STRUCK: Final = "~~"
_FENCE: Final = "```"
_LEVEL = re.compile(r"(?m)^ {0,3}(#{1,6}) ")
_PARAGRAPH_WITHIN = re.compile(r"\n(?:(?<=[a-z,]\n)|(?<=[a-z,] \n))[^\S\n]*\n\s{0,4}[a-z]")
_CITED = re.compile(r"【[^】\n]{0,60}】|\[(?:citation needed|source|ref(?:erence)?|\d{1,2}†[^\]\n]{0,40})\]")
_NOTED = re.compile(r"\w(?:\[\d{1,2}\])+[.\s]*\Z")
_EMPHASIS = re.compile(r"\*(?<![\w*`\\/(]\*)[A-Za-z][^*\n]{0,60}(?<![\s\\])\*(?![\w*`])")
_CODE = re.compile(r"(?<![\w`])``?[A-Za-z][a-z ]{1,40}``?(?![\w`])")
_UNDERLINED = re.compile(r"_(?<![\w]_)[^\W_][^_\n]{0,60}_(?!\w)")
_QUOTED = re.compile(r"'(?<![^\W\d_]')\S")
_LONGEST_PLAIN: Final = 150
"""Of longer texts, the two languages often have markup of different age."""
_MARKED: Final = frozenset('*`<_#[|\\{«"“‘')
_ROLE = re.compile(r":([\w:+-]{2,20}):(?=`)")
_BARE_ROLE = re.compile(r":(?<![\w`]:)`[^`\n]+`")
_MANUAL_PAGE = re.compile(r"\*\w[\w.-]*\*\(\d")
_PLAIN_PAGE = re.compile(r"\((?<=\w\()\d[a-z]{0,2}\)")


def added_markup_findings(source: str, translation: str) -> tuple[Finding, ...]:
    """markup_mismatch: markup that is new in the answer, or of another kind."""
    here = read(translation).signs
    for signs, check in _CHECKS:
        if not signs.isdisjoint(here) and (found := check(source, translation)):
            return (finding(flags.MARKUP_MISMATCH, found),)
    if "*" in read(source).signs and (lost := _page_unmarked(source, translation)):
        return (finding(flags.MARKUP_MISMATCH, lost),)
    return ()


def _struck(source: str, translation: str) -> str:
    return _STRUCK if _STRUCK in translation and _STRUCK not in source else ""


def _half_fence(source: str, translation: str) -> str:
    return _FENCE if translation.count(_FENCE) % 2 and source.count(_FENCE) % 2 == 0 else ""


def _other_level(source: str, translation: str) -> str:
    """A heading that is one of another level."""
    there, here = _LEVEL.findall(source), _LEVEL.findall(translation)
    return str(here[0]) if there != here and len(there) == len(here) else ""


def _broken_sentence(source: str, translation: str) -> str:
    """A blank line within a sentence."""
    if "\n\n" not in translation or "\n\n" in source:
        return ""
    match = _PARAGRAPH_WITHIN.search(translation)
    return translation[max(0, match.start() - 20) : match.end()] if match else ""


def _cited(source: str, translation: str) -> str:
    """The mark of a source or a note."""
    if "[" in read(source).signs:
        return ""
    for pattern in (_CITED, _NOTED):
        if (match := pattern.search(translation)) and match[0] not in source:
            return match[0]
    return ""


def _marked_plain_text(source: str, translation: str) -> str:
    """Emphasis, or a piece of code, in the translation of a short text without any mark."""
    if len(source) > _LONGEST_PLAIN or not _MARKED.isdisjoint(read(source).signs):
        return ""
    if "'" in source and _QUOTED.search(source):
        return ""
    for pattern in (_EMPHASIS, _CODE, _UNDERLINED):
        if match := pattern.search(translation):
            return match[0]
    return ""


def _other_role(source: str, translation: str) -> str:
    """A role of reStructuredText that the source has not, instead of one of it, or one without its name."""
    if ":`" not in translation:
        return ""
    there, here = Counter(_ROLE.findall(source)), Counter(_ROLE.findall(translation))
    new = here.keys() - there.keys()
    if new and there - here and here.total() <= there.total():
        return str(min(new))
    match = _BARE_ROLE.search(translation)
    return match[0] if match and not _BARE_ROLE.search(source) else ""


def _page_unmarked(source: str, translation: str) -> str:
    """A page of a manual, *name*(1), that lost its marks."""
    match = _MANUAL_PAGE.search(source)
    if not match or "(" not in read(translation).signs:
        return ""
    kept, named = len(_MANUAL_PAGE.findall(translation)), len(_PLAIN_PAGE.findall(translation))
    return match[0] if kept < len(_MANUAL_PAGE.findall(source)) and named else ""


_CHECKS: Final = (
    (frozenset("~"), _struck),
    (frozenset("`"), _half_fence),
    (frozenset("#"), _other_level),
    (frozenset("\n"), _broken_sentence),
    (frozenset("[【"), _cited),
    (frozenset("*`_"), _marked_plain_text),
    (frozenset("`"), _other_role),
)
"""What a text with a sign is looked through for."""

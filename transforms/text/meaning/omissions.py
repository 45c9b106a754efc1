"""Where an answer says that it leaves something out, or ends in the middle of a phrase, and the source does not."""

from __future__ import annotations

import re
from typing import Final

from transforms.text import flags
from transforms.text.findings import Finding, finding
from transforms.text.words.reading import read
from transforms.text.words.word_sets import word_set

_DOTS = re.compile(r"(?:\.{3,}|…)[\"”»)\]]?\s*\Z|[\[(](?:\.{3,}|…)[\])]|(?<=\w )(?:\.{3}|…)(?= \w)")
_ANY_DOTS = re.compile(r"\.\.|…")
_REMARK = re.compile(
    r"""[\[(<*#—–-]{1,3}[^\[\]()<>\n]{0,60}\b(?:truncat|omit|remain|rest\b|continu|cut\b|snip|skip|abbreviat|shorten|left\s+out
      |more\b)[^\[\]()<>\n]{0,60}[\])>*-]{1,3}\s*\Z""",
    re.IGNORECASE | re.VERBOSE,
)
_BRACKETED_REMARK = re.compile(
    r"\[[^\[\]\n]{0,40}(?i:truncat|omit|remain|rest\b|continu|snip|skip|abbreviat|shorten|limit|untranslat|missing|not\s+transl"
    r"|suivre|suite|unclear|illegible|sic\b)[^\[\]\n]{0,40}\]"
)
_REMARK_WORDS: Final = word_set(
    """truncated truncation omitted omitting remaining remainder rest continued continues continue cut snip snipped skip
    skipped abbreviated shortened more left"""
)
_AND_SO_ON = re.compile(r"(?i)\b(?:etc\b\.?|and\s+so\s+(?:on|forth)\b\.?)[\"”)\]]?\s*\Z")
_AND_SO_ON_WORDS: Final = word_set("etc forth on")
_FRENCH_SO_ON = re.compile(r"(?i)\betc|…|\.\.\.|ainsi\s+de\s+suite|par\s+exemple|notamment|autres?\b|\bp\.?\s?ex")
_HANGING: Final = word_set("the a an and or your our their its this these those very")
_OPEN: Final = frozenset("([{“«")
_CLOSING: Final = frozenset(")]>*-")
_STOPS: Final = frozenset(".!?")
_LEAST_SOURCE: Final = 60
_SO_ON_CHARS: Final = 20
_SENTENCE_ENDS: Final = frozenset('.!?»”")')


def omission_findings(source: str, translation: str) -> tuple[Finding, ...]:
    """unfinished: "[…]", "(rest omitted)", "etc." of the answer's own, or an end such as "and the" or "("."""
    here = read(translation)
    if "[" in here.signs and "[" not in source and (match := _BRACKETED_REMARK.search(translation)):
        return (finding(flags.UNFINISHED, match[0]),)
    so_on = bool(here.lows) and here.lows[-1] in _AND_SO_ON_WORDS
    dots = "…" in here.signs or "..." in translation
    if not dots and translation[-1] in _STOPS:
        return _so_on(source, translation) if so_on else ()
    if dots and len(source) >= _LEAST_SOURCE and _own_dots(source, translation):
        return (finding(flags.UNFINISHED, translation[-40:]),)
    remarks = translation[-1] in _CLOSING and not _REMARK_WORDS.isdisjoint(here.low_set)
    if (
        remarks
        and _CLOSING.isdisjoint(source.rstrip()[-3:])
        and _REMARK.search(translation, max(0, len(translation) - 130))
    ):
        return (finding(flags.UNFINISHED, translation[-40:]),)
    if so_on and (found := _so_on(source, translation)):
        return found
    if source.rstrip()[-1:] in _SENTENCE_ENDS and len(source) >= _LEAST_SOURCE and _hangs(here.lows, translation):
        return (finding(flags.UNFINISHED, translation[-40:]),)
    return ()


def _so_on(source: str, translation: str) -> tuple[Finding, ...]:
    if _AND_SO_ON.search(translation, max(0, len(translation) - _SO_ON_CHARS)):
        return () if _FRENCH_SO_ON.search(source) else (finding(flags.UNFINISHED, translation[-40:]),)
    return ()


def _own_dots(source: str, translation: str) -> bool:
    """Whether dots stand for words of the source. A label or a message of progress may end with them, too."""
    if _ANY_DOTS.search(source) or _FRENCH_SO_ON.search(source) or not (match := _DOTS.search(translation)):
        return False
    return match.end() < len(translation) or source.rstrip()[-1:] in _SENTENCE_ENDS


def _hangs(lows: list[str], translation: str) -> bool:
    """Whether the answer ends with an article, a conjunction or an opened bracket."""
    end = translation.rstrip()
    return end[-1] in _OPEN or (end[-1].isalpha() and bool(lows) and lows[-1] in _HANGING)

"""Signs that end or begin a remark beside a translation, and that the answer has more often than its source."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from transforms.text.words.reading import read

_HEAD: Final = 80
END_SIGNS: Final = frozenset(":>=|→⇒➜\n.-")
START_SIGNS: Final = frozenset("\n#|→⇒~;/[({<.-")
_COUNTED: Final = (END_SIGNS | START_SIGNS) - {".", "-", ":"}
_OTHER_ENDS: Final = frozenset("!?…")
_COLON = re.compile(r":[*_\"']{0,3}\s")
SENTENCE_ENDS: Final = frozenset("!?.…")
DASHES: Final = frozenset("-–—")
_ANY_SIGN: Final = END_SIGNS | START_SIGNS | SENTENCE_ENDS | DASHES
_NONE: Final[frozenset[str]] = frozenset()


@lru_cache(maxsize=8)
def new_signs(text: str, source: str) -> frozenset[str]:
    """The signs of those that end or begin a part that the text has more often than the source; "." for any sentence.

    Few translations have one, and then all that is said here need not be looked for.
    """
    present = _ANY_SIGN & read(text).signs
    if not present:
        return _NONE
    new = set()
    for sign in present & _COUNTED:
        if text.count(sign) > source.count(sign):
            new.add(sign)
    # Few texts have more marks than the source, and only theirs need a closer look.
    marks = SENTENCE_ENDS & present
    if marks and _more(marks, text, source) and _breaks(text, marks) > _breaks(source, read(source).signs):
        new.add(".")
    marks = DASHES & present
    if marks and _more(marks, text, source) and _dashes(text) > _dashes(source):
        new.add("-")
    if (
        ":" in present
        and _COLON.search(text, 0, _HEAD)
        and (text.count(":") > source.count(":") or _lacks_colon(source, _HEAD))
    ):
        new.add(":")
    return frozenset(new)


def _more(marks: frozenset[str], text: str, source: str) -> bool:
    """Whether the text has the marks more often than the source."""
    return sum(map(text.count, marks)) > sum(map(source.count, marks))


def _breaks(text: str, signs: frozenset[str]) -> int:
    """How often a sentence ends within a text; abbreviations such as "p.m." and "e.g." end none."""
    ends = text.count(". ")
    if ends:
        ends -= text.count(".m. ") + text.count(".g. ") + text.count(".e. ")
    for mark in _OTHER_ENDS & signs:
        ends += text.count(f"{mark} ")
    return ends


def _dashes(text: str) -> int:
    return text.count(" - ") + text.count(" – ") + text.count(" — ")


def _lacks_colon(source: str, place: int) -> bool:
    """Whether no colon of the source may be the one at a place of the answer."""
    return ":" not in source[: 2 * place + 30]

"""Signs that end or begin a remark beside a translation, and that the answer has more often than its source."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from transforms.text.reading import read

_HEAD: Final = 80
END_SIGNS: Final = frozenset(":>=|→⇒➜\n.-")
START_SIGNS: Final = frozenset("\n#|→⇒~;/[({<.-")
_SIGNS: Final = (END_SIGNS | START_SIGNS) - {".", "-"}
_COUNTED: Final = b">=|\n!?#~;[({<"
_OTHER_ENDS: Final = frozenset("!?…")
_COLON = re.compile(r":[*_\"']{0,3}\s")
SENTENCE_ENDS: Final = frozenset("!?.…")
DASHES: Final = frozenset("-–—")


@lru_cache(maxsize=8)
def new_signs(text: str, source: str) -> frozenset[str]:
    """The signs of those that end or begin a part that the text has more often than the source; "." for any sentence.

    Few translations have one, and then all that is said here need not be looked for.
    """
    reading = read(text)
    if reading.latin and read(source).latin and ": " not in text[:_HEAD]:
        # One pass over the bytes of each text takes a fraction of the time of a count of each sign.
        others = text.encode("latin-1").translate(None, _COUNTED), source.encode("latin-1").translate(None, _COUNTED)
        fewer = len(text) - len(others[0]) <= len(source) - len(others[1])
        if fewer and " - " not in text and " //" not in text and _breaks(text) <= _breaks(source):
            return frozenset()
    signs = reading.signs
    new = {sign for sign in _SIGNS & signs if text.count(sign) > source.count(sign)}
    # Two characters take far longer to count than one.
    marks = SENTENCE_ENDS & signs
    if marks and sum(map(text.count, marks)) > sum(map(source.count, marks)) and _breaks(text) > _breaks(source):
        new.add(".")
    dashes = DASHES & signs
    if dashes and sum(map(text.count, dashes)) > sum(map(source.count, dashes)) and _dashes(text) > _dashes(source):
        new.add("-")
    if ":" in signs:
        new.discard(":")
        if _COLON.search(text, 0, _HEAD) and (text.count(":") > source.count(":") or _lacks_colon(source, _HEAD)):
            new.add(":")
    return frozenset(new)


def _breaks(text: str) -> int:
    """How often a sentence ends within a text; abbreviations such as "p.m." and "e.g." end none."""
    ends = text.count(". ")
    if ends:
        ends -= text.count(".m. ") + text.count(".g. ") + text.count(".e. ")
    for mark in _OTHER_ENDS & read(text).signs:
        ends += text.count(f"{mark} ")
    return ends


def _dashes(text: str) -> int:
    return text.count(" - ") + text.count(" – ") + text.count(" — ")


def _lacks_colon(source: str, place: int) -> bool:
    """Whether no colon of the source may be the one at a place of the answer."""
    return ":" not in source[: 2 * place + 30]

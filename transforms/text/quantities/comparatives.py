"""More for less, and at most for at least: limits of a quantity that were turned round."""

from __future__ import annotations

import re
from typing import Final

from transforms.text import flags
from transforms.text.findings import Finding, finding
from transforms.text.words.reading import lowered, read
from transforms.text.words.word_sets import word_set

LIMITS_FR: Final = frozenset(("moins", "plus", "maximum", "minimum"))
_LIMITS_EN: Final = word_set("least most more less fewer over under higher lower greater minimum maximum")
_LONGEST: Final = 600
"""A longer text has more limits than one."""
_AT_LEAST: Final = ("au moins", "au minimum")
_AT_MOST: Final = ("au plus", "au maximum")
_THAN_FR = re.compile(r"\b(moins|plus) d[e’'] ?(\d+)")
_PER_CENT_FR = re.compile(r"% de (moins|plus)\b")
_MORE: Final = "more|greater|higher|over"
_LESS: Final = "less|fewer|lower|under"


def limit_findings(source: str, translation: str) -> tuple[Finding, ...]:
    """number_missing for a source with one of ``LIMITS_FR``: a limit of which the answer says the contrary."""
    if len(source) > _LONGEST or _LIMITS_EN.isdisjoint(read(translation).low_set):
        return ()
    there, here = lowered(source), lowered(translation)
    least, most = (any(words in there for words in limit) for limit in (_AT_LEAST, _AT_MOST))
    if least and not most and "at most" in here and "at least" not in here:
        return (finding(flags.NUMBER_MISSING, "at most"),)
    if most and not least and "at least" in here and "at most" not in here:
        return (finding(flags.NUMBER_MISSING, "at least"),)
    for limit, number in _THAN_FR.findall(there):
        contrary = _MORE if limit == "moins" else _LESS
        if match := re.search(rf"(?<!no )(?<!not )\b(?:{contrary}) (?:than )?{number}\b", here):
            return (finding(flags.NUMBER_MISSING, match[0]),)
    for limit in _PER_CENT_FR.findall(there):
        if match := re.search(rf"% (?:{_MORE if limit == 'moins' else _LESS})\b", here):
            return (finding(flags.NUMBER_MISSING, match[0]),)
    return ()

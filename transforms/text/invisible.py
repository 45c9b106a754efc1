"""Characters that nobody sees, in an answer and not in the source: zero-width blanks, soft hyphens, direction marks."""

from __future__ import annotations

import re
from itertools import chain
from typing import Final

from transforms.text.reading import read

_INVISIBLE: Final = "\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb"
_BEYOND_LATIN: Final = map(chr, chain(range(0x200B, 0x2070), range(0xFEFF, 0xFFFC)))
_ANY: Final = frozenset(filter(re.compile(f"[{_INVISIBLE}\u200c\u200d]").match, chain("\u00ad", _BEYOND_LATIN)))
_FOUND = re.compile(f"[{_INVISIBLE}]|[\u200c\u200d](?<![^\x00-\u036f].)")
"""Joiners belong to emoji and to scripts that join letters, not beside Latin letters."""


def without_invisible(text: str, source: str) -> str:
    """``text`` without invisible characters that the source does not have."""
    if _ANY.isdisjoint(read(text).signs):
        return text
    return _FOUND.sub(lambda match: match[0] if match[0] in source else "", text)


_COLOUR = re.compile("\x1b\\[[\\d;]{0,12}[A-Za-z]")


def without_colours(text: str) -> str:
    """``text`` without a terminal's commands, of which only half would be left without control characters."""
    return _COLOUR.sub("", text)

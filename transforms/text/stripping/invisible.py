"""Characters that nobody sees, in an answer and not in the source: zero-width blanks, soft hyphens, direction marks.

Also tags, which spell hidden text, fillers of other scripts, and selectors of an emoji's look where no emoji is.
"""

from __future__ import annotations

import re
from typing import Final

from transforms.text.words.reading import read

_INVISIBLE: Final = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff"
    "\u3164\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff"
)
_SOFT_HYPHEN: Final = "\u00ad"
_EMPTY_BRAILLE: Final = "\u2800"
"""Looks like a blank, and stands for one."""
_RARE = re.compile(f"[{_INVISIBLE}{_EMPTY_BRAILLE}\u200c\u200d\ufe00-\ufe0f]")
_FOUND = re.compile(
    f"[{_INVISIBLE}]|[\u200c\u200d](?<![^\x00-\u036f].)|[\ufe00-\ufe0f](?<=[\x00-\x7f\u00c0-\u024f].)(?!\u20e3)"
)
"""Joiners and selectors belong to emoji, and joiners to scripts that join letters: not beside Latin letters."""
_BRAILLE = re.compile(f" ?{_EMPTY_BRAILLE} ?")


def without_invisible(text: str, source: str) -> str:
    """``text`` without invisible characters that the source does not have; a blank for an empty sign of Braille."""
    reading = read(text)
    if (reading.latin and _SOFT_HYPHEN not in reading.signs) or not _RARE.search("".join(reading.signs)):
        return text
    text = _FOUND.sub(lambda match: match[0] if match[0] in source else "", text)
    return _BRAILLE.sub(lambda match: match[0] if match[0].strip(" ") in source else " ", text)


_COLOUR = re.compile("\x1b\\[[\\d;]{0,12}[A-Za-z]")


def without_colours(text: str) -> str:
    """``text`` without a terminal's commands, of which only half would be left without control characters."""
    return _COLOUR.sub("", text)

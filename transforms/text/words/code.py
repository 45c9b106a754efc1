"""Taking away pieces of code, addresses and markup, whose words are no words.

Their patterns have many alternatives, of which none begins with a certain character, so they are slow. Here they see
only the words with a sign of code; whole lines only where a piece may have blanks in it.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_BEFORE_BLANKS: Final = ("`", "<", "{")
"""Only pieces that begin with one of them may have blanks in them."""


class Code(NamedTuple):
    """A kind of code.

    Attributes:
        pattern: A piece of it, always in one line.
        sign: What each piece without blanks has.
    """

    pattern: re.Pattern[str]
    sign: re.Pattern[str]


def without_code(text: str, code: Code) -> str:
    """``text`` with a blank in place of each piece of code, as ``code.pattern.sub(" ", text)`` returns it."""
    if not _may_have_blanks(text):
        return _by_words(text, code)
    lines = text.split("\n")
    return "\n".join(
        [code.pattern.sub(" ", line) if _may_have_blanks(line) else _by_words(line, code) for line in lines]
    )


def _may_have_blanks(text: str) -> bool:
    return any(map(text.__contains__, _BEFORE_BLANKS))


def _by_words(text: str, code: Code) -> str:
    pattern, sign = code
    return " ".join(
        [word if word.isalpha() or not sign.search(word) else pattern.sub(" ", word) for word in text.split(" ")]
    )

"""Whether a text is worth sending: nothing blank, and nothing without words, ever reaches a model.

An empty prompt would even be a command to Ollama, to load or unload the model.
"""

from __future__ import annotations

import re
from enum import Enum

from transforms.text import flags
from transforms.text.sanitize import sanitize

SHORT_WORDS = 4

_PLAIN = re.compile(r"[^\W\d_]{3,}[^\S\n]+[^\W\d_]{2,}")
"""Two words in a row: most texts are decided by this alone."""

_NOT_WORDS = re.compile(
    r"""https?://\S+ | www\.\S+ | [\w.+-]+@[\w-]+\.[\w.-]+   # addresses
    | \$?\{\{?[^{}\n]*\}?\} | %\(\w+\)[sd] | %[sd] | &\#?\w+; | </?[A-Za-z][^<>\n]*>   # placeholders, entities, tags
    | \b(?=\w*\d)\w+(?:[-/.:]\w+)*\b   # codes, numbers, references: all with a digit in their first part
    | \b[A-Z]{1,6}(?:-[A-Z0-9]*\d[A-Z0-9]*)+\b   # ABC-123
    """,
    re.VERBOSE,
)
_LETTER = re.compile(r"[^\W\d_]")
_BLANK = re.compile(r"[\s\u200b-\u200f\u2060\ufeff\x00-\x1f]*")
_SURROGATE = re.compile("[\ud800-\udfff\ufffd]")


class Gate(Enum):
    """What becomes of a source."""

    NULL = "null"
    BLANK = "blank"
    NON_LINGUISTIC = "non_linguistic"
    TRANSLATE = "translate"


def classify(text: str | None) -> Gate:
    """What is to be done with ``text``: numbers, symbols, emoji, a bare address or code are passed through."""
    if text is None:
        return Gate.NULL
    if _PLAIN.search(text):
        return Gate.TRANSLATE
    if _BLANK.fullmatch(text):
        return Gate.BLANK
    return Gate.TRANSLATE if _LETTER.search(_NOT_WORDS.sub(" ", text)) else Gate.NON_LINGUISTIC


def source_flags(text: str | None, gate: Gate) -> tuple[str, ...]:
    """What there is to say of a source, given what ``classify`` said."""
    if text is None or gate is Gate.BLANK:
        return (flags.SRC_EMPTY,)
    if gate is Gate.NON_LINGUISTIC:
        return (flags.SRC_NON_LINGUISTIC,)
    short = (flags.SRC_SHORT,) if len(text) < 80 and len(text.split()) < SHORT_WORDS else ()
    # Composing accents changes no text for a reader; what was repaired or replaced is told.
    repaired = _SURROGATE.search(text) or len(sanitize(text)) < len(text) - text.count("\u0301") - text.count("\u0300")
    return (*short, flags.SRC_ENCODING_FIXED) if repaired else short

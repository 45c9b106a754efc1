"""Whether a text is worth sending: nothing blank, and nothing without words, ever reaches a model.

An empty prompt would even be a command to Ollama, to load or unload the model. In doubt a text is sent: a code that a
model copies costs one request, words that are passed through are a row left in French. Everything here takes time in
proportion to the text, whatever is in it.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final

from transforms.text import flags
from transforms.text.sanitize import sanitize

_SLICE_CHARS = 100_000
SHORT_WORDS = 4
_SHORT_CHARS = 80

_INVISIBLE = (
    (0x00, 0x20), (0x7F, 0xA0), (0xAD, 0xAD), (0x034F, 0x034F), (0x061C, 0x061C), (0x115F, 0x1160), (0x1680, 0x1680),
    (0x17B4, 0x17B5), (0x180B, 0x180E), (0x2000, 0x200F), (0x2028, 0x202F), (0x205F, 0x206F), (0x2800, 0x2800),
    (0x3000, 0x3000), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xE0001, 0xE007F),
)  # fmt: skip
BLANK: Final = "".join(chr(point) for first, last in _INVISIBLE for point in range(first, last + 1))
"""Every character that shows nothing: white space, controls, zero-width and other ignorable ones."""

_PLAIN = re.compile(r"(?<![^\W\d_])[^\W\d_]{3,30}[^\S\n]{1,3}[^\W\d_]{2}")
"""Two words in a row: most texts are decided by this alone."""

_COPIED = re.compile(
    r"""(?:https?|ftp|file)://\S+ | (?<!\w)www\.\S+ | (?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}
    | \$?\{{1,2}[ ]?[\w.:|!<>-]{1,60}[ ]?\}{1,2}    # {nom}, {{ client.nom }}, ${date}, {heure:>10}
    | %\(\w{1,60}\)[a-z] | %[sdif](?!\w)            # %(nom)s, %s
    | &\#?\w{1,30}; | </?[A-Za-z][^<>\n]{0,200}>    # HTML
    """,
    re.VERBOSE,
)
"""Addresses, placeholders and markup: a model would copy them."""

_DIGIT = re.compile(r"\d")
_WORD_BESIDE_DIGITS = re.compile(r"[a-z]{3}|[^\W\d_a-zA-Zºªµμ]|(?<!\w)\d+(?:er|re|e|nde?)s?(?!\w)")
"""In "500mg/jour", "3ème", "1er": the letters of codes and units are capitals, or one or two. Also finds "½"."""

_HEXADECIMAL = re.compile(r"[0-9a-f]{8,}(?:-[0-9a-f]{4,}){0,8}")
_WORD = re.compile(r"[\u3040-\u9fff]|[^\s\u3040-\u9fff]+")
"""Chinese and Japanese have no spaces: a character counts as a word."""


class Gate(Enum):
    """What becomes of a source."""

    NULL = "null"
    BLANK = "blank"
    NON_LINGUISTIC = "non_linguistic"
    TRANSLATE = "translate"


def is_blank(text: str) -> bool:
    """Whether a reader sees nothing of ``text``."""
    return not text.strip(BLANK)


def classify(text: str | None) -> Gate:
    """What is to be done with ``text``: numbers, symbols, emoji, a bare address or code are passed through."""
    if text is None:
        return Gate.NULL
    if len(text) > _SLICE_CHARS:
        return _classify_slices(text)
    if _PLAIN.search(text):
        return Gate.TRANSLATE
    if is_blank(text):
        return Gate.BLANK
    return Gate.TRANSLATE if any(map(_is_word, _COPIED.sub(" ", text).split())) else Gate.NON_LINGUISTIC


def _classify_slices(text: str) -> Gate:
    """The same for a long text: one regular expression over all of it would block the whole program for seconds."""
    found = Gate.BLANK
    for start in range(0, len(text), _SLICE_CHARS):
        gate = classify(text[start : start + _SLICE_CHARS])
        if gate is Gate.TRANSLATE:
            return gate
        found = Gate.NON_LINGUISTIC if gate is Gate.NON_LINGUISTIC else found
    return found


def _is_word(token: str) -> bool:
    """Whether there is something to translate in ``token``, which has no white space: "RAS", "3ème", not "ABC-123"."""
    if _DIGIT.search(token):
        letters = "".join(_WORD_BESIDE_DIGITS.findall(token))
        return any(map(str.isalpha, letters)) and not _HEXADECIMAL.fullmatch(token)
    return any(map(str.isalpha, token))


def source_flags(text: str | None, gate: Gate) -> tuple[str, ...]:
    """What there is to say of a source, given what ``classify`` said."""
    if gate in (Gate.NULL, Gate.BLANK) or text is None:
        return (flags.SRC_EMPTY,)
    found = (flags.SRC_NON_LINGUISTIC,) if gate is Gate.NON_LINGUISTIC else ()
    if gate is Gate.TRANSLATE and len(text) < _SHORT_CHARS and len(_WORD.findall(text)) < SHORT_WORDS:
        found = (flags.SRC_SHORT,)
    return (*found, flags.SRC_ENCODING_FIXED) if encoding_fixed(text) else found


def encoding_fixed(text: str) -> bool:
    """Whether what is sent differs from ``text``, or ``text`` has U+FFFD, which readers put for what can't be read."""
    return "\ufffd" in text or sanitize(text) != text

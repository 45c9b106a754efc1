"""Decide whether a text is sent to a model. Blank texts and texts without words never are.

Ollama even takes an empty prompt as a command to load or unload the model. In doubt, the text is sent: a code that the
model copies costs one request, whereas words that are passed through leave a row in French. Everything here takes
linear time, for any text.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final

from transforms.text import flags
from transforms.text.request.sanitize import sanitize

_SLICE_CHARS = 100_000
SHORT_WORDS = 4
_SHORT_CHARS = 80

_INVISIBLE = (
    (0x00, 0x20), (0x7F, 0xA0), (0xAD, 0xAD), (0x034F, 0x034F), (0x061C, 0x061C), (0x115F, 0x1160), (0x1680, 0x1680),
    (0x17B4, 0x17B5), (0x180B, 0x180E), (0x2000, 0x200F), (0x2028, 0x202F), (0x205F, 0x206F), (0x2800, 0x2800),
    (0x3000, 0x3000), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xE0001, 0xE007F),
)  # fmt: skip
BLANK: Final = "".join(chr(point) for first, last in _INVISIBLE for point in range(first, last + 1))
"""All invisible characters: white space, controls, zero-width and other ignorable characters."""

_PLAIN = re.compile(r"(?<![^\W\d_])[^\W\d_]{3,30}[^\S\n]{1,3}[^\W\d_]{2}")
"""Two consecutive words, which are enough to decide most texts."""

_COPIED = re.compile(
    r"""(?:https?|ftp|file)://\S+ | (?<!\w)www\.\S+ | (?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}
    | \$?\{{1,2}[ ]?[\w.:|!<>-]{1,60}[ ]?\}{1,2}    # {nom}, {{ client.nom }}, ${date}, {heure:>10}
    | %\(\w{1,60}\)[a-z] | %[sdif](?!\w)            # %(nom)s, %s
    | &\#?\w{1,30}; | </?[A-Za-z][^<>\n]{0,200}>    # HTML
    """,
    re.VERBOSE,
)
"""Addresses, placeholders and markup, which a model would only copy."""

_DIGIT = re.compile(r"\d")
_WORD_BESIDE_DIGITS = re.compile(r"[a-z]{3}|[^\W\d_a-zA-Zºªµμ]|(?<!\w)\d+(?:er|re|e|nde?)s?(?!\w)")
"""The words in "500mg/jour", "3ème" and "1er". Letters of codes and units don't match: they are capitals, or fewer than
three. Also matches "½"."""

_HEXADECIMAL = re.compile(r"[0-9a-f]{8,}(?:-[0-9a-f]{4,}){0,8}")
_WORD = re.compile(r"[\u3040-\u9fff]|[^\s\u3040-\u9fff]+")
"""Chinese and Japanese are written without spaces, so each of their characters counts as a word."""


class Gate(Enum):
    """The kind of a source, which decides whether it is translated."""

    NULL = "null"
    BLANK = "blank"
    NON_LINGUISTIC = "non_linguistic"
    TRANSLATE = "translate"


def is_blank(text: str) -> bool:
    """Return whether ``text`` has no visible character."""
    first = text[:1]
    # Most texts begin with a plain letter, which is a quicker test than removing all invisible characters.
    return not (first.isascii() and first.isalnum()) and not text.strip(BLANK)


def classify(text: str | None) -> Gate:
    """Classify ``text``. Numbers, symbols, emoji and bare addresses or codes are non-linguistic."""
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
    """Classify a long text in slices. One regular expression over all of it would block the process for seconds."""
    found = Gate.BLANK
    for start in range(0, len(text), _SLICE_CHARS):
        gate = classify(text[start : start + _SLICE_CHARS])
        if gate is Gate.TRANSLATE:
            return gate
        found = Gate.NON_LINGUISTIC if gate is Gate.NON_LINGUISTIC else found
    return found


def _is_word(token: str) -> bool:
    """Return whether ``token``, which has no white space, needs translation: "RAS" and "3ème" do, "ABC-123" doesn't."""
    if _DIGIT.search(token):
        letters = "".join(_WORD_BESIDE_DIGITS.findall(token))
        return any(map(str.isalpha, letters)) and not _HEXADECIMAL.fullmatch(token)
    return any(map(str.isalpha, token))


def source_flags(text: str | None, gate: Gate) -> tuple[str, ...]:
    """Return the source flags of a text that ``classify`` put through ``gate``."""
    if gate in (Gate.NULL, Gate.BLANK) or text is None:
        return (flags.SRC_EMPTY,)
    found = (flags.SRC_NON_LINGUISTIC,) if gate is Gate.NON_LINGUISTIC else ()
    if gate is Gate.TRANSLATE and len(text) < _SHORT_CHARS and len(_WORD.findall(text)) < SHORT_WORDS:
        found = (flags.SRC_SHORT,)
    return (*found, flags.SRC_ENCODING_FIXED) if encoding_fixed(text) else found


def encoding_fixed(text: str) -> bool:
    """Return whether sanitising changes ``text``, or ``text`` contains U+FFFD, which indicates a decoding error."""
    return "\ufffd" in text or sanitize(text) != text

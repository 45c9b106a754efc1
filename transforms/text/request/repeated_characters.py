"""Shorten long sequences of one character (dot leaders, rules, blanks) for sending, and restore them in translations.

Ollama aborts a generation after some thirty equal tokens, and records are full of such sequences. They need no
translation anyway.
"""

from __future__ import annotations

import re
from typing import NamedTuple

LONGEST = 6
"""The length to which longer sequences are shortened."""

_REPEATED = re.compile(r"([^\w\s]|_|[ \t\u00a0]|\r?\n)\1{%d,}" % (LONGEST - 1))  # noqa: UP031 - braces belong to the pattern

_ALIKE = bytes(LONGEST - 1)


class Shortened(NamedTuple):
    """A text with its repeated characters shortened.

    Attributes:
        text: The shortened text, which is sent.
        originals: Every sequence of at least ``LONGEST`` equal characters, in order, as in the original text.
    """

    text: str
    originals: tuple[str, ...]

    @property
    def changed(self) -> bool:
        """Whether any sequence was shortened."""
        return any(len(sequence) > LONGEST * len(_character(sequence)) for sequence in self.originals)

    def restore(self, translation: str) -> str:
        """Return the translation with the original sequences, or unchanged if its sequences differ in kind or order."""
        if not self.originals:
            return translation
        found = [match[0] for match in _REPEATED.finditer(translation)]
        if list(map(_character, found)) != list(map(_character, self.originals)):
            return translation
        originals = iter(self.originals)
        return _REPEATED.sub(lambda match: next(originals), translation)


def shorten(text: str) -> Shortened:
    """Cut every sequence of one character to ``LONGEST``; ``shorten(text).restore(shorten(text).text) == text``."""
    if not _may_repeat(text):
        return Shortened(text, ())
    originals = tuple(match[0] for match in _REPEATED.finditer(text))
    if not originals:
        return Shortened(text, ())
    return Shortened(_REPEATED.sub(lambda match: match[1] * LONGEST, text), originals)


def _may_repeat(text: str) -> bool:
    """Whether some character stands there often enough in a row: far cheaper to tell than what the pattern finds.

    As one long number, shifted by a character and compared with itself, the text has a zero in place of each character
    that equals the one before it. All characters beyond Latin-1 count as one.
    """
    encoded = text.encode("latin-1", "replace")
    number = int.from_bytes(encoded, "big")
    return _ALIKE in (number ^ (number >> 8)).to_bytes(len(encoded), "big") or "\r\n" * LONGEST in text


def _character(sequence: str) -> str:
    return "\r\n" if sequence.startswith("\r\n") else sequence[0]

"""Marks around a whole answer that the source does not have: emphasis, brackets, formulas, calls of functions."""

from __future__ import annotations

import re
from typing import Final

_EMPHASIS = re.compile(r"([*_~]{1,3})(?=[^\s*_~])(.+)(?<=[^\s*_~])\1\Z", re.DOTALL)
_FORMULA = re.compile(r"\$?\\(?:boxed|text(?:it|bf|rm)?)\{(.+)\}\$?\Z", re.DOTALL)
_CALL = re.compile(r"(?:print|return|translate|echo|text|String)[( ]\s*([\"'`])(.+)\1\)?;?\Z", re.DOTALL)
_BRACKETS: Final = {
    "(": ")",
    "[": "]",
    "{": "}",
    "<": ">",
    "‹": "›",
    "「": "」",
    "『": "』",
    "【": "】",
    "《": "》",
    "'": "'",
    '"': '"',
    "`": "`",
}
_QUOTES: Final = frozenset("'\"`")
_SOURCE_QUOTES: Final = _QUOTES | frozenset("«“‘„»")
_FIRST: Final = frozenset("*_~$\\") | _BRACKETS.keys()
_LEAST_WRAPPED: Final = 3


def without_wrapping_marks(text: str, source: str) -> str:
    """``text`` without marks around all of it, if the source has none of them."""
    first, last = text[0], text[-1]
    if last == ")" and (match := _CALL.match(text)) and "(" not in source:
        return match[2]
    if first not in _FIRST:
        return text
    if first in "*_~":
        match = _EMPHASIS.match(text) if first not in source else None
        return match[2] if match and match[1] not in match[2] else text
    if first in "$\\":
        match = _FORMULA.match(text) if "\\" not in source else None
        return match[1] if match else text
    if _BRACKETS[first] != last or len(text) < _LEAST_WRAPPED or source.lstrip()[:1] == first:
        return text
    if first in _QUOTES and source.lstrip()[:1] in _SOURCE_QUOTES:
        return text
    inner = text[1:-1]
    while inner[:1] == first and inner[-1:] == last and len(inner) > 1:
        inner = inner[1:-1]
    return inner if " " in inner and _is_balanced(inner, first, last) else text


def _is_balanced(inner: str, first: str, last: str) -> bool:
    """Whether the marks around are one pair: none within, or only pairs of brackets."""
    if first == last:
        return first not in inner
    depth = 0
    for mark in inner:
        depth += (mark == first) - (mark == last)
        if depth < 0:
            return False
    return depth == 0

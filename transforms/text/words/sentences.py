"""The sentences and lines of a text, for what its language is: without passages that may stay French."""

from __future__ import annotations

import re
from typing import Final

from transforms.text.words.reading import passages

_SENTENCE_END = re.compile(r"[.!?…\n](?:(?<!\n)[\"'”»)\]]{0,3}\s+|(?<=\n)\n*)")
_QUOTED = re.compile('«[^«»\n]{1,60}»|“[^“”\n]{1,60}”|"[^"\n]{1,60}"|`[^`\n]{1,200}`|```.*?```|<[^<>]{1,200}>', re.S)
"""Titles, names, code and tags: they stay French in a good translation."""

QUOTE_MARKS: Final = '«“"`<'
_ADDRESS = re.compile(r"https?://\S+|www\.\S+|\\\S+|/(?<=\s/)\S+")
_ADDRESS_OR_MAIL = re.compile(r"https?://\S+|www\.\S+|\S{1,80}@\S{1,80}|\\\S+|(?<=\s)/\S+")
_AT_SIGN = re.compile("@")


def sentences_of(text: str) -> list[str]:
    """Sentences and lines, without passages that may stay French: short quotations, code, tags, addresses."""
    if "//" in text or "@" in text or "\\" in text or " /" in text:
        text = without_addresses(text)
    if any(map(text.__contains__, QUOTE_MARKS)):
        text = _QUOTED.sub(" ", text)
    return split(text)


def without_addresses(text: str) -> str:
    """``text`` with a blank in place of each web or mail address and path."""
    cleaned, end = "", 0
    # What stands before an at sign takes by far the most time to look for.
    for first, last in passages(text, _AT_SIGN) if "@" in text else ():
        start = max(first - 1, 0)  # the pattern asks what stands before a slash
        cleaned += _ADDRESS.sub(" ", text[end:start]) + _ADDRESS_OR_MAIL.sub(" ", text[start:last])
        end = last
    return cleaned + _ADDRESS.sub(" ", text[end:])


def split(text: str) -> list[str]:
    """The sentences and lines with their end marks, without the white space after them."""
    sentences, start = [], 0
    for match in _SENTENCE_END.finditer(text):
        end = match.start()
        sentences.append(text[start : end + (text[end] != "\n")])
        start = match.end()
    return [*sentences, text[start:]]

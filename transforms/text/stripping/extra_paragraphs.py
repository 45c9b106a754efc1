"""Paragraphs before and after a translation that translate nothing of the source, in whatever words or language."""

from __future__ import annotations

import re
from typing import Final

from transforms.text.stripping.task_talk import SEVERAL, explained_share, explaining_keys
from transforms.text.words.alignment import coverage, keys_of, words_of

_BREAK = re.compile(r"\n[ \t]*\n\s*")
_ANNOUNCED = re.compile(r"[^\n]{3,200}[:：]\**[ \t]*\n\s*")
_CONTENT = re.compile(r"[^\W\d_]{3,}")
_LONGEST: Final = 600
_LEAST_WORDS: Final = 2
_MOST_EXPLAINED: Final = 0.12
_MOST_REPEATED: Final = 0.5
_LEAST_REST: Final = 0.45
_LEAST_SOURCE_WORDS: Final = 3


def without_extra_paragraphs(text: str, source: str) -> str:
    """``text`` without a first or last paragraph that the source does not explain, if it has more lines.

    What is left has all the words of the source that the whole has. A first line that ends with a colon is a paragraph.
    """
    if text.count("\n") <= source.count("\n") or len(_lines(text)) <= len(_lines(source)):
        return text
    start = _ANNOUNCED.match(text) or _BREAK.search(text)
    if start and _may_go(text[: start.end()], text[start.end() :], text, source):
        return text[start.end() :]
    breaks = list(_BREAK.finditer(text, max(0, len(text) - _LONGEST)))
    if breaks and _may_go(text[breaks[-1].end() :], text[: breaks[-1].start()], text, source):
        return text[: breaks[-1].start()]
    return text


def _lines(text: str) -> list[str]:
    return [line for line in text.split("\n") if line.strip()]


def _may_go(part: str, rest: str, text: str, source: str) -> bool:
    if len(part) > _LONGEST or len(_CONTENT.findall(part)) < _LEAST_WORDS or len(_lines(rest)) < len(_lines(source)):
        return False
    content = {word.lower() for word in _CONTENT.findall(part)}
    repeated = len(content.intersection(word.lower() for word in _CONTENT.findall(rest))) > _MOST_REPEATED * len(
        content
    )
    if repeated or SEVERAL.search(part) or explained_share(part, explaining_keys(source)) > _MOST_EXPLAINED:
        return False
    words = words_of(source)
    if len(words) < _LEAST_SOURCE_WORDS:
        return False
    covered = coverage(words, keys_of(rest))
    return covered >= _LEAST_REST and covered >= coverage(words, keys_of(text)) - 0.01

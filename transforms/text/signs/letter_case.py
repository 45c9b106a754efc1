"""Answers in capitals, in lower case or in title case, whole or in part, where the source is not."""

from __future__ import annotations

import re
from typing import Final

from transforms.text import flags
from transforms.text.findings import Finding
from transforms.text.words.reading import read

_LEAST_CAPITALS: Final = 10
_LEAST_TITLE, _LEAST_LOWER = 8, 90
_LEAST_NAMED, _LEAST_NAMES, _LONG_ENOUGH = 40, 2, 60
_NAMED_TIMES: Final = frozenset(
    "monday tuesday wednesday thursday friday saturday sunday january february april june july september october"
    " november december".split()
)
_NAME = re.compile(r"(?<=[a-zà-ÿ,] )[A-ZÀ-Ý][a-zà-ÿ]{2,}")
_LOWER_SENTENCE = re.compile(r"[.!?] [a-z]")
_UPPER_SENTENCE = re.compile(r"[.!?…] [A-ZÀ-Ý]")
_LEAST_SHOUTED, _LEAST_SHOUTED_WORDS, _MORE_CAPITALS = 16, 4, 2
_MIXED = re.compile(r"[a-z][A-Z][a-z][A-Z]|[A-Z][a-z][A-Z][a-z][A-Z]")
_LEAST_MIXED: Final = 10
"""As in "tHe pUmP LeAkS"."""
_LEAST_TITLE_WORDS: Final = 6
_SMALL_WORDS: Final = frozenset("Of And To The In On For With By From Or A An Is At As Not Be".split())
_NO_CAPITALS: Final = bytes(byte for byte in range(256) if not 65 <= byte <= 90)


def case_findings(source: str, translation: str) -> tuple[Finding, ...]:
    """The flag ``capitals`` for an answer of another letter case than its source."""
    of_one_case = translation.isupper() or translation.islower() or translation.istitle()
    changed = of_one_case and (
        _is_shouted(source, translation) or _is_of_one_case(source, translation) or _is_title(source, translation)
    )
    return (Finding(flags.CAPITALS),) if changed or _shouts(source, translation) else ()


def _is_shouted(source: str, translation: str) -> bool:
    if not translation.isupper() or sum(map(str.isalpha, translation)) < _LEAST_CAPITALS:
        return False
    lower = sum(map(str.islower, source))
    return " " in translation.strip() and lower > 0.6 * sum(map(str.isalpha, source))


def _capitals(text: str) -> int:
    return len(text.encode("ascii", "replace").translate(None, _NO_CAPITALS))


def _shouts(source: str, translation: str) -> bool:
    """Whether a passage of the answer is in capitals that the source has not."""
    capitals = _capitals(translation)
    if capitals < _LEAST_MIXED or capitals < _MORE_CAPITALS * _capitals(source):
        return False
    if len(_MIXED.findall(translation)) > len(_MIXED.findall(source)) + 1:
        return True
    if capitals < _LEAST_SHOUTED:
        return False
    passage, words = _longest_in_capitals(translation)
    return (
        passage >= _LEAST_SHOUTED
        and words >= _LEAST_SHOUTED_WORDS
        and passage > _MORE_CAPITALS * _longest_in_capitals(source)[0]
    )


def _longest_in_capitals(text: str) -> tuple[int, int]:
    """The letters and the words of the longest passage in capitals."""
    best, letters, words = (0, 0), 0, 0
    for word in read(text).words:
        letters, words = (letters + len(word), words + 1) if word.isupper() else (0, 0)
        best = max(best, (letters, words))
    return best


def _is_title(source: str, translation: str) -> bool:
    """Whether each word has a capital, even "of", where the source is no heading: it begins without one."""
    words = translation.split()
    return (
        source[:1].islower()
        and len(words) >= _LEAST_TITLE_WORDS
        and translation.istitle()
        and not _SMALL_WORDS.isdisjoint(words[1:])
    )


def _names(source: str) -> list[str]:
    """The capitalised words within sentences, in lower case."""
    return [name.lower() for name in _NAME.findall(source)]


def _is_of_one_case(source: str, translation: str) -> bool:
    """Whether no sentence of the answer begins with a capital, or each of its words does, unlike in the source."""
    if translation.islower():
        if len(translation) >= _LEAST_LOWER and _LOWER_SENTENCE.search(translation) and _UPPER_SENTENCE.search(source):
            return True
        if len(translation) >= _LEAST_NAMED and not _NAMED_TIMES.isdisjoint(read(translation).low_set):
            return True
        named = source[:1].isupper() and len(translation) >= _LEAST_NAMED
        names = read(translation).low_set.intersection(_names(source)) if named else ()
        return len(names) >= (_LEAST_NAMES if len(translation) < _LONG_ENOUGH else 1)
    if not translation.istitle() or source.istitle() or translation.count(" ") < _LEAST_TITLE:
        return False
    return translation.rstrip()[-1] in ".!?" and "  " not in translation

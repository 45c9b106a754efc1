"""Words that were broken: blanks lost between them or put within them, letters that became digits or marks."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

from transforms.text.words.reading import read

_LEAST_WORDS, _GLUED, _SPACED, _LONGEST_WORD = 5, 3, 0.35, 22
_SPLIT_WORD = re.compile(r"- (?<=[a-z]- )(?!and |or |to |but |nor |as )[a-z]")


_LETTERS_APART = re.compile(r"(?<!\w)(?:[^\W\d_] ){3}[^\W\d_](?!\w)")
_BLANK = re.compile(r"\s")
_LEAST_BLANKS, _LONGEST_ALONE, _FRAGMENTED, _LEAST_JOINED, _SURE_JOINED, _MOST_CHANCE = 4, 12, 0.2, 6, 8, 2
_LISTED: Final = frozenset("/;,|")
"""What a list without blanks has."""
_DIGIT_WITHIN = re.compile(r"(?<=[a-z])\d(?=[a-z])")
_QUESTION_WITHIN = re.compile(r"\?(?<=[a-z]\?)[a-z]+(?![\w=])")


def broken_words(source: str, translation: str) -> str:
    """Where blanks are lost between words or stand within words, or letters are not what they were; "" if nowhere."""
    here = read(translation)
    words, own = len(here.lows), len(read(source).lows)
    if own >= _LEAST_WORDS and words * _GLUED < own:
        longest = max(here.words, key=len, default="")
        if len(longest) > _LONGEST_WORD and longest not in source:
            return longest
    if own >= _LEAST_WORDS and len(translation) > _LONGEST_WORD and _BLANK.search(translation) is None:
        longest = max(here.words, key=len, default="")
        glued = _LISTED.isdisjoint(here.signs) or (len(longest) > _LONGEST_ALONE and longest not in source)
        return translation[:_LONGEST_WORD] if glued and len(_BLANK.findall(source)) >= _LEAST_BLANKS else ""
    if words >= _LEAST_WORDS and words > _FRAGMENTED * len(translation) and (joined := _joined(here.lows, source)):
        return joined
    if words >= _LEAST_WORDS and words > _SPACED * len(translation) and _LETTERS_APART.search(translation):
        return translation[:_LONGEST_WORD]
    if "- " in translation and len(split := _SPLIT_WORD.findall(translation)) > len(_SPLIT_WORD.findall(source)):
        return str(split[0])
    return _other_letters(source, translation)


def _joined(lows: list[str], source: str) -> str:
    """A word of the source whose two parts stand beside each other in the answer, if there are two of them."""
    own = read(source).low_set
    found = {first + second for first, second in pairwise(lows)} & own
    found = {word for word in found if len(word) >= _LEAST_JOINED and word not in lows and word in source}
    longest = max(found, key=len, default="")
    return longest if len(found) >= _MOST_CHANCE or len(longest) >= _SURE_JOINED else ""


def _other_letters(source: str, translation: str) -> str:
    """Where digits or question marks stand for letters."""
    here, there = read(translation), read(source)
    if len(here.numbers) > len(there.numbers) + _MOST_CHANCE:
        found = _DIGIT_WITHIN.findall(translation)
        if len(found) > len(_DIGIT_WITHIN.findall(source)) + _MOST_CHANCE:
            return str(found[0])
    found = _QUESTION_WITHIN.findall(translation) if "?" in here.signs else []
    if len(found) >= _MOST_CHANCE and not _QUESTION_WITHIN.search(source):
        return str(found[0])
    return ""

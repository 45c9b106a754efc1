"""Words in a row that an answer says once more than its source does, in whole sentences or in parts of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain
from operator import attrgetter
from typing import Final

from transforms.text.meaning.loops import GRAM, repeated_grams
from transforms.text.words.alignment import english_keys, words_of
from transforms.text.words.language_words import ENGLISH
from transforms.text.words.reading import read

_LEAST_LETTERS: Final = 4
_MOST_CHECKED: Final = 10
"""Passages whose words are counted exactly, which takes time in proportion to the source."""
_LEAST_CONTENT, _LEAST_AT_END = 3, 1
"""Different words that are no function words, in a passage that is said again, and in one at the end."""


def said_again(source: str, translation: str) -> str:
    """A passage each of whose words the answer has more often than the source, in part twice; "" if there is none.

    A translator repeats a noun where French has a pronoun, but hardly a passage with three different ones. Where the
    answer ends with it, one is enough: a model that does not know its end begins anew.
    """
    repeated = repeated_grams(translation)
    if not repeated:
        return ""
    lows = read(translation).lows
    enough = [
        (lows[start:end], content)
        for start, end in _passages([place for place, _ in repeated])
        if len(content := _content(lows[start:end])) >= (_LEAST_AT_END if end == len(lows) else _LEAST_CONTENT)
    ]
    if not enough:  # as in most texts
        return ""
    written, said = Counter(lows), _keys_of_source(source)
    more = [
        (passage, content)
        for passage, content in enough
        if all(0 < _least_times(word, said) < written[word] for word in content)
    ]
    return next(
        (
            " ".join(passage)
            for passage, content in more[:_MOST_CHECKED]
            if all(_times(word, source) < written[word] for word in content)
        ),
        "",
    )


def _content(passage: Sequence[str]) -> frozenset[str]:
    """The different words of a passage that are no function words."""
    return frozenset(word for word in passage if len(word) >= _LEAST_LETTERS and word not in ENGLISH)


def _passages(places: Sequence[int]) -> list[tuple[int, int]]:
    """First and last + 1 word of each passage whose four words in a row are all repeated."""
    passages: list[tuple[int, int]] = []
    for place in places:
        if passages and place <= passages[-1][1] - GRAM + 1:
            passages[-1] = (passages[-1][0], place + GRAM)
        else:
            passages.append((place, place + GRAM))
    return passages


def _keys_of_source(source: str) -> Mapping[str, int]:
    """How many content words of the source have each key."""
    return Counter(chain.from_iterable(map(attrgetter("keys"), words_of(source))))


def _least_times(word: str, said: Mapping[str, int]) -> int:
    """How many words of the source a word of the answer may translate, at least."""
    return max((said.get(key, 0) for key in english_keys(word)), default=0)


def _times(word: str, source: str) -> int:
    """The same, exactly: some words have other keys than others that also mean it."""
    keys = english_keys(word)
    return sum(not each.keys.isdisjoint(keys) for each in words_of(source))

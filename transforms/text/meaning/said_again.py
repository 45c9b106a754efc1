"""Words in a row that an answer says once more than its source does, in whole sentences or in parts of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from transforms.text.meaning.loops import GRAM, repeated_grams
from transforms.text.words.alignment import english_keys, words_of
from transforms.text.words.language_words import ENGLISH
from transforms.text.words.reading import read

_LEAST_LETTERS: Final = 4
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
    written, said = Counter(lows), _places_of_keys(source)
    for start, end in _passages([place for place, _ in repeated]):
        passage = lows[start:end]
        content = {word for word in passage if len(word) >= _LEAST_LETTERS and word not in ENGLISH}
        least = _LEAST_AT_END if end == len(lows) else _LEAST_CONTENT
        if len(content) >= least and all(0 < _times(word, said) < written[word] for word in content):
            return " ".join(passage)
    return ""


def _passages(places: Sequence[int]) -> list[tuple[int, int]]:
    """First and last + 1 word of each passage whose four words in a row are all repeated."""
    passages: list[tuple[int, int]] = []
    for place in places:
        if passages and place <= passages[-1][1] - GRAM + 1:
            passages[-1] = (passages[-1][0], place + GRAM)
        else:
            passages.append((place, place + GRAM))
    return passages


def _places_of_keys(source: str) -> dict[str, list[int]]:
    """Which content words of the source have each key."""
    places: dict[str, list[int]] = defaultdict(list)
    for place, word in enumerate(words_of(source)):
        for key in word.keys:
            places[key].append(place)
    return places


def _times(word: str, said: Mapping[str, Sequence[int]]) -> int:
    """How many words of the source a word of the answer may translate."""
    found = [said[key] for key in english_keys(word) if key in said]
    return len(found[0]) if len(found) == 1 else len(set().union(*found))

from __future__ import annotations

import pytest

from transforms.text.words.word_sets import CACHED_WORDS, WordCache, skeleton, stem, without_accents


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("valve", "valves"),
        ("replaced", "replacing"),
        ("study", "studies"),
        ("run", "running"),
        ("key", "keys"),
        ("warn", "warnings"),
        ("apply", "applied"),
    ],
)
def test_forms_of_an_english_word_have_one_stem(one: str, other: str) -> None:
    assert stem(one) == stem(other)


def test_related_words_of_both_languages_have_one_skeleton() -> None:
    assert skeleton("système") == skeleton("system")
    assert skeleton("pression") != skeleton("pompe")


def test_accents_and_ligatures_become_plain_letters() -> None:
    assert without_accents("Éléphant déçu, cœur") == "Elephant decu, coeur"
    assert without_accents("plain") == "plain"


def test_a_word_is_looked_up_once_and_the_cache_is_bounded() -> None:
    asked: list[str] = []

    def length(word: str) -> int:
        asked.append(word)
        return len(word)

    cache = WordCache(length)
    assert (cache["valve"], cache["valve"]) == (5, 5)
    assert asked == ["valve"]
    for number in range(CACHED_WORDS):
        assert cache[str(number)] == len(str(number))
    assert len(cache) <= CACHED_WORDS
    assert cache["valve"] == 5
    assert asked.count("valve") == 1, "a word of before is at hand"
    for number in range(CACHED_WORDS, 3 * CACHED_WORDS):
        assert cache[str(number)] == len(str(number))
    assert cache["valve"] == 5
    assert asked.count("valve") == 2, "words are not kept for ever"

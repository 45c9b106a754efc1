from __future__ import annotations

import pytest

from transforms.text.words.lexicon import english_stems, glosses, is_english, is_false_friend, is_only_french, parts_of
from transforms.text.words.word_sets import stem


@pytest.mark.parametrize(
    ("form", "word"),
    [
        ("vannes", "valve"),
        ("remplacée", "replace"),
        ("sera", "will"),
        ("finissait", "finish"),
        ("chaudière", "boiler"),
        ("parcourus", "travel"),
    ],
)
def test_a_word_is_found_in_all_its_forms(form: str, word: str) -> None:
    assert any(word in gloss for gloss in glosses(form))
    assert stem(word) in english_stems(form)


def test_a_word_of_a_phrase_is_found_in_its_plural() -> None:
    assert stem("header") in english_stems("têtes")


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("workshop", ("work", "shop")),
        ("workshops", ("work", "shop")),
        ("colder", ("cold",)),
        ("coldest", ("cold",)),
        ("valve", ()),
    ],
)
def test_compounds_and_comparatives_have_parts(word: str, parts: tuple[str, ...]) -> None:
    assert parts_of(word) == parts


def test_an_unknown_word_has_no_gloss() -> None:
    assert glosses("xyzzy") == ()
    assert english_stems("xyzzy") == frozenset()


@pytest.mark.parametrize(
    ("word", "friend"),
    [("salon", True), ("importer", True), ("table", False), ("avenue", False), ("xyzzy", False)],
)
def test_false_friends(word: str, friend: bool) -> None:
    assert is_false_friend(word) == friend


def test_words_of_one_language_only() -> None:
    assert (is_english("pressure"), is_only_french("pressure")) == (True, False)
    assert (is_english("chaudière"), is_only_french("chaudière")) == (False, True)

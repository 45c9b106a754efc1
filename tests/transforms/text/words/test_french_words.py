"""French words of copies, in all their forms, and names that look like them."""

from __future__ import annotations

import pytest

from transforms.text.words.french_words import is_french, is_name, looks_french


@pytest.mark.parametrize(
    "word",
    """Taverne parution Guildes Charbon sachiez pouvions Noeud Coeur connaitra Sophistiquée authentifient itérative
    passantes cliquables optimales Géorgien TAVERNE Réinitialisable ambiguë élus Ouïghours""".split(),
)
def test_a_word_of_a_copy_is_french_in_every_form_and_spelling(word: str) -> None:
    assert looks_french(word)


@pytest.mark.parametrize(
    "word",
    """Nerva Longa Gouache Version Description Configuration Luminance Malayalam Kinyarwanda Curaçao Jacaré Ping
    DirectX TrueType Çargah Martinique male upgrade optimal index Bluetooth Wikipedia""".split(),
)
def test_words_of_english_and_names_are_not(word: str) -> None:
    assert not looks_french(word)


def test_names_that_look_french_are_known_in_any_case() -> None:
    assert all(map(is_name, ["Pierre", "HÉLÈNE", "Cannes", "rennes"]))
    assert not looks_french("Pierre")
    assert not looks_french("RENNES")
    assert looks_french("rennes")


def test_in_a_translation_only_the_words_of_the_lexicon_count() -> None:
    assert is_french("panne")
    assert is_french("votre")
    assert not is_french("parution")
    assert not is_french("de")

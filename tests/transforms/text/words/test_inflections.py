from __future__ import annotations

import pytest

from transforms.text.words.inflections import english_forms, french_forms


@pytest.mark.parametrize(
    ("word", "forms"),
    [
        ("vanne", {"vannes"}),
        ("cheval", {"chevaux"}),
        ("travail", {"travaux"}),
        ("tuyau", {"tuyaux"}),
        ("technicien", {"techniciens", "technicienne", "techniciennes"}),
        ("directeur", {"directrice", "directrices"}),
        ("neuf", {"neuve", "neuves"}),
        ("léger", {"légère", "légères"}),
    ],
)
def test_plurals_and_feminines_of_french_words(word: str, forms: set[str]) -> None:
    assert {word, *forms} <= french_forms(word)


@pytest.mark.parametrize(("word", "other"), [("port", "porte"), ("vent", "vente"), ("cas", "casse"), ("bois", "boise")])
def test_a_noun_is_not_taken_for_another_one(word: str, other: str) -> None:
    assert other not in french_forms(word)


@pytest.mark.parametrize(
    ("word", "forms"),
    [
        ("valve", {"valves", "valved", "valving"}),
        ("assembly", {"assemblies"}),
        ("knife", {"knives"}),
        ("shelf", {"shelves"}),
        ("craftsman", {"craftsmen"}),
        ("fit", {"fitted", "fitting"}),
        ("box", {"boxes"}),
    ],
)
def test_plurals_and_verb_forms_of_english_words(word: str, forms: set[str]) -> None:
    assert {word, *forms} <= english_forms(word)


@pytest.mark.parametrize("word", ["DN40", "de", "x"])
def test_codes_and_short_words_have_no_feminine(word: str) -> None:
    assert french_forms(word) == {word}
    assert english_forms(word) <= {word, f"{word}s"}

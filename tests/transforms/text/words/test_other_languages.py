from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.text.clean_pairs import clean_pairs
from tests.transforms.text.texts import mixtures
from transforms.text.words import other_languages
from transforms.text.words.other_languages import (
    hardly_english,
    is_foreign,
    is_other_than_english,
    other_language,
    words_of,
)

SOURCE = "La pompe du bâtiment nord est en panne depuis hier."


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("El cliente está muy descontento con el servicio y quiere una devolución.", "es"),
        ("Der Kunde ist mit der Lieferung nicht zufrieden und will sein Geld.", "de"),
        ("The customer is not satisfied with the service and wants a refund.", None),
        (SOURCE, None),
        ("El Paso", None),
    ],
)
def test_languages_that_stop_words_tell(text: str, code: str | None) -> None:
    assert other_language(text) == code


def test_no_clean_text_is_of_a_fifth_language() -> None:
    assert not [pair for pair in clean_pairs() if other_language(pair.french) or other_language(pair.english)]


@pytest.mark.parametrize(
    ("answer", "other"),
    [
        ("Pompa w budynku północnym jest zepsuta od wczoraj.", True),
        ("Pumpen i norra byggnaden har varit trasig sedan igår.", True),
        ("The pump of the north building has been out of order since yesterday.", False),
        ("Vézère, Saint-Aubert-sur-Orne", False),
        ("GX-410 / INC-2024-007", False),
        ("OK", False),
    ],
)
def test_an_answer_that_is_not_english(answer: str, other: bool) -> None:
    assert is_other_than_english(answer, SOURCE) == other


@pytest.mark.parametrize(
    ("source", "answer", "other"),
    [
        ("éthambutol + isoniazide + rifampicine", "ethambutol + isoniazid + rifampicin", False),
        ("éthambutol + isoniazide et placebo", "etambutol + izoniazyd oraz placebo dwa razy", True),
        ("Activer la sélection spectrale (&b)", "Ena&ble spectral selection", False),
        ("Documentation technique complémentaire disponible", "documentación técnica adicional disponible", True),
    ],
)
def test_terms_that_are_alike_in_all_languages_say_nothing(source: str, answer: str, other: bool) -> None:
    assert is_other_than_english(answer, source) == other


def test_a_source_that_is_neither_french_nor_english() -> None:
    assert is_foreign("pompa w budynku północnym jest zepsuta od wczoraj")
    assert not is_foreign(SOURCE)
    assert not is_foreign("the pump of the north building is broken")


def test_words_of_the_source_say_nothing_about_an_answer() -> None:
    assert not hardly_english(SOURCE, SOURCE)
    assert hardly_english("Pompa w budynku północnym jest zepsuta", SOURCE)
    assert not hardly_english("The pump of the north building is broken", SOURCE)


def test_an_elided_word_ends_with_its_apostrophe() -> None:
    assert words_of("L’eau n'est pas là") == ["L'", "eau", "n'", "est", "pas", "là"]


def test_kept_abbreviations_are_no_other_language() -> None:
    answer = "tmpr: 1, prsn: 2, kvlt: 3, vlvq: 4, pmpx: 5, flwq: 6"
    assert not is_other_than_english(answer, "tmpr: 1, prsn: 2, kvlt: 3, vnnq: 4, pmpe: 5, dbtq: 6")
    assert is_other_than_english(answer, "Rien de tel : 1, 2, 3, 4, 5, 6")


@given(st.one_of(mixtures, st.text("ab1 .:/_\\=%-&;<>{}`\n")))
def test_a_text_without_the_signs_of_code_has_no_code(text: str) -> None:
    assert other_languages._without_code(text) == other_languages.CODE.pattern.sub(" ", text)


def test_words_of_the_source_are_not_new_but_what_is_elided_there_is_no_word_of_it() -> None:
    new = other_languages._new_words("prud hommes and xyz", "Les hommes des prud'hommes", lower=False)
    assert new == ["prud", "and", "xyz"]

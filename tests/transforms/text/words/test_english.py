"""English words, and answers in other languages."""

from __future__ import annotations

import pytest

from transforms.text import flags
from transforms.text.checks import check
from transforms.text.words.english import is_english_word, unknown, unlisted


def test_words_are_english_in_every_regular_inflection() -> None:
    assert all(map(is_english_word, ["barley", "colour", "burrowing", "flimsiest", "wandered", "the"]))
    assert all(map(is_english_word, ["codepoint", "genderless", "fuzziness", "submodule", "unreadable"]))
    assert not any(map(is_english_word, ["zamówienie", "ventana", "fönster", "bestanden", "kapcsolat"]))


@pytest.mark.parametrize(
    "answer",
    [
        "La ventana está cerrada desde ayer",
        "Okno jest zamknięte od wczoraj",
        "Fönstret är stängt sedan igår",
        "La finestra rimane chiusa da ieri",
        "Het venster blijft sinds gisteren gesloten",
        "Ablak bezárása tegnap óta",
    ],
)
def test_a_short_answer_in_another_language_is_seen(answer: str) -> None:
    assert flags.WRONG_LANGUAGE in check("La fenêtre est fermée depuis hier", answer)


@pytest.mark.parametrize(
    ("source", "answer"),
    [
        ("Chiffrer, Signer, les Deux, ou Rien ?", "(e)ncrypt, (s)ign, (b)oth, or (c)lear?"),
        ("Orge, blé, roseau ou baies", "Barley, wheat, reed or berries"),
        ("Crème brûlée à la vanille Bourbon", "Bourbon vanilla crème brûlée"),
        ("Le 5ème jour de la conférence", "The 5ᵗʰ day of the conference"),
    ],
)
def test_menus_foods_and_raised_letters_are_english(source: str, answer: str) -> None:
    assert check(source, answer) == ()


def test_words_that_are_not_listed_as_they_stand_may_be_inflected() -> None:
    assert unlisted(frozenset(("the", "barley", "zamówienie"))) == {"zamówienie"}
    assert unlisted(frozenset(("wandered",))) <= {"wandered"}


def test_unknown_words_are_the_same_once_others_are_remembered() -> None:
    words = frozenset(("the", "wandered", "codepoint", "zamówienie", "ął"))
    assert unknown(words, 1) == {"zamówienie"}
    assert unknown(words, 1) == {"zamówienie"}
    assert len(unknown(words, 4)) < 4

from __future__ import annotations

import pytest

from transforms.text.stripping.task_talk import explaining_keys, is_talk, speaks, speaks_apart

SOURCE = "La vanne a été remplacée."
TALK = (
    "Here is the translation of your text:",
    "I'm sorry, I cannot translate this text.",
    "Note: I kept the original wording.",
)


@pytest.mark.parametrize("sentence", TALK)
def test_words_about_the_task_are_talk(sentence: str) -> None:
    assert is_talk(sentence, explaining_keys(SOURCE))
    assert speaks(sentence)
    assert speaks_apart(sentence)


def test_a_translation_is_no_talk() -> None:
    assert not is_talk("The valve was replaced.", explaining_keys(SOURCE))
    assert not speaks("The valve was replaced.")


def test_a_source_that_speaks_of_texts_explains_it() -> None:
    source = "Je regrette, je ne peux pas traduire ce texte."
    assert not is_talk("I'm sorry, I cannot translate this text.", explaining_keys(source))


def test_two_words_of_the_task_among_few_are_talk_whoever_speaks() -> None:
    assert speaks("(Translated from French)")
    assert not speaks("The French text was lost somewhere on the way from Lyon to London.")


def test_an_excuse_is_talk_unless_the_source_excuses() -> None:
    assert is_talk("Sorry about the confusion!", explaining_keys(SOURCE))
    assert not is_talk("Sorry about the confusion!", explaining_keys("Désolé pour la confusion !"))

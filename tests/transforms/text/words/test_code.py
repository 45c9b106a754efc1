from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.text.texts import mixtures
from transforms.text.meaning import whole_copies
from transforms.text.words import other_languages
from transforms.text.words.code import without_code


@given(st.one_of(mixtures, st.text("ab1A .:/_\\=%$@#(-&;<>{}`\n\t\u00a0")))
def test_code_is_found_word_by_word_as_in_the_whole_text(text: str) -> None:
    for code in (other_languages.CODE, whole_copies.CODE):
        assert without_code(text, code) == code.pattern.sub(" ", text)


def test_words_of_code_are_taken_away() -> None:
    text = "Ouvrez `le fichier` nom_du_fichier, puis\n<b>appuyez</b> sur F5 : voir https://exemple.org/aide."
    assert without_code(text, whole_copies.CODE).split() == "Ouvrez , puis appuyez sur : voir".split()

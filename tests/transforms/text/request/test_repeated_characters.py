from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.text.request.repeated_characters import LONGEST, shorten

CHARACTERS = st.text(st.sampled_from(".-_=* \t\u00a0\n\raé9…"), max_size=80)
LONG = st.lists(
    st.tuples(st.sampled_from([".", "-", "_", " ", "\n", "\r\n", "*", "a"]), st.integers(1, 60)), max_size=8
)


@given(st.one_of(CHARACTERS, LONG.map(lambda pieces: "".join(character * count for character, count in pieces))))
def test_restoring_a_shortened_text_returns_the_original(text: str) -> None:
    shortened = shorten(text)
    assert shortened.restore(shortened.text) == text
    assert shorten(shortened.text).text == shortened.text
    assert shortened.changed == (shortened.text != text)


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("Nom : ........................ Date : ____________", "Nom : ...... Date : ______"),
        ("Total" + " " * 40 + "12 €", "Total" + " " * LONGEST + "12 €"),
        ("a\n\n\n\n\n\n\n\n\nb", "a\n\n\n\n\n\nb"),
        ("a\r\n" + "\r\n" * 20 + "b", "a" + "\r\n" * LONGEST + "b"),
        ("aaaaaaaaaaaaaaa 1000000000", "aaaaaaaaaaaaaaa 1000000000"),
        ("Attends...", "Attends..."),
    ],
)
def test_long_sequences_of_one_character_are_shortened(text: str, sent: str) -> None:
    assert shorten(text).text == sent


def test_repeated_characters_are_restored_in_the_translation() -> None:
    shortened = shorten("Nom : .................... Date : ____________")
    assert shortened.restore("Name: ...... Date: ______") == "Name: .................... Date: ____________"
    assert shortened.restore("Name: ............ Date: ________") == "Name: .................... Date: ____________"


def test_a_translation_with_other_sequences_is_not_changed() -> None:
    shortened = shorten("Nom : .................... Date : ____________")
    assert shortened.restore("Name and date") == "Name and date"
    assert shortened.restore("Date: ______ Name: ......") == "Date: ______ Name: ......"

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.text.repeated_characters import LONGEST, mask

SIGNS = st.text(st.sampled_from(".-_=* \t\u00a0\n\raé9…"), max_size=80)
LONG = st.lists(
    st.tuples(st.sampled_from([".", "-", "_", " ", "\n", "\r\n", "*", "a"]), st.integers(1, 60)), max_size=8
)


@given(st.one_of(SIGNS, LONG.map(lambda pieces: "".join(sign * count for sign, count in pieces))))
def test_what_is_masked_comes_back_as_it_was(text: str) -> None:
    masked = mask(text)
    assert masked.restore(masked.text) == text
    assert mask(masked.text).text == masked.text
    assert masked.changed == (masked.text != text)


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
def test_long_runs_of_a_sign_are_shortened(text: str, sent: str) -> None:
    assert mask(text).text == sent


def test_runs_come_back_into_the_translation() -> None:
    masked = mask("Nom : .................... Date : ____________")
    assert masked.restore("Name: ...... Date: ______") == "Name: .................... Date: ____________"
    assert masked.restore("Name: ............ Date: ________") == "Name: .................... Date: ____________"


def test_a_translation_with_other_runs_stays_as_it_is() -> None:
    masked = mask("Nom : .................... Date : ____________")
    assert masked.restore("Name and date") == "Name and date"
    assert masked.restore("Date: ______ Name: ......") == "Date: ______ Name: ......"

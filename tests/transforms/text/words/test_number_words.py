from __future__ import annotations

import pytest

from transforms.text.words.number_words import ENGLISH, ENGLISH_OTHER, FRENCH, FRENCH_OTHER, roman_value, values_of


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("deux cents", {2, 100, 200}),
        ("quatre-vingt-dix", {4, 20, 10, 80, 90}),
        ("trois chats, vingt et un chiens", {3, 20, 1, 21}),
        ("deux douzaines", {2, 12}),
    ],
)
def test_each_word_and_each_run_of_words_has_a_value(text: str, values: set[int]) -> None:
    assert values_of(text, FRENCH, FRENCH_OTHER) == values


def test_english_numbers_and_words_that_stand_for_some() -> None:
    assert values_of("Forty-two years, and a half", ENGLISH, ENGLISH_OTHER) == {40, 2, 42, 12, 1, 30, 50}


def test_no_word_is_in_two_tables() -> None:
    assert FRENCH.keys().isdisjoint(FRENCH_OTHER)
    assert ENGLISH.keys().isdisjoint(ENGLISH_OTHER)


def test_roman_numerals_have_a_value() -> None:
    numerals = {"II": 2, "IV": 4, "IX": 9, "XIV": 14, "XXI": 21, "XL": 40, "XC": 90, "CX": 110}
    assert {numeral: roman_value(numeral) for numeral in numerals} == numerals

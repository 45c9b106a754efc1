from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.text.meaning.said_again import said_again

SOURCE = "La pompe de la chaudière est arrêtée. Le technicien contrôle la pression du circuit principal."
ENGLISH = "The boiler pump has stopped. The technician checks the pressure of the main circuit."


@pytest.mark.parametrize(
    ("answer", "passage"),
    [
        (ENGLISH, ""),
        (
            f"{ENGLISH} Later the technician checks the pressure of the main circuit.",
            "the technician checks the pressure",
        ),
        (f"{ENGLISH.rstrip('.')} the technician checks the", "the technician checks the"),
        (f"{ENGLISH} It is the main circuit pressure, the main circuit pressure.", "the main circuit pressure"),
        (f"The pump. {ENGLISH}", ""),
        (f"{ENGLISH} It is said to be so, and it is said to be.", ""),
    ],
)
def test_words_in_a_row_that_are_said_again(answer: str, passage: str) -> None:
    assert said_again(SOURCE, answer).startswith(passage)
    assert bool(said_again(SOURCE, answer)) == bool(passage)


def test_what_the_source_says_again_may_be() -> None:
    source = f"{SOURCE} Demain, le technicien contrôle la pression du circuit principal."
    assert said_again(source, f"{ENGLISH} Tomorrow the technician checks the pressure of the main circuit.") == ""


@given(st.lists(st.sampled_from(ENGLISH.replace(".", "").lower().split()), max_size=40))
def test_the_words_of_a_passage_stand_in_a_row_more_than_once(words: list[str]) -> None:
    said = said_again(SOURCE, " ".join(words)).split()
    rows = list(zip(words, words[1:], words[2:], words[3:], strict=False))
    assert all(rows.count(row) > 1 for row in zip(said, said[1:], said[2:], said[3:], strict=False))


@pytest.mark.timeout(20)
def test_time_is_in_proportion_to_the_texts() -> None:
    times = 20_000
    assert said_again(SOURCE * times, f"{ENGLISH} " * times) == ""

from __future__ import annotations

import pytest

from transforms.text.stripping.cleaning import clean
from transforms.text.stripping.french_spacing import without_french_spacing


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("Is the door closed\u00a0?", "Is the door closed?"),
        ("Warning\u00a0: wet floor\u202f!", "Warning: wet floor!"),
        ("The key «\u00a0%s\u00a0» is lost.", "The key «%s» is lost."),
        ('The key "\u00a0%s\u00a0" is lost', 'The key "\u00a0%s\u00a0" is lost'),
        (
            "See «\u00a0Keys\u00a0».",
            "See «Keys».",
        ),
        ("The key “\u202fblue\u202f” is lost", "The key “blue” is lost"),
        ('The "blue"\u00a0key and the "red"\u00a0one', 'The "blue"\u00a0key and the "red"\u00a0one'),
        ("About 10\u00a0% of 3\u00a0400\u00a0€\u00a0:)", "About 10\u00a0% of 3\u00a0400\u00a0€\u00a0:)"),
        ("Is it closed ?", "Is it closed ?"),
        ("at 10\u00a0:30", "at 10\u00a0:30"),
    ],
)
def test_no_break_blanks_of_french_are_taken_away(answer: str, text: str) -> None:
    assert without_french_spacing(answer, "La clé.") == text
    assert without_french_spacing(answer, f"{answer}\n") == answer


def test_ordinary_blanks_within_quotation_marks_that_were_guillemets_are_taken_away() -> None:
    source = "La boîte « rouge » et le coffre « vert » sont vides."
    spaced = 'The " red " box and the " green " chest are empty.'
    assert clean(spaced, source)[0] == 'The "red" box and the "green" chest are empty.'
    assert clean(spaced, source.replace("«", '"').replace("»", '"'))[0] == spaced
    assert clean('The "\u00a0%s\u00a0" key', "La clé «\u00a0%s\u00a0»")[0] == 'The "%s" key'
    for kept in ('The "red" and "green" boxes', 'a 3.5 " disc, a 5 " one and 2 "', 'the " " sign «'):
        assert without_french_spacing(kept, source) == kept


def test_answers_are_cleaned_of_them() -> None:
    assert clean("Closed\u00a0?", "Fermée\u00a0?") == ("Closed?", ())

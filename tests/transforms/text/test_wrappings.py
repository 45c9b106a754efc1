from __future__ import annotations

import pytest

from transforms.text.wrappings import without_wrapping_marks

SOURCE = "La pompe est en panne."
ENGLISH = "The pump is broken."


@pytest.mark.parametrize(
    "wrapping",
    ["***{}***", "_{}_", "~~{}~~", "({})", "[{}]", "{{{}}}", "「{}」", '"""{}"""', "\\boxed{{}}", 'print("{}")'],
)
def test_marks_around_all_of_it_go(wrapping: str) -> None:
    assert without_wrapping_marks(wrapping.replace("{}", ENGLISH), SOURCE) == ENGLISH


@pytest.mark.parametrize(
    ("source", "english"),
    [
        ("(La pompe est en panne.)", "(The pump is broken.)"),
        ("« La pompe est en panne. »", '"The pump is broken."'),
        ("Aucune", "(none)"),
        (SOURCE, "(The pump) is (broken)"),
        (SOURCE, "*The* pump is *broken*"),
        (SOURCE, ENGLISH),
    ],
)
def test_marks_of_the_source_and_of_parts_stay(source: str, english: str) -> None:
    assert without_wrapping_marks(english, source) == english

from __future__ import annotations

import pytest

from transforms.text.stripping.extra_paragraphs import without_extra_paragraphs

SOURCE = "La pompe a été remplacée hier matin par le technicien."
ENGLISH = "The pump was replaced yesterday morning by the technician."


@pytest.mark.parametrize(
    "around",
    [
        *(
            "Natürlich, gern geschehen:\n\n{}",
            "Merci beaucoup et bonne lecture à vous :\n{}",
            "Splendid, straight to business:\n\n{}",
        ),
        *("{}\n\nHinweis: Fachbegriffe wurden beibehalten.", "{}\n\nEnjoy your evening, dear colleague!"),
    ],
)
def test_a_paragraph_that_translates_nothing_goes(around: str) -> None:
    assert without_extra_paragraphs(around.replace("{}", ENGLISH), SOURCE) == ENGLISH


@pytest.mark.parametrize(
    ("source", "answer"),
    [
        (f"Bonjour,\n\n{SOURCE}", f"Hello,\n\n{ENGLISH}"),
        (SOURCE, f"{ENGLISH}\n\nThe technician replaced the pump."),
        (SOURCE, f"Here are two possibilities:\n\n{ENGLISH}"),
        (SOURCE, "The pump was replaced\n\nby one of our men."),
        (SOURCE, ENGLISH),
    ],
)
def test_what_says_something_of_the_source_stays(source: str, answer: str) -> None:
    assert without_extra_paragraphs(answer, source) == answer

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.text import flags
from transforms.text.answers import clean

SOURCE = "Le patient accepte l'opération."


@pytest.mark.parametrize(
    ("answer", "text", "found"),
    [
        (" The patient agrees.\n", "The patient agrees.", ()),
        ("<think>\nLet me see.\n</think>\n\nThe patient agrees.", "The patient agrees.", (flags.THINK_STRIPPED,)),
        ("Let me see.</think>The patient agrees.", "The patient agrees.", (flags.THINK_STRIPPED,)),
        ("<source>\nThe patient agrees.\n</source>", "The patient agrees.", ()),
        ("The patient agrees.\n</source>", "The patient agrees.", ()),
        ("<think>only this</think>", "", (flags.THINK_STRIPPED,)),
    ],
)
def test_what_goes(answer: str, text: str, found: tuple[str, ...]) -> None:
    assert clean(answer, SOURCE) == (text, found)


@pytest.mark.parametrize(
    ("answer", "source"),
    [
        ("<think>The writer hesitates</think> The patient agrees.", "<think>Le rédacteur hésite</think> Le patient…"),
        ("The tag </source> ends the text.", "La balise </source> ferme le texte."),
        ("He said: <think> is a tag.", SOURCE),
    ],
)
def test_what_stays(answer: str, source: str) -> None:
    assert clean(answer, source) == (answer, ())


@given(st.text(alphabet=st.characters(exclude_characters="<>")))
def test_an_answer_without_tags_only_loses_white_space_around_it(answer: str) -> None:
    assert clean(answer, SOURCE) == (answer.strip(), ())

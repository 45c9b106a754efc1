from __future__ import annotations

import pytest
from hypothesis import given

from tests.transforms.text.texts import HARD, HUGE, mixtures
from transforms.text import flags
from transforms.text.request.sanitize import sanitize
from transforms.text.stripping.cleaning import clean, open_thought

SOURCE = "Le patient accepte l'opération."
THOUGHT = (flags.THINK_STRIPPED,)


@pytest.mark.parametrize(
    ("answer", "text", "found"),
    [
        (" The patient agrees.\n", "The patient agrees.", ()),
        ("<think>\nLet me see.\n</think>\n\nThe patient agrees.", "The patient agrees.", THOUGHT),
        ("\n<think></think>The patient agrees.", "The patient agrees.", THOUGHT),
        ("◁think▷Let me see.◁/think▷The patient agrees.", "The patient agrees.", THOUGHT),
        ("Let me see.\n</think>The patient agrees.", "The patient agrees.", THOUGHT),
        ("<think>Hm.</think><source>The patient agrees.</source>", "The patient agrees.", THOUGHT),
        ("<source>\nThe patient agrees.\n</source>\n", "The patient agrees.", ()),
        ("The patient agrees.\n</source>", "The patient agrees.", ()),
        ("<think>only this</think>", "", THOUGHT),
        ("<source>\n\n</source>", "", ()),
        ("\u200b\n", "", ()),
        ("The patient \ud83d agrees.", "The patient \ufffd agrees.", ()),
    ],
)
def test_what_goes(answer: str, text: str, found: tuple[str, ...]) -> None:
    assert clean(answer, SOURCE) == (text, found)


@pytest.mark.parametrize(
    ("answer", "source"),
    [
        ("<think>The writer hesitates</think> The patient agrees.", "<think>Le rédacteur hésite</think> Le patient…"),
        ("A </think> ends the thought.", "Un </think> finit la pensée."),
        ("<think> opens what </think> closes.", "<think> ouvre."),
        ("The tag </source> ends the text.", "La balise </source> ferme le texte."),
        ("<source>It is about this</source>", "<source>Il s'agit de cela</source>"),
        ("He said: <think> is a tag.", SOURCE),
        ("He wrote <think>this</think> too.", SOURCE),
        ("The tag </source> ends it.", SOURCE),
        ("<source>one</source> and <source>two</source>", SOURCE),
    ],
)
def test_what_stays(answer: str, source: str) -> None:
    assert clean(answer, source) == (answer, ())


@given(mixtures)
def test_a_copy_of_the_source_only_loses_white_space_around_it(text: str) -> None:
    source = sanitize(text)
    answer, found = clean(source, source)
    assert found == ()
    assert answer in (source.strip(), "")


@given(mixtures, mixtures)
def test_the_result_is_valid_and_stripped(answer: str, source: str) -> None:
    text, _ = clean(answer, source)
    text.encode("utf-8")
    assert text == text.strip()


@pytest.mark.parametrize("answer", HARD.values(), ids=HARD)
def test_hard_texts_are_their_own_translation(answer: str) -> None:
    assert clean(answer, answer) == (sanitize(answer).strip(), ())


@pytest.mark.timeout(20)
@pytest.mark.parametrize("text", HUGE.values(), ids=HUGE)
def test_time_is_in_proportion_to_the_answer(text: str) -> None:
    for answer in (f"<source>{text}", f"{text}</source>", f"<think>{text}", f"{text}</think>x"):
        assert clean(answer, SOURCE)[0] == clean(answer, SOURCE)[0].strip()


def test_a_delimiter_stays_where_the_model_repeats_its_prompt() -> None:
    repeated = f"<source>\n{SOURCE}\n\nThe patient agrees to the operation."
    assert clean(repeated, SOURCE) == (repeated, ())  # the checks see the leaked prompt
    assert clean("<source>\nThe patient agrees.", SOURCE) == ("The patient agrees.", ())


def test_thoughts_without_an_end_are_told() -> None:
    assert open_thought("<think>Hm. The patient agrees.", SOURCE) == "<think>"
    assert open_thought("[THINK]Hm. The patient agrees.", SOURCE) == "[THINK]"
    assert open_thought("The patient agrees.", SOURCE) == ""
    assert open_thought("See :ref:`Reflection <reflection>`.", "Voir :ref:`reflection`.") == ""
    assert open_thought("git [-m <reason>] <name>", "git [-m <raison>] <nom>") == ""

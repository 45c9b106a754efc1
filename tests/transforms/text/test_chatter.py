from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.text import chatter, flags
from transforms.text.chatter import leak_findings, option_findings, refusal_findings
from transforms.text.findings import names
from transforms.text.prompts import GENERAL, SIMPLE
from transforms.text.reading import read

SOURCE = "Le colis a été livré à la mauvaise adresse."
TEXT = "The parcel was delivered to the wrong address."
PROMPTS = (GENERAL.system or "", GENERAL.user, SIMPLE.user)


@pytest.mark.parametrize(
    ("source", "answer", "refused"),
    [
        (SOURCE, TEXT, False),
        (SOURCE, "I'm sorry, but I cannot assist with that request.", True),
        (SOURCE, "As an AI language model, I can't do this.", True),
        (SOURCE, "Please provide the text you would like me to translate.", True),
        (SOURCE, "Je suis désolé, mais je ne peux pas traduire ce texte.", True),
        ("Désolée, je ne peux pas venir demain.", "I'm sorry, I can't come tomorrow.", False),
        ("Je n'ai pas pu venir.", "I can't translate this content.", True),
        ("En tant qu'assistante, je signe à sa place.", "As an assistant, I sign on his behalf.", False),
        (f"Le client n'est pas content. {SOURCE} {SOURCE}", "I apologize for this.", True),
        (f"Je suis désolé. {SOURCE}", f"I am sorry. {TEXT}", False),
        ("Navré de ce contretemps.", "I am sorry about this setback.", False),
        # Bad, but willing: sentences with an excuse that say some of the source.
        ("La réunion est reportée à jeudi.", "I am sorry I am late for the meeting, can we use another text?", False),
        ("Il a refusé de signer le document.", "I cannot sign this document, as I am not able to read it.", False),
        ("Aucune sauvegarde trouvée.", "I don't see any backup.", False),
        ("Le patient se plaint de douleurs.", "I am unable to provide medical advice.", True),
    ],
)
def test_refusals(source: str, answer: str, refused: bool) -> None:
    assert names(refusal_findings(source, answer)) == ((flags.REFUSAL,) if refused else ())


@pytest.mark.parametrize(
    ("source", "answer", "several"),
    [
        (SOURCE, TEXT, False),
        (SOURCE, f"Option 1: {TEXT}\nOption 2: {TEXT}", True),
        (SOURCE, f'It can be translated as: "{TEXT}"', True),
        ("RAS", "RAS stands for “nothing to report”.", True),
        ("Option 1 : réparer.\nOption 2 : remplacer.", "Option 1: repair.\nOption 2: replace.", False),
        ("Deux versions : la bleue et la rouge.", "Two versions: the blue one and the red one.", False),
    ],
)
def test_several_versions(source: str, answer: str, several: bool) -> None:
    assert names(option_findings(source, answer)) == ((flags.MULTIPLE_OPTIONS,) if several else ())


@pytest.mark.parametrize(
    ("answer", "leaked"),
    [
        (TEXT, False),
        (f"{TEXT}\n</source>", True),
        (f"You are a professional French-to-English translator. {TEXT}", True),
        (f"{TEXT} Do not summarise, explain or add quotes.", True),
        (f"translate this French text into English: {TEXT}", True),
    ],
)
def test_leaks(answer: str, leaked: bool) -> None:
    assert names(leak_findings(SOURCE, answer, PROMPTS)) == ((flags.PROMPT_LEAK,) if leaked else ())


def test_a_users_own_prompt_leaks_too() -> None:
    prompt = ("Render the record below in plain British English.\n{text}",)
    assert leak_findings(SOURCE, f"Render the record below in plain British English. {TEXT}", prompt)
    assert not leak_findings(SOURCE, TEXT, prompt)


def test_what_the_source_has_is_no_leak() -> None:
    assert not leak_findings("La balise </source> ferme.", "The tag </source> closes.", PROMPTS)


@given(st.text("option versa:12 )\n-", max_size=60))
def test_options_begin_a_line(text: str) -> None:
    text = f"Version 1: a\n{text}\nOr: b"
    assert [match.span() for match in chatter._numbered_options(text)] == [
        match.span() for match in chatter._OPTION.finditer(text)
    ]


@pytest.mark.parametrize(
    ("pattern", "signs"),
    [
        (chatter._SELF, chatter._SELF_WORDS),
        (chatter._REFUSAL, chatter._REFUSAL_WORDS),
        *((pattern, signs) for signs, pattern in chatter._SEVERAL),
    ],
)
@given(data=st.data())
@settings(max_examples=15)
def test_whatever_a_pattern_matches_has_one_of_the_words_that_it_is_asked_for_by(
    pattern: re.Pattern[str], signs: frozenset[str], data: st.DataObject
) -> None:
    text = data.draw(st.from_regex(pattern))
    assert not signs.isdisjoint(read(text).low_set), text

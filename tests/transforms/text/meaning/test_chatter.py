from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.text import flags
from transforms.text.findings import names
from transforms.text.meaning import chatter
from transforms.text.meaning.chatter import leak_findings, refusal_findings
from transforms.text.request.prompts import GENERAL, SIMPLE
from transforms.text.words.reading import read, spoken

SOURCE = "Le colis a été livré à la mauvaise adresse."
TEXT = "The parcel was delivered to the wrong address."
NOTICE = (
    "Le fournisseur peut modifier les directives, le cas échéant, et en informer le client. L'accord du client vaut"
    " aussi pour les directives modifiées. Cette notice n'a aucun effet contractuel."
)
NOTICE_ENGLISH = (
    "Vernex may amend the guidelines now and then where it seems fitting in a particular case. Your agreement to comply"
    " with the guidelines is an agreement of the client to the modified directives, too. This notice has no contractual"
    " effect."
)
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
        ("Afficher le registre des vannes", "I'd be glad to translate! Could you share the text?", True),
        ("Les pompes du bâtiment sont neuves.", "It is not written in French.", True),
        ("Traduire le texte du registre", "Translate the text of the register", False),
        ("Comment aider à trier les vannes ?", "How can I help with triaging the valves?", False),
        ("Remplir un champ", "Typing in a text input box", False),
        (NOTICE, NOTICE_ENGLISH, False),
        ("Le patient se plaint de douleurs.", "I am unable to provide medical advice.", True),
    ],
)
def test_refusals(source: str, answer: str, refused: bool) -> None:
    assert names(refusal_findings(source, answer)) == ((flags.REFUSAL,) if refused else ())


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


@pytest.mark.parametrize(
    ("pattern", "signs"),
    [
        (chatter._SELF, chatter._SELF_WORDS),
        (chatter._REFUSAL, chatter._REFUSAL_WORDS),
        (chatter._ABOUT_A_MODEL, chatter._MODEL_WORDS),
    ],
)
@given(data=st.data())
@settings(max_examples=15)
def test_whatever_a_pattern_matches_has_one_of_the_words_that_it_is_asked_for_by(
    pattern: re.Pattern[str], signs: frozenset[str], data: st.DataObject
) -> None:
    text = data.draw(st.from_regex(pattern))
    assert not signs.isdisjoint(read(text).low_set), text


@given(data=st.data())
def test_a_prompt_of_its_own_has_one_of_the_passages(data: st.DataObject) -> None:
    said = spoken(data.draw(st.from_regex(chatter._SELF)))
    assert any(passage in said for passage in chatter._SELF_PASSAGES)


@given(st.sampled_from([clause for prompt in PROMPTS for clause in chatter._CLAUSE_END.split(prompt)]))
def test_a_clause_of_the_prompt_has_the_words_that_it_is_asked_for_by(clause: str) -> None:
    answer = f"{TEXT} {clause}. {TEXT}"
    asked = [each for clauses in chatter._clauses(PROMPTS).values() for each, _, _ in clauses]
    assert set(chatter._possible(PROMPTS, read(answer))) >= {each for each in asked if each in chatter._folded(answer)}

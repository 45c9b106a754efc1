from __future__ import annotations

import time

import pytest

from transforms.text.stripping.unexplained import (
    explains_nothing,
    has_unexplained_end,
    without_unexplained_end,
    without_unexplained_start,
)

SOURCE = "La vanne principale a été remplacée hier par l'équipe de nuit."
ENGLISH = "The main valve was replaced yesterday by the night crew."


@pytest.mark.parametrize(
    "before",
    [
        "Quick rendering: ",
        "Roger. ",
        "Jawohl! Auf gut Englisch: ",
        "Ecco qua: ",
        "eng_text = ",
        "EN > ",
        "FR-EN | ",
        "en - ",
        "[unsure] ",
        "Finished →  ",
        "Let us begin.\n\n",
        "I shall do my best, although nobody knows: ",
        'Thinking: "hier" means "yesterday". So: ',
        "¡Claro que sí! ",
        "Hmm. ",
        "I'm no professional, mind you. ",
        "Some letters were illegible. ",
        "Task completed. ",
    ],
)
def test_what_stands_before_and_translates_nothing_goes(before: str) -> None:
    text = before + ENGLISH
    assert has_unexplained_end(text, SOURCE)
    while (less := without_unexplained_start(text, SOURCE)) != text:
        text = less
    assert text == ENGLISH


@pytest.mark.parametrize(
    ("source", "english"),
    [
        ("Remarque : la vanne est neuve.", "Note: the valve is new."),
        ("Bonjour, la vanne est neuve.", "Hello! The valve is new."),
        ("115, pour la vanne principale", "115: for the main valve"),
        ("%s : vanne introuvable", "%s: valve not found"),
        ("C'est-à-dire que la vanne est neuve.", "I.e. the valve is new."),
        ("Prix hors taxes de la vanne", "Valve (excl. tax)"),
        ("La vanne est fermée. Elle est neuve.", "The valve is shut. It is new."),
        ("L'en-tête « De: » donne la vanne.", 'The "From:" header gives the valve.'),
        ("Débit maximal de la vanne", "Max. flow of the valve"),
        ("L'appli est en anglais.", "Formal: The app is in English.\n\nInformal: The app is in English."),
        ("Taille de la vanne", "Option 1: Size of the valve\nOption 2: The valve's size"),
        ("- Vanne neuve", "- New valve"),
        ("Brûlé par de la vapeur", "Scald: steam"),
        ("Affichage au plus de %1 vannes. Ouvrir ?", "Showing <= %1 valves. Open?"),
        ("Titre de la vanne", 'Heading of the valve\n\nOther: "Titre"'),
    ],
)
def test_what_the_source_has_in_other_words_or_signs_stays(source: str, english: str) -> None:
    assert without_unexplained_start(english, source) == english


@pytest.mark.parametrize(
    "after",
    [" // finished", " # see glossary", " [Ed.: not quite clear]", "\n\nHope you like my work!", " /* checked */"],
)
def test_what_stands_after_and_translates_nothing_goes(after: str) -> None:
    assert has_unexplained_end(ENGLISH + after, SOURCE)
    assert without_unexplained_end(ENGLISH + after, SOURCE) == ENGLISH


@pytest.mark.parametrize(
    ("source", "english"),
    [
        ("Vanne principale HT", "Main valve (excl. tax)"),
        ("Vanne de droite à gauche", "Right-to-left valve (RLV)"),
        ("La vanne est fermée (voir la page 3).", "The valve is shut (see page 3)."),
        ("Je me suis trompé de vanne. Excusez-moi !", "I took the wrong valve. I am sorry!"),
        ("Ouvrir la vanne # à la main", "Open the valve # by hand"),
        ("Le débit ne peut pas être rétabli dans la vanne.", "The flow in the valve cannot be\n   undone."),
    ],
)
def test_ends_of_the_source_stay(source: str, english: str) -> None:
    assert without_unexplained_end(english, source) == english


def test_a_part_is_explained_by_one_word() -> None:
    assert explains_nothing("return ", SOURCE)
    assert not explains_nothing("Valve ", SOURCE)


def test_long_texts_take_linear_time() -> None:
    text, source = ": ".join(["word"] * 200_000), "mot " * 200_000
    start = time.process_time()
    has_unexplained_end(text, source)
    assert time.process_time() - start < 5

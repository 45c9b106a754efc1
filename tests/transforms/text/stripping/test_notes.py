from __future__ import annotations

import pytest

from transforms.text.stripping.notes import bracketed, without_notes

FRENCH, ENGLISH = "La réunion est reportée à lundi.", "The meeting is postponed until Monday."


@pytest.mark.parametrize(
    "note",
    [
        "\n\nNote: I kept the day as it is.",
        "\n**Note:** the day was kept.",
        "\n\nTranslator's note: a literal rendering.",
        "\n\n---\n\nPlease let me know if anything is unclear.",
        "\nI hope this helps!",
        " (Translator's note: the day is ambiguous.)",
    ],
)
def test_a_note_on_the_translation_goes(note: str) -> None:
    assert without_notes(ENGLISH + note, FRENCH).rstrip() == ENGLISH


@pytest.mark.parametrize(
    ("source", "translation"),
    [
        (f"{FRENCH}\n\nNB : la salle change.", f"{ENGLISH}\n\nNote: the room changes."),
        (f"{FRENCH} (Note : la salle change.)", f"{ENGLISH} (Note: the room changes.)"),
        (f"{FRENCH}\nN'hésitez pas à nous contacter.", f"{ENGLISH}\nPlease let me know if you have questions."),
        (f"{FRENCH}\nLa salle change.", f"{ENGLISH}\nNote: the room changes."),
        (FRENCH, f"{ENGLISH}\nThe room changes."),
        (FRENCH, "Note: the meeting is postponed."),
    ],
)
def test_what_the_source_says_too_stays(source: str, translation: str) -> None:
    assert without_notes(translation, source) == translation


def test_where_a_last_passage_in_brackets_begins() -> None:
    assert bracketed("Postponed [until Monday]") == 10
    assert bracketed("Postponed (until Monday).") == 0
    assert bracketed("Postponed") == bracketed("") == 0

from __future__ import annotations

import pytest

from transforms.text import flags
from transforms.text.findings import names
from transforms.text.meaning.foreign_passages import foreign_passage_findings

SOURCE = (
    "La pompe est neuve. Le technicien reviendra la semaine prochaine pour vérifier la pression. Merci de l'attendre."
)
START, END = "The pump is new.", "Please wait for him."


@pytest.mark.parametrize(
    "sentence",
    [
        "Technik przyjedzie w przyszłym tygodniu sprawdzić ciśnienie w układzie.",
        "Teknikern kommer tillbaka nästa vecka för att kontrollera trycket.",
        "El técnico volverá la próxima semana para comprobar la presión del circuito.",
        "Der Techniker kommt nächste Woche wieder, um den Druck zu überprüfen.",
    ],
)
def test_a_sentence_in_a_third_language_is_found(sentence: str) -> None:
    assert names(foreign_passage_findings(SOURCE, f"{START} {sentence} {END}")) == (flags.CONTENT_MISMATCH,)


def test_english_and_names_are_none() -> None:
    sentence = (
        "The technician will return next week to check the pressure with Wojciech Brzęczyszczykiewicz of Łękołody."
    )
    assert foreign_passage_findings(SOURCE, f"{START} {sentence} {END}") == ()

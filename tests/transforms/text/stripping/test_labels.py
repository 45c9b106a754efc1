from __future__ import annotations

import pytest

from transforms.text.stripping.labels import begins_with_label, without_label

SOURCE = "La pompe a été remplacée hier matin par le technicien."
ENGLISH = "The pump was replaced yesterday morning by the technician."


@pytest.mark.parametrize(
    "label",
    [
        *("In English: ", "EN: ", "[EN] ", "(English) ", "Übersetzung: ", "Final translation in English:\n"),
        *("French → English\n", "Translation of the source text: ", "译文：", "The sentence means that "),
        *("The text says: ", "It can be translated as: ", "So the most natural translation would be: "),
    ],
)
def test_the_name_of_a_translation_goes(label: str) -> None:
    assert without_label(label + ENGLISH, SOURCE) == ENGLISH


@pytest.mark.parametrize("lead", ['The translation is "{}".', 'In English, that is "{}"'])
def test_a_clause_around_a_quotation_goes(lead: str) -> None:
    assert without_label(lead.replace("{}", ENGLISH), SOURCE).strip('"') == ENGLISH


@pytest.mark.parametrize(
    ("source", "english"),
    [
        ("Version : 2.1", "Version: 2.1"),
        ("Votre version : 3. Nouvelle version : 4.", "Your version: 3. New version: 4."),
        ("Solution : vider le cache à 10 h 12.", "Solution: clear the cache at 10:12."),
        ("Traduction : texte en anglais", "Translation: English text"),
        ("Une autre forme est « Refaire », qui saute.", 'Another version is "Redo", which skips.'),
        (SOURCE, f"Version 1: {ENGLISH}\nVersion 2: {ENGLISH}"),
        (SOURCE, f"Here are several translations: {ENGLISH}"),
        (SOURCE, ENGLISH),
    ],
)
def test_what_the_source_says_or_what_announces_several_stays(source: str, english: str) -> None:
    assert without_label(english, source) == english


def test_a_label_shows_by_its_words() -> None:
    assert begins_with_label("Best English translation: it works")
    assert not begins_with_label("Best English cheese: it works")

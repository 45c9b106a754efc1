"""French that stayed in an answer: whole copies, lines and words."""

from __future__ import annotations

import pytest

from transforms.text import flags
from transforms.text.copies import copy_findings


def names(source: str, translation: str) -> list[str]:
    return [found.flag for found in copy_findings(source, translation)]


@pytest.mark.parametrize(
    ("source", "translation"),
    [
        ("Rapport de visite du chantier", "Rapport de visite du chantier"),
        ("Rapport de visite du chantier", "RAPPORT DE VISITE DU CHANTIER."),
        ("Le chef de la Straße est absent depuis hier", "LE CHEF DE LA STRASSE EST ABSENT DEPUIS HIER"),
    ],
)
def test_a_copy_is_found_whatever_its_case_and_punctuation(source: str, translation: str) -> None:
    assert names(source, translation) == [flags.UNTRANSLATED]


@pytest.mark.parametrize(
    ("source", "translation"),
    [
        ("Version description", "Version description"),
        ("Rapport de visite du chantier", "Report on the visit to the site"),
        ("Paris 2024", "Paris 2024"),
    ],
)
def test_translations_and_shared_names_are_left_alone(source: str, translation: str) -> None:
    assert names(source, translation) == []


def test_a_line_that_stayed_french_is_named() -> None:
    source = "Conclusion générale\n\nLa pompe a été remplacée hier par le technicien."
    translation = "Conclusion générale\n\nThe pump was replaced yesterday by the technician."
    [found] = copy_findings(source, translation)
    assert found.flag == flags.FRENCH_LEFT
    assert "générale" in str(found)

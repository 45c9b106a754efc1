from __future__ import annotations

import pytest

from transforms.text import flags
from transforms.text.findings import Finding
from transforms.text.quantities.unit_signs import imperial_findings, sign_findings, unit_sign_findings


@pytest.mark.parametrize(
    ("source", "translation", "evidence"),
    [
        ("Un taux de 3,5 %.", "A rate of 3.5%.", None),
        ("Un taux de 15 %.", "A rate of 15 percent.", None),
        ("Un taux de 15 %.", "A rate of 15.", "15 %"),
        ("Un taux de 15 %.", "A rate.", None),  # the number is missing, which has a flag of its own
        ("Il doit 12 €.", "He owes €12.", None),
        ("Il doit 12 €.", "He owes $12.", "12 €"),
        ("Une surface de 740 m².", "An area of 740 m2.", None),
        ("Une surface de 740 m².", "An area of 740 m.", "740 m²"),
        ("Un fichier de 64 Ko.", "A file of 64kB.", None),
        ("Un fichier de 4 Go.", "A file of 4 MB.", "4 Go"),
        ("Un poids de 12 kg.", "A weight of 12 pounds.", "12 kg"),
        ("Limité à 80 km/h.", "Limited to 80 km/h.", None),
        ("Limité à 80 km/h.", "Limited to 80 km/hr.", None),
        ("Augmenter de 15 %.", "Increase by 15 percents.", None),
        ("Code ytud8ko, page 8.", "Code ytud8ko, page 8.", None),
        ("Limité à 80 km/h.", "Limited to 80 mph.", "80 km/h"),
        ("Il a 12 jours.", "He has 12 days.", None),
    ],
)
def test_a_unit_of_the_source_is_named(source: str, translation: str, evidence: str | None) -> None:
    expected = () if evidence is None else (Finding(flags.UNIT_MISMATCH, evidence),)
    assert unit_sign_findings(source, translation) == expected


@pytest.mark.parametrize(
    ("source", "translation", "lost"),
    [
        ("Il fait -5 °C.", "It is -5 °C.", False),
        ("Il fait -5 °C.", "It is minus 5 °C.", False),
        ("Il fait -5 °C.", "It is 5 degrees below zero.", False),
        ("Il fait -5 °C.", "It is 5 °C.", True),
        ("Une remise de 10 %.", "A discount of -10%.", True),
        ("Entre 5-10 %.", "Between 5-10%.", False),
    ],
)
def test_a_quantity_keeps_its_sign(source: str, translation: str, lost: bool) -> None:
    assert bool(sign_findings(source, translation)) == lost


@pytest.mark.parametrize(
    ("source", "translation", "evidence"),
    [
        ("Il pèse 12 kg.", "It weighs twelve pounds.", "pounds"),
        ("Il fait -5 °C.", "It is -5 °F.", "f"),
        ("Une surface de 740 m².", "An area of 740 sq ft.", "ft"),
        ("Il pèse 12 kg, ou 26 livres.", "It weighs 12 kg, or 26 pounds.", None),
        ("Il pèse %s kg.", "It weighs %s pounds.", "pounds"),
        ("Le chat a 4 pattes.", "The cat has 4 feet.", None),
        ("Touche F à 5 m.", "Key F at 5 m.", None),
    ],
)
def test_metric_units_stay_metric(source: str, translation: str, evidence: str | None) -> None:
    expected = () if evidence is None else (Finding(flags.UNIT_MISMATCH, evidence),)
    assert imperial_findings(source, translation) == expected

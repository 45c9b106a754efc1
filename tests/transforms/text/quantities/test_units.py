from __future__ import annotations

import pytest

from transforms.text import flags
from transforms.text.findings import Finding
from transforms.text.quantities.units import time_findings, unit_findings


@pytest.mark.parametrize(
    ("source", "translation", "evidence"),
    [
        ("Une fuite à 5 km du site.", "A leak 5 km from the site.", None),
        ("Une fuite à 5 km du site.", "A leak 5 miles from the site.", "5 km: mile"),
        ("Une fuite à 5 km du site.", "A leak 3 miles from the site.", None),  # a number's own checks tell that
        ("Un délai de 3 jours.", "A delay of 3 weeks.", "3 d: week"),
        ("2,5 kg de sable", "2.5 pounds of sand", "2.5 kg: pound"),
        ("10 m ou 10 cm", "10 m or 10 cm", None),
        ("10 m ou 10 cm", "10 cm", None),
        ("10 m", "10 inches or 10 feet", None),
        ("Elle a 45 ans et 45 €.", "She is 45 years old and has 45 euros.", None),
        ("Le lot 5 est prêt.", "Lot 5 miles away.", None),
    ],
)
def test_a_number_keeps_its_unit(source: str, translation: str, evidence: str | None) -> None:
    expected = () if evidence is None else (Finding(flags.UNIT_MISMATCH, evidence),)
    assert unit_findings(source, translation) == expected


@pytest.mark.parametrize(
    ("source", "translation", "evidence"),
    [
        ("Toutes les quatre semaines", "Every four months", "week: month"),
        ("Dernier jour du mois", "Last week of the month", "day: week"),
        ("Les secondes sont perdues.", "The minutes are lost.", "second: minute"),
        ("Toutes les quatre semaines", "Every four weeks", None),
        ("Trois litres par heure", "Three litres per day", "hour: day"),
        ("Trois litres par heure", "Three litres an hour", None),
        ("Dans quinze jours", "In two weeks", None),
        ("La mise à jour du mois", "The update of the month", None),
        ("De nos jours", "Today", None),
        ("Dans les 24 heures", "Within a day", None),
        ("Le rapport annuel de deux mois", "The report of the year", None),
    ],
)
def test_units_of_time_in_words(source: str, translation: str, evidence: str | None) -> None:
    expected = () if evidence is None else (Finding(flags.UNIT_MISMATCH, evidence),)
    assert time_findings(source, translation) == expected

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
        ("L'eau s'arrête après 10 s.", "The water stops after 10 minutes.", "10 s: min"),
        ("L'eau s'arrête au pas 10.", "The water stops 10 minutes later.", None),
        ("Un mot de 16 bits", "A 16-byte word", "16 bit: byte"),
        ("Un mot de 16 bits", "A 16-bit word", None),
        ("Un fichier de 64 Ko", "A 64K file", None),
        ("De 5 Go à 7 Go, puis 5 Go", "From 5 GB to 7 GB, then 5 TB", "5 GB: GB/TB"),
        ("De 5 Go et de quelques To, puis 5 Go", "From 5 GB and some TB, then 5 TB", None),
        ("Un code de 8 caractères", "A code of 8 lines", "8 char: line"),
        ("Un code de 8 caractères", "An 8-character code", None),
        ("Un fichier de 64 Mo", "A 64 m file", None),
        ("Un tuyau de 64 ml", "A 64 m pipe", None),
        ("Un tuyau de 64 MM", "A 64 Cm pipe", "64 mm: cm"),
        ("Un fichier de 64 Go", "A 64 TB file", "64 GB: TB"),
        ("Une police de 12 pt", "A font of 12 pixels", "12 pt: px"),
        ("Tourner de 90°", "Rotate by 90 degrees", None),
        ("Tourner de 90°", "Rotate by 90 radians", "90 °: rad"),
        ("Il fait 20 °C.", "It is 20 °F.", "20 °: °F"),
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

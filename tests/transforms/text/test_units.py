from __future__ import annotations

import pytest

from transforms.text import flags
from transforms.text.findings import Finding
from transforms.text.units import unit_findings


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

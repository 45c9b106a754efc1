from __future__ import annotations

import pytest

from transforms.text import flags
from transforms.text.findings import names
from transforms.text.signs.letter_case import case_findings

LOWER = "La vanne du bâtiment nord fuit."
WET = "La vanne fuit. Le bâtiment nord est fermé, et le bâtiment sud aussi, jusqu'à la semaine prochaine."
DRY = "The valve leaks. The north building is closed, and so is the south building, until the coming week."


@pytest.mark.parametrize(
    ("source", "translation", "found"),
    [
        (LOWER, "THE VALVE OF THE NORTH BUILDING LEAKS.", (flags.CAPITALS,)),
        (LOWER.upper(), "THE VALVE OF THE NORTH BUILDING LEAKS.", ()),
        ("Voir la notice", "SEE BELOW", ()),  # too short to be shouted
        (LOWER, "THE VALVE OF THE NORTH building leaks.", (flags.CAPITALS,)),
        ("Licence GNU GENERAL PUBLIC LICENSE", "The GNU GENERAL PUBLIC LICENSE", ()),
        (
            "La vanne fuit, dit Jean à Marie depuis Paris.",
            "the valve leaks, says jean to marie from paris.",
            (flags.CAPITALS,),
        ),
        ("Huge Pages non supportées ici", "huge pages not supported on this platform", ()),
        (WET, DRY.lower(), (flags.CAPITALS,)),
        (WET, DRY.title(), (flags.CAPITALS,)),
        (WET, DRY, ()),
        ("3.1.6. Assurez-vous que tout va bien ici", "3.1.6. Make Sure That All Is Well In This Place", ()),
        ("invalide. Le graphe est corrompu", "invalid. graph is corrupt", ()),
        ("La pompe est là", "tHe pUmP iS hErE aNd wOrKs, sAyS aNnA", (flags.CAPITALS,)),
        (
            "La vanne du nord fuit depuis lundi matin.",
            "the north valve has leaked since monday morning.",
            (flags.CAPITALS,),
        ),
        ("la vanne du bâtiment nord fuit", "The Valve Of The North Building Leaks", (flags.CAPITALS,)),
        ("La vanne du bâtiment nord fuit", "The Valve Of The North Building Leaks", ()),
    ],
)
def test_answers_of_another_letter_case(source: str, translation: str, found: tuple[str, ...]) -> None:
    assert names(case_findings(source, translation)) == found

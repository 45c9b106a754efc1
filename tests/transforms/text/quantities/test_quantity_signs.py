from __future__ import annotations

import pytest

from transforms.text import flags
from transforms.text.findings import names
from transforms.text.quantities.quantity_signs import money_findings, quantity_sign_findings


@pytest.mark.parametrize(
    ("source", "translation", "found"),
    [
        ("Il faut un débit >= 4.", "A flow <= 4 is needed.", (flags.NUMBER_MISSING,)),
        ("Il faut un débit ≥ 4.", "A flow >= 4 is needed.", ()),
        ("Écrivez x>=4 ou B<=>", "Write x>=4 or B<=>", ()),
        ("La pompe coûte 40 €.", "The pump costs $40.", (flags.UNIT_MISMATCH,)),
        ("La pompe coûte 40 €.", "The pump costs €40.", ()),
        ("La pompe coûte 40 dollars.", "The pump costs $40.", ()),
        ("La pompe coûte 3 millions d'euros.", "The pump costs £3 million.", (flags.UNIT_MISMATCH,)),
        ("La vanne 3927 fuit.", "Valve $3927 leaks.", (flags.UNIT_MISMATCH,)),
        ("Le taux est de 3 % (10 % au plus).", "The rate is 3 (10 % at most).", (flags.UNIT_MISMATCH,)),
        ("Le taux est de 3 %.", "The rate is 3 per cent.", ()),
        ("Le taux est de 3 % à 10 %.", "The rate is 3 to 10 %.", ()),
        ("Le taux est de 3 % ou 10 %.", "The rate is 3 or 10.", (flags.UNIT_MISMATCH,)),
        ("Attendez 24 heures.", "Wait -24 hours.", (flags.NUMBER_ADDED,)),
        ("Le débit=24 (-3)", "The flow=-24 (-3)", (flags.NUMBER_ADDED,)),
        ("Le débit vaut – 24.", "The flow is -24.", ()),
        ("Les vannes de 2017", "The mid-2017 valves", ()),
        ("Attendez au moins 24 heures.", "Wait (24-48) hours.", ()),
    ],
)
def test_signs_beside_numbers(source: str, translation: str, found: tuple[str, ...]) -> None:
    assert names(quantity_sign_findings(source, translation)) == found


@pytest.mark.parametrize(
    ("source", "translation", "found"),
    [
        ("La pompe coûte 40 dollars.", "The pump costs 40 euros.", (flags.UNIT_MISMATCH,)),
        ("La pompe coûte 40 livres.", "The pump costs 40 pounds.", ()),
        ("L'erreur 404 revient.", "The error 404K comes back.", (flags.NUMBER_ADDED,)),
        ("Le disque de 40 Go est plein.", "The disk of 40G is full.", ()),
        ("Dans les années 1990", "In the 1990s", ()),
    ],
)
def test_currencies_in_words_and_thousands(source: str, translation: str, found: tuple[str, ...]) -> None:
    assert names(money_findings(source, translation)) == found

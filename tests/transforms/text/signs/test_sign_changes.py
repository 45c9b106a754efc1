from __future__ import annotations

import pytest

from transforms.text import flags
from transforms.text.findings import names
from transforms.text.signs.sign_changes import sign_change_findings


@pytest.mark.parametrize(
    ("source", "translation"),
    [
        ("Bonjour %s, la pompe fuit.", "Hello % s, the pump leaks."),
        ("Bonjour {name} !", "Hello { name}!"),
        ("Il reste {{count}} vannes.", "There are { {count}} valves left."),
        ("Lisez pump_speed ici.", "Read pump _ speed here."),
        ("Lisez pump_speed ici.", "Read pump _speed here."),
        ("Voir dry-run.", "See dry - run."),
        ("Ajoutez --force.", "Add - -force."),
        ("Ajoutez --force.", "Add –force."),
        ("Ajoutez --force.", "Add -force."),
        ("-v, --verbose  afficher plus", "v, --verbose  show more"),
        ("Bonjour %s, la pompe fuit.", "Hello %s%s, the pump leaks."),
        ("Bonjour {name} !", "Hello {name}{name}!"),
        ("Bonjour %s, la pompe fuit.", "Hello \\%s, the pump leaks."),
        ("Lisez pump_speed ici.", "Read pump\\_speed here."),
        ("La vanne ``open`` est fermée.", "The valve ```` is closed."),
        ("Voir :ref:`plan`.", "See :ref:``."),
        ("Le fichier pump.conf est lu.", "The file pump..conf is read."),
    ],
)
def test_changed_signs_are_found(source: str, translation: str) -> None:
    assert names(sign_change_findings(source, translation)) == (flags.PLACEHOLDER_MISMATCH,)


@pytest.mark.parametrize(
    ("source", "translation"),
    [
        ("Bonjour %s, la pompe fuit.", "Hello %s, the pump leaks."),
        ("Le débit baisse de 50 % en hiver.", "The flow falls by 50 % in winter."),
        ("La pompe - neuve - fuit.", "The pump - a new one - leaks."),
        ("Le régime 1820-1868", "The rule 1820 - 1868"),
        ("Il dit C:\\pompes et \\_a.", "He says C:\\pumps and \\_a."),
        ("Ligne <br /> suivante <br /> fin", "Next line <br /><br /> end"),
        ("De 3 à 5", "From 3..5"),
        ("Voir `-w` et --wide.", "See `-w` and --wide."),
        ("Le fichier ``:plan:`` est lu", "The file is ``:plan:``"),
    ],
)
def test_signs_that_stay_are_no_fault(source: str, translation: str) -> None:
    assert sign_change_findings(source, translation) == ()

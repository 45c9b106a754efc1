from __future__ import annotations

import pytest

from transforms.text import flags
from transforms.text.findings import names
from transforms.text.signs.placeholders import placeholder_findings


@pytest.mark.parametrize(
    ("source", "answer", "same"),
    [
        ("Bonjour {nom}, {{ ville }}, ${prix} et %s", "Hello {nom}, {{ville}}, ${prix} and %s", True),
        ("Bonjour {nom}", "Hello {name}", False),
        ("Bonjour {nom}", "Hello", False),
        ("<0>Attention</0>", "<0>Warning</0>", True),
        ("<0>Attention</0>", "<0>Warning", False),
        ("15 %d'humidité, 10%s'il pleut", "15% humidity, 10% if it rains", True),
        ('{"a": "b c"}', '{"a": "d e"}', True),
        ("Reste %1$s et %5.2f", "%s and %5.2f left", True),
        ("Reste %s et %d", "%s left", False),
        ("$CHEMIN puis $CHEMIN", "$CHEMIN", True),
        ("$CHEMIN", "$PATH", False),
        ("%CHEMIN%", "%PATH%", False),
        ("%(nom)s", "%(name)s", False),
        ("⟦1⟧ et ⟦2⟧", "⟦1⟧ and", False),
        ("{une phrase entre accolades}", "{a sentence in braces}", True),
        ("Au plus %d par %d pixels", "At most %dx%d px", True),
        ("Au plus %d × %d pixels", "At most %d×%d pixels", True),
        ("Lire %d Ko par bloc", "Read %dkB per block", True),
        ("Ouvrir le fichier%s, puis %s", "Open file %s, then %s", True),
        ("Ouvrir le fichier%s, puis %s", "Open the file", False),
        ("Vaut B<0> ou B<1>", "Is 0 or 1", True),
        ("Un mot<0>Attention</0>", "A word Warning</0>", False),
        ("Ticket INC-2024-007", "Ticket inc-2024-007", True),
        ("Ticket INC-2024-007", "Ticket INR-2024-007", False),
        ("Patch %%s de %d lignes", "Patch %%s of %d lines", True),
        ("Remise de 5 %% ou %s", "Discount of 5% or %s", False),
        ("Usage : xtrace [OPTION]\\n", "Usage: xtrace [OPTION]n", False),
        ("Syntaxe AT&T", "ATT syntax", False),
        ("Cliquez sur &Ouvrir", "Click on Open", False),
        ("Cliquez sur &Ouvrir", "Click on &Open", True),
        ("Par exemple {deuxpoints}", "For example{deuxpoints}", True),
        ("Par exemple {deuxpoints}", "For example{colon}", False),
        ("Format DVD (%1×%2p)", "DVD format (%1x%2p)", True),
        ("Format DVD (%1×%2p)", "DVD format (%1x)", False),
        ("git notes copy <options> <objet>", "git notes copy", False),
        ("Le paquet B<name> fuit", "The package name leaks", True),
        ("Voir :term:`la pompe <pump>`", "See :term:`pump`", True),
        ("Cacher la vanne %1", "Hide the valve", False),
        ("Cacher la vanne %1", "Hide valve %1", True),
        ("La vanne {} fuit", "The valve () leaks", False),
        ("Voir [[plan]]", "See ...", False),
        ("Voir @pompe_nord", "See @POMPE_NORD", False),
        ("Pompe &hellip;", "Pump …", True),
        ("{{ pump.name }}", "{{ PUMP.NAME }}", False),
        ("%1$s et %2$s et %1$s", "%1$s and %2$s and %s", False),
        ("&Ajouter", "& Add", False),
        ("&Ligne et page", "Li&ne & page", True),
        ("git notes copy <options> <objet>", "git notes copy <options> <object>", True),
    ],
)
def test_placeholders(source: str, answer: str, same: bool) -> None:
    assert names(placeholder_findings(source, answer)) == (() if same else (flags.PLACEHOLDER_MISMATCH,))

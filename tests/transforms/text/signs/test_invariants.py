from __future__ import annotations

import pytest

from transforms.text import flags
from transforms.text.findings import names
from transforms.text.signs.invariants import line_flags, markup_findings


@pytest.mark.parametrize(
    ("source", "answer", "same"),
    [
        ("<p>Clos <b>hier</b></p>", "<p>Closed <b>yesterday</b></p>", True),
        ("<p>Clos <b>hier</b></p>", "<p>Closed yesterday</p>", False),
        ("Lancer `make test`", "Run `make test`", True),
        ("À faire\n- clore\n2. payer", "To do\n• close\n2) pay", True),
        ("À faire\n- clore\n- payer", "To do\n- close\npay", False),
        ("Lancer `make test`", "Run make test", False),
        ("# Titre\n- a", "# Title\n- a", True),
        ("# Titre\n- a", "Title\n- a", False),
        ("**Très** bien", "Very good", False),
        ("| a | b |\n|---|---|", "| a | b |\n|---|---|", True),
        ("| a | b |\n|---|---|", "| a b |\n|---|---|", False),
        ("[aide](x)", "help (x)", False),
        ("Le <i>firewall</i> et <b>deux</b> pompes", "The firewall and <b>two</b> pumps", True),
        ("Le <i>firewall</i> et <b>deux</b> pompes", "The <i>firewall</i> and two pumps", False),
        ("Le <i>Firewall</i> de pompes", "The fire-wall of pumps", True),
        ("Le <i>Firewall</i> de pompes", "The fire-wall of pumps</i>", False),
        ("Le <b>firewall</b> de pompes", "The firewall of pumps", False),
        ("Le <i>garage</i> des pompes", "The garage of the pumps", False),
        ('Le <span lang="en">firewall</span> de pompes', "The firewall of pumps", True),
        ("Le firewall de pompes", "The <i>firewall</i> of pumps", False),
        ("La pompe « nord »", "The <quote>northern</quote> pump", True),
        ("La pompe nord", "The <quote>northern</quote> pump", False),
        ("* Pompes\n** Vannes", "*Pumps\n** Valves", True),
        ("* Pompes\n** Vannes", "Pumps\n** Valves", False),
        ("Voir :ref:`pompe`.", "See :ref:`the pump <pompe>`.", True),
        ("Voir :ref:`pompe`.", "See :ref:`the pump <pump>`.", False),
        ("pression < 3 bar et > 2 bar", "pressure between 2 and 3 bar", True),
    ],
)
def test_markup(source: str, answer: str, same: bool) -> None:
    assert names(markup_findings(source, answer)) == (() if same else (flags.MARKUP_MISMATCH,))


@pytest.mark.parametrize(
    ("source", "answer", "same"),
    [
        ("Un.\n\nDeux.", "One.\nTwo.", True),
        ("Un.\r\nDeux.", "One.\nTwo.", True),
        ("Un.\nDeux.", "One. Two.", False),
        ("Un.", "One.\n\nTwo.", False),
        ("Le présent con-\ntrat est conclu\npour une durée\nde trois ans.", "This contract is for three years.", True),
        (
            "Le présent con-\ntrat est conclu.\nIl dure trois ans.",
            "This contract is concluded.\nIt lasts three years.",
            True,
        ),
        ("Le présent con-\ntrat est conclu.\nIl dure trois ans.", "This contract lasts three years.", False),
        (
            "Le gardien a fermé la grille du jardin avec la clé de\nMarcel avant de partir.",
            "The caretaker closed the gate of the garden with Marcel's key before he left.",
            True,
        ),
        (
            "Le gardien a fermé la grille du jardin avec la clé.\nMarcel est parti avant lui.",
            "The caretaker closed the gate of the garden with the key. Marcel had left before him.",
            False,
        ),
    ],
)
def test_lines(source: str, answer: str, same: bool) -> None:
    assert line_flags(source, answer) == (() if same else (flags.LINE_COUNT,))


@pytest.mark.parametrize(
    ("source", "answer", "same"),
    [
        (
            "- La pompe du nord est fermée. Elle fuit.\n- La vanne",
            "- The northern pump is closed.\n  It leaks.\n- The valve",
            True,
        ),
        (
            "- La pompe du nord est fermée. Elle fuit.\n- La vanne",
            "- The northern pump is closed.\nIt leaks.\n- The valve",
            False,
        ),
        (
            "# Le plan\nLe gardien du grand jardin a enfin fermé la pompe de Marcel avant de partir.",
            "# The plan\nThe caretaker of the large garden at last closed\nMarcel's pump before he left.",
            True,
        ),
        (
            "# Le plan\nLe gardien du grand jardin a enfin fermé la pompe de Marcel avant de partir.",
            "# The plan\nThe caretaker of\nMarcel's garden at last closed the pump before he left the place.",
            False,
        ),
        (
            "Le gardien du grand jardin a enfin fermé la pompe de Marcel",
            "The caretaker of the large garden at last closed\n\nCorrection: Marcel's pump",
            False,
        ),
        ("# Le plan\nVoir aussi [la pompe](a.md).", "# The plan\nSee also\n[the pump](a.md).", True),
        ("# Le plan\nVoir aussi [la pompe].", "# The plan\nSee also\n[the pump].", False),
        ("> La pompe fuit, et la vanne aussi.", "> The pump leaks,\n> and so does the valve.", True),
        ("> La pompe fuit. La vanne aussi.", "> The pump leaks.\n> So does the valve.", False),
    ],
)
def test_lines_that_were_wrapped_to_a_width(source: str, answer: str, same: bool) -> None:
    assert line_flags(source, answer) == (() if same else (flags.LINE_COUNT,))


def test_a_line_that_goes_on_deep_under_the_one_before_may_be_joined_with_it() -> None:
    source = "--body-data=CHAÎNE    envoyer la CHAÎNE.\n                      %s doit être définie"
    assert line_flags(source, "--body-data=STRING    send STRING. %s must be set") == ()
    assert line_flags("Envoyer la chaîne.\n%s doit être définie", "Send the string. %s must be set") == (
        flags.LINE_COUNT,
    )

from __future__ import annotations

import pytest

from transforms.text import flags
from transforms.text.findings import names
from transforms.text.signs.odd_signs import odd_sign_findings

PLAIN = "La pompe de l'atelier fuit."


@pytest.mark.parametrize(
    "translation",
    [
        "> The workshop's pump leaks.",
        "→ The workshop's pump leaks.",
        "-> The workshop's pump leaks.",
        "== The workshop's pump leaks. ==",
        "The workshop's pump leaks.†",
        "The workshop's pump leaks.¹",
        "The workshop's pump leaks.*",
        "The workshop's pump leaks.\\",
        "The ==workshop== pump leaks.",
        "The ||workshop|| pump leaks.",
        "The /workshop/ pump leaks.",
        "The ++workshop++ pump leaks.",
        "The [workshop] pump leaks.",
        "The [b]workshop[/b] pump leaks.",
        "The __workshop__ pump leaks.",
        "The '''workshop''' pump leaks.",
        "The \\emph{workshop} pump leaks.",
        "[x] The workshop's pump leaks.",
        "The workshop's pump leaks.[^1]",
        "The workshop's pump leaks.{.lead}",
        "The workshop's pump leaks.<!-- end -->",
        "The workshop's pump leaks.\n---",
    ],
)
def test_a_sign_that_the_source_has_nowhere(translation: str) -> None:
    assert names(odd_sign_findings(PLAIN, translation)) == (flags.MARKUP_MISMATCH,)


@pytest.mark.parametrize(
    ("source", "translation"),
    [
        (PLAIN, "The workshop's pump leaks."),
        (PLAIN, "The workshop's pump – a new one – leaks; see 3/4."),
        ("Nombre de vannes", "# of valves"),
        ("… retour", "...back"),
        ("Style log² N", "Log^2 N style"),
        ("Entrée et/ou sortie", "Input and/or output"),
        ("> Suivant", "> Next"),
        ("La pompe (nord) fuit", "The pump [north] leaks"),
        ("A\n---\nB", "A\n---\nB"),
        ("Existe depuis la version 3", "New in 3+"),
        ("— Bonjour, dit-il", "-- Hello, he said"),
    ],
)
def test_a_translators_own_signs(source: str, translation: str) -> None:
    assert odd_sign_findings(source, translation) == ()

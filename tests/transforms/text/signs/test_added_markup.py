from __future__ import annotations

import pytest

from transforms.text import flags
from transforms.text.findings import names
from transforms.text.signs.added_markup import added_markup_findings

PLAIN = "La pompe du nord fuit depuis lundi."


@pytest.mark.parametrize(
    ("source", "translation"),
    [
        (PLAIN, "The ~~north~~ pump has leaked since Monday."),
        (PLAIN, "The *north* pump has leaked since Monday."),
        (PLAIN, "The `north` pump has leaked since Monday."),
        (PLAIN, "The _north_ pump has leaked since Monday."),
        (PLAIN, "The north pump has leaked since Monday.\n```"),
        (PLAIN, "The north pump\n\nhas leaked since Monday."),
        (PLAIN, "The north pump has leaked since Monday【4†source】."),
        (PLAIN, "The north pump has leaked since Monday[1]."),
        (PLAIN, "The north pump has leaked since Monday[citation needed]."),
        ("# La pompe\nElle fuit.", "## The pump\nIt leaks."),
        ("Voir :ref:`plan`.", "See :réf:`plan`."),
        ("Voir :ref:`plan`.", "See :`plan`."),
        ("Voir *pump*(8).", "See pump(8)."),
    ],
)
def test_new_or_other_markup_is_found(source: str, translation: str) -> None:
    assert names(added_markup_findings(source, translation)) == (flags.MARKUP_MISMATCH,)


@pytest.mark.parametrize(
    ("source", "translation"),
    [
        (PLAIN, "The north pump has leaked since Monday: 3 * 4 * 5."),
        ("La pompe « nord » fuit.", "The `north` pump leaks."),
        ("L'option '-n' de la pompe", "The pump's `n` option"),
        ("Voir *plan* et ``pompe``.", "See plan and ``pump``."),
        ("Voir :ref:`plan` et :doc:`notes`.", "See :doc:`notes` and :ref:`plan`."),
        ("# La pompe\n## Elle fuit", "# The pump\n## It leaks"),
        ("Une ligne.\n\nUne autre.", "One line.\n\nanother one."),
        ("Voir la note [1].", "See note [1]."),
        ("```\npompe\n```", "```\npump\n```"),
    ],
)
def test_markup_of_the_source_is_no_fault(source: str, translation: str) -> None:
    assert added_markup_findings(source, translation) == ()

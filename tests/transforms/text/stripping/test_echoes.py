from __future__ import annotations

import pytest

from transforms.text import flags
from transforms.text.checks import check
from transforms.text.stripping.echoes import repeats_source, without_echo

SOURCE = "Fermer la vanne principale"
ENGLISH = "Close the main valve"


@pytest.mark.parametrize(
    "before", [f"You wrote: {SOURCE}\n", f'Given "{SOURCE}", write the English.\n', f"{SOURCE} → ", f"{SOURCE}\n\n"]
)
def test_the_source_before_its_translation_goes(before: str) -> None:
    assert without_echo(before + ENGLISH, SOURCE) == ENGLISH


def test_a_table_row_loses_its_last_mark() -> None:
    assert without_echo(f"| {SOURCE} | {ENGLISH} |", SOURCE) == ENGLISH


def test_a_source_that_cannot_be_told_from_its_translation_is_a_leak() -> None:
    assert flags.PROMPT_LEAK in check(SOURCE, f"{ENGLISH} ({SOURCE})")
    assert without_echo(f"{ENGLISH} ({SOURCE})", SOURCE) == f"{ENGLISH} ({SOURCE})"


def test_two_words_may_be_a_name_that_an_answer_explains() -> None:
    assert flags.PROMPT_LEAK not in check("Vallée Verte", "Vallée Verte (the northern part)")


def test_copies_and_codes_are_no_echo() -> None:
    assert not repeats_source(SOURCE, SOURCE)
    assert not repeats_source(f"{SOURCE}.", SOURCE)
    assert not repeats_source("dh_installdeb --verbose and more of it", "dh_installdeb --verbose")

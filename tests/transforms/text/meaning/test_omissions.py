from __future__ import annotations

import pytest

from transforms.text import flags
from transforms.text.findings import names
from transforms.text.meaning.omissions import omission_findings

SOURCE = "Le technicien a vérifié la pression du circuit, puis il a remplacé le filtre et le joint de la pompe."
ENGLISH = "The technician checked the pressure of the circuit, then replaced the filter and the seal of the pump"


@pytest.mark.parametrize(
    "answer",
    [
        *(
            "The technician checked the pressure...",
            "The technician checked […] the pump.",
            f"{ENGLISH[:60]} [truncated]",
        ),
        *(
            f"{ENGLISH[:60]} (rest omitted)",
            f"{ENGLISH[:60]} etc.",
            f"{ENGLISH[:60]} and so on.",
            f"{ENGLISH[:60]} and the",
        ),
        *(f"{ENGLISH[:60]} [à suivre]", f"{ENGLISH[:40]} [omitted] the pump.", f"[untranslated] {ENGLISH[20:]}."),
        *(f"{ENGLISH[:60]} -- more --", f"{ENGLISH[:60]} (", "The technician ... the seal of the pump."),
    ],
)
def test_an_answer_that_says_it_leaves_something_out_is_unfinished(answer: str) -> None:
    assert names(omission_findings(SOURCE, answer)) == (flags.UNFINISHED,)


@pytest.mark.parametrize(
    ("source", "answer"),
    [
        (SOURCE, f"{ENGLISH}."),
        (SOURCE, ENGLISH),
        (f"{SOURCE} Etc.", f"{ENGLISH}, etc."),
        (f"{SOURCE} [illisible]", f"{ENGLISH}. [illegible]"),
        (f"{SOURCE} À suivre…", f"{ENGLISH}..."),
        (f"{SOURCE} (suite page 2)", f"{ENGLISH}. (continued on page 2)"),
        (f"{SOURCE[:-1]} (il reste un joint).", f"{ENGLISH} (one remaining seal)"),
        (SOURCE[:-1], f"{ENGLISH}..."),
        (f"{SOURCE} Suivre Fichier → Ouvrir.", f"{ENGLISH}. Choose File → Open…."),
    ],
)
def test_what_the_source_has_and_a_missing_full_stop_are_no_omission(source: str, answer: str) -> None:
    assert omission_findings(source, answer) == ()

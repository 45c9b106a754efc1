from __future__ import annotations

import pytest

from transforms.text.candidates import Candidate, Checks, assess, best
from transforms.text.findings import Finding
from transforms.text.request.glossary import Term
from transforms.text.request.prompts import GENERAL
from transforms.text.request.repeated_characters import shorten

SOURCE = "Le technicien a remplacé la pompe numéro 12 du bâtiment principal et contrôlé la pression."
GOOD = "The technician replaced pump number 12 of the main building and checked the pressure."


def assessed(answer: str, checks: Checks = "repair", source: str = SOURCE) -> Candidate:
    return assess(answer, source, shorten(source), GENERAL, checks)


def test_a_good_answer_has_no_flag() -> None:
    assert assessed(f"  {GOOD}\n") == Candidate(GOOD, ())
    assert not assessed(GOOD).improvable


@pytest.mark.parametrize(
    ("answer", "flag", "hard"),
    [
        ("", "empty_output", True),
        ("<think>hm</think>", "empty_output", True),
        (SOURCE, "untranslated", True),
        ("I'm sorry, but I can't help with that.", "refusal", True),
        (GOOD.replace("12", "21"), "number_missing", False),
    ],
)
def test_a_wrong_answer_is_worth_another_attempt(answer: str, flag: str, hard: bool) -> None:
    candidate = assessed(answer)
    assert flag in candidate.flags
    assert candidate.improvable
    assert bool(candidate.hard) == hard


def test_stripping_is_flagged_and_needs_no_further_attempt() -> None:
    candidate = assessed(f"Here is the translation:\n\n{GOOD}")
    shown = (Finding("preamble_stripped", "Here is the translation:"),)
    assert candidate == Candidate(GOOD, ("preamble_stripped",), shown)
    assert not candidate.improvable


def test_checks_can_be_off_or_only_flag() -> None:
    assert assessed(SOURCE, "off") == Candidate(SOURCE, ())
    assert assessed(f"Here is the translation:\n\n{GOOD}", "off").text.startswith("Here")
    assert assessed(SOURCE, "flag").hard == assessed(SOURCE).hard != ()


def test_a_missed_term_is_evidence() -> None:
    terms = [Term("pompe", "circulator"), Term("pression", "pressure")]
    candidate = assess(GOOD, SOURCE, shorten(SOURCE), GENERAL, "repair", terms)
    assert candidate.evidence == (Finding("glossary_miss", "pompe → circulator"),)


def test_thoughts_are_evidence_of_their_removal() -> None:
    candidate = assessed(f"<think>Pump, not pomp.</think>\n{GOOD}")
    assert candidate.evidence == (Finding("think_stripped", "<think>Pump, not pomp.</think>"),)


def test_the_best_candidate_has_the_fewest_and_softest_flags() -> None:
    empty, hard = Candidate("", ("empty_output",)), Candidate("x", ("untranslated",))
    soft, softer, good = (
        Candidate("x", ("number_missing", "line_count")),
        Candidate("y", ("line_count",)),
        Candidate("z", ()),
    )
    assert best([empty, hard]) is hard
    assert best([hard, soft]) is soft
    assert best([soft, softer]) is softer
    assert best([good, Candidate("later", ())]) is good


def test_repeated_characters_are_restored_before_the_checks() -> None:
    source = f"{SOURCE} Signature : ............................................"
    answer = f"{GOOD} Signature: ......"
    assert assessed(answer, source=source) == Candidate(
        f"{GOOD} Signature: ............................................", ()
    )

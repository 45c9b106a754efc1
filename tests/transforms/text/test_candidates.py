from __future__ import annotations

import pytest

from transforms.text.candidates import Candidate, Checks, best, judge
from transforms.text.prompts import GENERAL
from transforms.text.repeated_characters import mask

SOURCE = "Le technicien a remplacé la pompe numéro 12 du bâtiment principal et contrôlé la pression."
GOOD = "The technician replaced pump number 12 of the main building and checked the pressure."


def judged(answer: str, checks: Checks = "repair", source: str = SOURCE) -> Candidate:
    return judge(answer, source, mask(source), GENERAL, checks)


def test_a_good_answer_has_no_flag() -> None:
    assert judged(f"  {GOOD}\n") == Candidate(GOOD, ())
    assert not judged(GOOD).improvable


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
def test_what_is_wrong_makes_another_try_worth_it(answer: str, flag: str, hard: bool) -> None:
    candidate = judged(answer)
    assert flag in candidate.flags
    assert candidate.improvable
    assert bool(candidate.hard) == hard


def test_what_was_stripped_is_told_and_needs_no_other_try() -> None:
    candidate = judged(f"Here is the translation:\n\n{GOOD}")
    assert candidate == Candidate(GOOD, ("preamble_stripped",))
    assert not candidate.improvable


def test_without_checks_nothing_is_judged() -> None:
    assert judged(SOURCE, "off") == Candidate(SOURCE, ())
    assert judged(f"Here is the translation:\n\n{GOOD}", "off").text.startswith("Here")
    assert judged(SOURCE, "flag").hard == judged(SOURCE).hard != ()


def test_the_best_is_the_one_with_the_fewest_and_softest_flags() -> None:
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


def test_runs_are_back_before_the_answer_is_judged() -> None:
    source = f"{SOURCE} Signature : ............................................"
    answer = f"{GOOD} Signature: ......"
    assert judged(answer, source=source) == Candidate(
        f"{GOOD} Signature: ............................................", ()
    )

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from transforms.text.findings import LONGEST_EVIDENCE, Finding, finding, names


@given(st.text(max_size=300))
def test_evidence_is_one_short_line(evidence: str) -> None:
    found = finding("line_count", evidence)
    assert len(found.evidence) <= LONGEST_EVIDENCE
    assert len(found.evidence.splitlines()) <= 1


def test_only_what_is_too_long_is_cut() -> None:
    exact = "x" * LONGEST_EVIDENCE
    assert finding("capitals", exact).evidence == exact
    assert finding("capitals", f"{exact}x").evidence == exact[:-1] + "…"
    assert finding("capitals", "two\n\tlines").evidence == "two lines"


def test_each_flag_is_named_once_in_order() -> None:
    assert names([Finding("b"), Finding("a", "x"), Finding("b", "y")]) == ("b", "a")

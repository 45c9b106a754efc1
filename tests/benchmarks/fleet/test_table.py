from __future__ import annotations

from benchmarks.fleet import table
from benchmarks.fleet.measure import Outcome


def outcome(ratio: float | None, lost: int = 0, fair: float | None = None) -> Outcome:
    return Outcome(
        ratio,
        lost,
        broken_share=None,
        cpu_ms_per_row=1.0,
        limits=(5, 3),
        fairness=fair,
        extra_share=0.0,
        most_over_slots=1,
    )


def test_cells_show_the_median_and_what_was_lost() -> None:
    assert table.cell([outcome(1.05), outcome(1.02), outcome(9.0)], 6.0) == "1.050"
    assert table.cell([outcome(2.5, lost=7)], 6.0) == "2.50 (7 lost)"
    assert table.cell([outcome(None, lost=7)], 6.0) == "> 6 (7 lost)"
    assert table.cell([outcome(1.02), outcome(None), outcome(None)], 6.0) == "> 6"
    assert table.cell([outcome(1.02, fair=0.9)], 6.0) == "1.020, shares 0.90"
    assert table.cell([], 6.0) == "not installed"

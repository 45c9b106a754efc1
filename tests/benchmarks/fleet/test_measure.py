from __future__ import annotations

import pytest

from benchmarks.fleet.measure import extra_share, fairness, measure
from benchmarks.fleet.scenarios import SCENARIOS, Size


def test_fairness_counts_until_the_first_client_is_done() -> None:
    assert fairness([[1.0, 2.0, 3.0, 4.0], [2.0, 4.0, 6.0, 8.0]]) == 0.5
    assert fairness([[1.0, 2.0]]) is None
    assert fairness([[1.0, 2.0], []]) is None


def test_requests_beyond_one_per_answered_row_are_extra() -> None:
    assert extra_share(105, 100) == pytest.approx(5 / 105)
    assert extra_share(100, 100) == extra_share(0, 0) == extra_share(90, 100) == 0.0


@pytest.mark.slow
def test_a_contender_that_never_ends_is_cut_off_with_what_it_has() -> None:
    size = Size(rows=12, seconds=0.1, cut_off=1)
    only = measure(SCENARIOS["hanging"], "known slots", size)
    assert only.ratio is None
    assert 1 <= only.lost <= 12

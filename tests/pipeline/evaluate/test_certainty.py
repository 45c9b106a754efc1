"""How well a certainty orders rows: quarters, rank correlation, and a bounded sample."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.evaluate import certainty
from pipeline.evaluate.certainty import LEAST_ROWS, CertaintyOrder, CertaintyTally, spearman

pairs = st.lists(st.tuples(st.integers(-9, 0).map(float), st.integers(0, 9).map(float)), min_size=2, max_size=40)


def order_of(rows: list[tuple[float | None, float]]) -> CertaintyOrder | None:
    tally = CertaintyTally(seed=1)
    for row in rows:
        tally.add(*row)
    return tally.order()


def test_the_quarters_are_in_the_order_of_the_certainty() -> None:
    rows: list[tuple[float | None, float]] = [(-float(number), 100.0 - 10 * number) for number in range(8)]
    order = order_of(rows[::-1])
    assert order is not None
    assert (order.rows, order.quarters_chrf) == (8, (35.0, 55.0, 75.0, 95.0))
    assert order.rank_correlation == pytest.approx(1.0)
    opposite = order_of([(certainty, -chrf) for certainty, chrf in rows])
    assert opposite is not None
    assert opposite.rank_correlation == pytest.approx(-1.0)


def test_rows_without_certainty_do_not_count_and_a_few_rows_say_nothing() -> None:
    rows: list[tuple[float | None, float]] = [(-1.0, 50.0)] * (LEAST_ROWS - 1)
    assert order_of([*rows, (None, 10.0)]) is None
    assert order_of([*rows, (-1.0, 20.0)]) == CertaintyOrder(LEAST_ROWS, 0, (50.0, 50.0, 50.0, 35.0), None)


def test_copies_of_the_source_are_counted_but_not_compared() -> None:
    tally = CertaintyTally(seed=1)
    for number in range(LEAST_ROWS):
        tally.add(-float(number), 50.0 - number)
        tally.add(-0.1, 0.0, is_copy=True)
    tally.add(None, 0.0, is_copy=True)
    order = tally.order()
    assert order is not None
    assert (order.rows, order.copies, order.rank_correlation) == (LEAST_ROWS, LEAST_ROWS, 1.0)


def test_rows_that_do_not_divide_by_four_are_all_in_a_quarter() -> None:
    order = order_of([(float(number), 10.0 * number) for number in range(11)])
    assert order is not None
    assert order.quarters_chrf == (5.0, 30.0, 60.0, 90.0)


def test_of_many_rows_an_even_sample_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certainty, "MAX_ROWS", 200)
    order = order_of([(float(-number), float(-number)) for number in range(5000)])
    assert order is not None
    assert order.rows == 200
    assert order.rank_correlation == pytest.approx(1.0)
    assert -4800 < order.quarters_chrf[0] < -4000


@given(pairs)
def test_the_rank_correlation_is_that_of_the_definition(rows: list[tuple[float, float]]) -> None:
    def ranks(values: list[float]) -> list[float]:
        return [sum(other < value for other in values) + values.count(value) / 2 for value in values]

    one, two = ranks([a for a, _ in rows]), ranks([b for _, b in rows])
    mean = len(rows) / 2
    deviations = [(a - mean, b - mean) for a, b in zip(one, two, strict=True)]
    spread = sum(a * a for a, _ in deviations) * sum(b * b for _, b in deviations)
    expected = sum(a * b for a, b in deviations) / spread**0.5 if spread else None
    assert spearman(rows) == (None if expected is None else pytest.approx(expected, abs=1e-9))

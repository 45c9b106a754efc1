from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.fleet.ideal import best_blind_seconds, best_seconds, host_rate, ideal_seconds


def test_a_host_that_is_not_contended_works_with_all_slots() -> None:
    assert host_rate(4, 2.5) == 10


def test_contention_slows_every_slot() -> None:
    assert host_rate(4, 1.0, 0.3) == pytest.approx(4 / 1.9)
    assert host_rate(4, 1.0, 1.0) == 1


@given(st.integers(1, 32), st.floats(0, 1))
def test_more_slots_are_never_worse_up_to_contention_1(slots: int, contention: float) -> None:
    assert host_rate(slots + 1, 1.0, contention) >= host_rate(slots, 1.0, contention) * (1 - 1e-12)


def test_the_ideal_of_a_steady_fleet_is_work_over_rate() -> None:
    assert ideal_seconds(32, [(0, 16)]) == 2


def test_the_ideal_of_a_fleet_that_loses_a_host_for_a_while() -> None:
    rates = [(0.0, 16.0), (2.0, 6.0), (4.0, 16.0)]
    assert ideal_seconds(32, rates) == 2
    assert ideal_seconds(32 + 6, rates) == 3
    assert ideal_seconds(32 + 12 + 16, rates) == 5


def test_the_ideal_waits_while_no_host_is_there() -> None:
    assert ideal_seconds(10, [(0.0, 5.0), (1.0, 0.0), (3.0, 5.0)]) == 4


@pytest.mark.parametrize("rates", [[], [(1.0, 5.0)], [(0.0, 5.0), (3.0, 1.0), (2.0, 5.0)], [(0.0, 5.0), (1.0, 0.0)]])
def test_rates_that_make_no_sense_are_refused(rates: list[tuple[float, float]]) -> None:
    with pytest.raises(ValueError, match=r"rate|work"):
        ideal_seconds(100, rates)


@given(
    st.lists(st.tuples(st.floats(0.1, 5), st.floats(0.1, 20)), min_size=1, max_size=5),
    st.floats(0.01, 200),
)
def test_the_work_done_until_the_ideal_end_is_the_work(steps: list[tuple[float, float]], work: float) -> None:
    rates, begin = [], 0.0
    for seconds, rate in steps:
        rates.append((begin, rate))
        begin += seconds
    end = ideal_seconds(work, rates)
    ends = [begin for begin, _ in rates[1:]] + [float("inf")]
    done = sum(rate * max(0.0, min(end, until) - since) for (since, rate), until in zip(rates, ends, strict=True))
    assert done == pytest.approx(work)


def test_the_best_client_gives_the_long_text_to_the_fast_host() -> None:
    assert best_seconds([1.0, 8.0, 1.0], [(2, 1.0), (1, 4.0)]) == 2.0


def test_a_blind_client_takes_texts_in_order_and_asks_again_once_all_are_sent() -> None:
    # The long text comes second, and takes the slow slot until the last text is sent at 1; then the fast one does it.
    assert best_blind_seconds([4.0, 40.0, 4.0], [(1, 1.0), (1, 4.0)]) == pytest.approx(10.0)


@given(st.lists(st.floats(0.1, 20), min_size=1, max_size=30), st.lists(st.tuples(st.integers(1, 4), st.floats(1, 8))))
def test_nobody_is_faster_than_the_ideal(works: list[float], more: list[tuple[int, float]]) -> None:
    hosts = [(2, 1.0), *more]
    ideal = sum(works) / sum(slots * speed for slots, speed in hosts)
    assert best_seconds(works, hosts) >= ideal * (1 - 1e-9)
    assert best_blind_seconds(works, hosts) >= max(works) / max(speed for _, speed in hosts) * (1 - 1e-9)

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.fleet import table
from benchmarks.fleet.__main__ import report, run_all
from benchmarks.fleet.contenders import CONTENDERS, contend, installed
from benchmarks.fleet.ideal import host_rate, ideal_seconds
from benchmarks.fleet.measure import Outcome, fairness, measure
from benchmarks.fleet.scenarios import SCENARIOS, Change, Host, Scenario, Size, texts, tokens_per_second, work_of


def outcome(ratio: float | None, lost: int = 0, fair: float | None = None) -> Outcome:
    return Outcome(ratio, lost, broken_share=None, cpu_ms_per_row=1.0, limits=(5, 3), fairness=fair)


def lines(markdown: str) -> list[list[str]]:
    """The cells of a Markdown table."""
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in markdown.splitlines()]


# -- the ideal -----------------------------------------------------------------------------------------------------


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


def test_rates_of_a_scenario_follow_its_changes_and_leave_broken_hosts_out() -> None:
    scenario = Scenario(
        "any",
        (Host(4), Host(2, 2.5), Host(8, broken=True)),
        changes=(
            Change(0.2, 0, {"num_parallel": 1}),
            Change(0.5, 1, {"listening": False}),
            Change(0.7, 1, {"listening": True}),
        ),
    )
    assert scenario.rates([1.0, 2.0, 3.0]) == [(0.0, 9.0), (1.0, 6.0), (2.0, 1.0), (3.0, 6.0)]
    assert scenario.rates([]) == [(0.0, 9.0)]


def test_the_hosts_speed_makes_a_run_as_long_as_wanted() -> None:
    scenario, size = SCENARIOS["contention 0.3"], Size(50, 3.0)
    tokens = sum(work_of(text, scenario.sigma) for text in texts(size))
    speed = tokens_per_second(scenario, size, tokens)
    assert ideal_seconds(tokens / speed, scenario.rates(())) == pytest.approx(3.0)


# -- tables --------------------------------------------------------------------------------------------------------


def test_cells_show_the_median_and_what_was_lost() -> None:
    assert table.cell([outcome(1.05), outcome(1.02), outcome(9.0)], 6.0) == "1.050"
    assert table.cell([outcome(2.5, lost=7)], 6.0) == "2.50 (7 lost)"
    assert table.cell([outcome(None, lost=7)], 6.0) == "> 6 (7 lost)"
    assert table.cell([outcome(1.02), outcome(None), outcome(None)], 6.0) == "> 6"
    assert table.cell([outcome(1.02, fair=0.9)], 6.0) == "1.020, shares 0.90"
    assert table.cell([], 6.0) == "not installed"


def test_fairness_counts_until_the_first_client_is_done() -> None:
    assert fairness([[1.0, 2.0, 3.0, 4.0], [2.0, 4.0, 6.0, 8.0]]) == 0.5
    assert fairness([[1.0, 2.0]]) is None
    assert fairness([[1.0, 2.0], []]) is None


# -- runs ----------------------------------------------------------------------------------------------------------


def test_every_contender_that_is_installed_can_be_imported() -> None:
    # LiteLLM, where it is installed, sets up too much to be imported into the tests' process.
    assert all(callable(contend(name)) for name in CONTENDERS if name != "litellm")
    assert installed("ours")


def test_a_small_run_gives_sane_numbers_and_a_whole_table() -> None:
    contenders, size = ["ours", "told queue"], Size(rows=60, seconds=0.4, cut_off=100)
    outcomes = run_all(["instant 503"], contenders, 1, size)
    for name in contenders:
        (only,) = outcomes["instant 503", name]
        assert only.ratio is not None
        assert only.ratio > 0.9
        assert only.lost == 0
        assert only.cpu_ms_per_row > 0
        assert only.broken_share is not None
        assert 0 < only.broken_share < 1
    assert len(outcomes["instant 503", "ours"][0].limits) == 4
    text = report(outcomes, ["instant 503"], contenders, size)
    first, cpu, details = (lines(part) for part in text.split("\n\n") if part.startswith("|"))
    assert first[0] == ["scenario", *contenders]
    assert all(len(line) == 3 for line in first + cpu)
    assert all(len(line) == 5 for line in details)
    assert [line[0] for line in first] == ["scenario", "---", "instant 503"]


def test_a_contender_that_never_ends_is_cut_off_with_what_it_has() -> None:
    size = Size(rows=12, seconds=0.1, cut_off=1)
    only = measure(SCENARIOS["hanging"], "told queue", size)
    assert only.ratio is None
    assert 1 <= only.lost <= 12

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.fleet.scenarios import SCENARIOS, SIMULATED, Host, Size
from benchmarks.fleet.simulation import HEAD, Outcome, Simulation, line

SMALL = Size(300, 4.0)


@pytest.mark.parametrize("name", SIMULATED)
def test_every_scenario_ends_near_the_ideal(name: str) -> None:
    scenario = SIMULATED[name]
    outcome = Simulation(scenario, scenario.size or SMALL, seed=1).run()
    assert 0.95 < outcome.ratio < 1.5
    assert outcome.all_sent <= outcome.ratio


def test_a_run_depends_on_its_seed_only() -> None:
    runs = [Simulation(SCENARIOS["dies and returns"], SMALL, seed).run() for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]


def test_the_slots_are_learnt_known_or_told() -> None:
    scenario = replace(SCENARIOS["standard"], hosts=(Host(16), Host(1)))
    found = {slots: Simulation(scenario, SMALL, 1, slots).run() for slots in ("learnt", "known", "told")}
    assert found["told"].limits == (17, 2)
    assert found["known"].ratio < found["learnt"].ratio
    assert all(16 <= outcome.limits[0] <= 21 for outcome in found.values())
    assert found["told"].most_over_slots == 1


def test_long_texts_first_where_lengths_tell_the_work() -> None:
    ratios = [Simulation(SCENARIOS["lengths"], Size(1000, 8.0), seed).run().ratio for seed in range(3)]
    assert max(ratios) <= 1.02


def test_bounds_are_left_out_where_the_fleet_changes() -> None:
    outcome = Simulation(SCENARIOS["slots change"], SMALL, 1).run()
    assert (outcome.best, outcome.blind) == (None, None)
    steady = Simulation(SCENARIOS["standard"], SMALL, 1).run()
    assert steady.best is not None
    assert steady.blind is not None
    assert 1 <= steady.best <= steady.blind <= 1.2


def test_the_table_has_medians_and_extremes() -> None:
    runs = [Outcome(ratio, 1.0, None, 0.9, ratio / 100, round(ratio), (4,)) for ratio in (3.0, 1.0, 2.0)]
    cells = line("any", runs).split()
    assert cells == ["any", "2.000", "3.000", "3.000", "1.000", "0.900", "3.0%", "3"]
    assert HEAD.split()[1:4] == ["median", "p90", "max"]

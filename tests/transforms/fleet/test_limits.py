from __future__ import annotations

import random

import pytest

from tests.transforms.fleet.simulation import SimulatedHost, Simulation
from transforms.fleet.limits import START, AdaptiveLimit, FixedLimit


def work(count: int, sigma: float, seed: int = 1) -> list[float]:
    rng = random.Random(seed)
    return [rng.lognormvariate(0, sigma) for _ in range(count)]


@pytest.mark.parametrize("slots", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("sigma", [0.3, 0.6, 1.0])
def test_detects_the_slots_of_a_host(slots: int, sigma: float) -> None:
    simulation = Simulation([SimulatedHost(slots)], work(100 * slots, sigma))
    outcome = simulation.run()
    limit = outcome.states["http://host0:11434"].limit.limit()
    assert slots <= limit <= 1.2 * slots + 2


@pytest.mark.slow
@pytest.mark.parametrize("slots", [4, 8, 16, 32])
@pytest.mark.parametrize("sigma", [0.0, 0.1, 0.6, 1.0])
@pytest.mark.parametrize("delay_seconds", [0.0, 0.005, 0.05])
def test_detection_costs_little_compared_with_known_slots(slots: int, sigma: float, delay_seconds: float) -> None:
    texts = work(60 * slots + 200, sigma)
    detected, known = (
        Simulation([SimulatedHost(slots, limit=limit, delay_seconds=delay_seconds)], texts).run().makespan
        for limit in (None, slots + 1)
    )
    assert detected / known <= 1.035


@pytest.mark.parametrize(("slots", "later"), [(4, 8), (8, 2), (2, 16)])
def test_follows_changes_of_the_slots(slots: int, later: int) -> None:
    host = SimulatedHost(slots)
    simulation = Simulation([host], work(1200, 0.6))
    simulation.at(40.0, "slots", -1, later)
    outcome = simulation.run()
    assert later <= outcome.states["http://host0:11434"].limit.limit() <= 1.2 * later + 2


def test_without_durations_the_limit_follows_the_throughput() -> None:
    for slots in (2, 8, 16):
        outcome = Simulation([SimulatedHost(slots, hides_durations=True)], work(100 * slots, 0.3)).run()
        assert slots <= outcome.states["http://host0:11434"].limit.limit() <= 2.3 * slots + START


def test_an_idle_host_is_not_flooded() -> None:
    outcome = Simulation([SimulatedHost(1)], work(200, 0.6)).run()
    assert outcome.peaks["http://host0:11434"] <= START + 2


def test_growth_starts_again_after_a_restart() -> None:
    limit = AdaptiveLimit()
    for key in range(100):
        limit.sent(key, 100)
        limit.done(key, float(key), 1.0, 1.0)
    limit.restart()
    assert limit.limit() <= START + 1


def test_failures_do_not_affect_the_limit() -> None:
    limit = AdaptiveLimit()
    for key in range(50):
        limit.sent(key, 100)
        limit.gone(key)
    assert limit.limit() == START


def test_a_fixed_limit_never_changes() -> None:
    limit = FixedLimit(3)
    limit.sent(1, 100)
    limit.done(1, 1.0, 5.0, 1.0)
    limit.restart()
    assert limit.limit() == 3

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
def test_finds_the_slots_of_a_host(slots: int, sigma: float) -> None:
    simulation = Simulation([SimulatedHost(slots)], work(100 * slots, sigma))
    outcome = simulation.run()
    limit = outcome.states["http://host0:11434"].limit.limit()
    assert slots <= limit <= 1.2 * slots + 2


def test_an_unloaded_host_is_not_overrun() -> None:
    outcome = Simulation([SimulatedHost(1)], work(200, 0.6)).run()
    assert outcome.peaks["http://host0:11434"] <= START + 2


def test_without_durations_it_keeps_its_start_value() -> None:
    limit = AdaptiveLimit()
    for key in range(100):
        limit.sent(key)
        limit.done(key, float(key), None, None)
    assert limit.limit() == START


def test_growth_starts_again_after_a_restart() -> None:
    limit = AdaptiveLimit()
    for key in range(100):
        limit.sent(key)
        limit.done(key, float(key), 1.0, 1.0)
    limit.restart()
    assert limit.limit() <= START + 1


def test_failures_teach_nothing() -> None:
    limit = AdaptiveLimit()
    for key in range(50):
        limit.sent(key)
        limit.gone(key)
    assert limit.limit() == START


def test_a_given_number_stays() -> None:
    limit = FixedLimit(3)
    limit.sent(1)
    limit.done(1, 1.0, 5.0, 1.0)
    limit.restart()
    assert limit.limit() == 3

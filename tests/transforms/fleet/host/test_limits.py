from __future__ import annotations

import random
from collections import deque
from dataclasses import replace
from statistics import mean, median

import pytest

from tests.transforms.fleet.simulation import SimulatedHost, Simulation
from transforms.fleet.host.limit_measures import Times
from transforms.fleet.host.limits import MOST_IF_INSTANT, START, AdaptiveLimit, FixedLimit

HOST = "http://host0:11434"


def work(count: int, sigma: float, seed: int = 1) -> list[float]:
    rng = random.Random(seed)
    return [rng.lognormvariate(0, sigma) for _ in range(count)]


@pytest.mark.parametrize("slots", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("sigma", [0.3, 0.6, 1.0])
def test_detects_the_slots_of_a_host(slots: int, sigma: float) -> None:
    simulation = Simulation([SimulatedHost(slots)], work(100 * slots, sigma))
    outcome = simulation.run()
    limit = outcome.states[HOST].limit.limit()
    assert slots <= limit <= 1.2 * slots + 2


@pytest.mark.parametrize(("slots", "most"), [(1, 3), (2, 4), (4, 7)])
def test_time_before_the_queue_is_no_time_in_a_slot(slots: int, most: int) -> None:
    """A busy machine takes a fifth of a short answer's time until it finds that the model is loaded."""
    simulation = Simulation([SimulatedHost(slots, arrival_seconds=0.2)], work(200 * slots, 0.6))
    outcome = simulation.run()
    settled = outcome.limits[HOST][100 * slots :]
    assert sum(limit <= most for limit in settled) >= 0.9 * len(settled)


@pytest.mark.parametrize("slots", [8, 16])
def test_requests_on_their_way_to_the_queue_leave_no_slot_idle(slots: int) -> None:
    texts = work(100 * slots, 0.6)
    detected, known = (
        Simulation([SimulatedHost(slots, limit=limit, arrival_seconds=0.4)], texts).run().makespan
        for limit in (None, 2 * slots)
    )
    assert detected / known <= 1.06


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
    assert later <= outcome.states[HOST].limit.limit() <= 1.2 * later + 2


def test_without_durations_the_limit_follows_the_throughput() -> None:
    for slots in (2, 8, 16):
        outcome = Simulation([SimulatedHost(slots, hides_durations=True)], work(100 * slots, 0.3)).run()
        assert slots <= outcome.states[HOST].limit.limit() <= 2.3 * slots + START


def test_an_idle_host_is_not_flooded() -> None:
    outcome = Simulation([SimulatedHost(1)], work(200, 0.6)).run()
    assert outcome.peaks["http://host0:11434"] <= START + 2


def test_growth_starts_again_after_a_restart() -> None:
    limit = AdaptiveLimit()
    for key in range(100):
        limit.sent(key, float(key), 100)
        limit.done(key, float(key), Times(1.0, 0.0, 1.0))
    limit.restart()
    assert limit.limit() <= START + 1
    assert limit.growing()


def test_slots_that_were_found_are_kept_after_a_restart_and_verified() -> None:
    host = SimulatedHost(16, down=(20.0, 30.0))
    simulation = Simulation([host, SimulatedHost(2)], work(1200, 0.3))
    outcome = simulation.run()
    assert min(outcome.limits[HOST][200:]) >= 16
    found = AdaptiveLimit(16)
    found.restart()
    assert (found.slots(), found.growing()) == (16, False)


def test_failures_do_not_affect_the_limit() -> None:
    limit = AdaptiveLimit()
    for key in range(50):
        limit.sent(key, float(key), 100)
        limit.gone(key)
    assert limit.limit() == START


def test_a_fixed_limit_never_changes() -> None:
    limit = FixedLimit(3)
    limit.sent(1, 0.0, 100)
    limit.done(1, 1.0, Times(5.0, 0.0, 1.0))
    limit.restart()
    assert limit.limit() == 3


@pytest.mark.parametrize("slots", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("seconds", [0.03, 0.1])
def test_growth_ends_soon_with_short_answers(slots: int, seconds: float) -> None:
    for seed in range(4):
        texts = [seconds * each for each in work(60 * slots + 100, 0.3, seed)]
        outcome = Simulation([SimulatedHost(slots)], texts, seed).run()
        assert outcome.limits[HOST][4 * slots - 1] <= slots + 3 + slots // 8
        assert max(outcome.limits[HOST][4 * slots :]) <= slots + 4 + slots // 8
        assert outcome.peaks[HOST] <= 2.5 * slots + START


def test_a_host_that_answers_at_once_has_work_while_the_client_is_busy() -> None:
    texts = [0.001 * each for each in work(1000, 0.3)]
    outcome = Simulation([SimulatedHost(8)], texts, lag_seconds=0.005).run()
    assert max(outcome.limits[HOST]) <= MOST_IF_INSTANT
    told = Simulation([SimulatedHost(8, limit=MOST_IF_INSTANT)], texts, lag_seconds=0.005).run()
    assert outcome.makespan <= 1.05 * told.makespan


@pytest.mark.parametrize("slots", [4, 8])
@pytest.mark.parametrize("lag_seconds", [0.02, 0.1])
@pytest.mark.parametrize("seconds", [0.03, 0.1])
def test_a_busy_client_neither_floods_nor_starves_a_host(slots: int, lag_seconds: float, seconds: float) -> None:
    for seed in range(3):
        texts = [seconds * each for each in work(60 * slots + 100, 0.6, seed)]
        outcome = Simulation([SimulatedHost(slots)], texts, seed, lag_seconds=lag_seconds).run()
        assert outcome.peaks[HOST] <= 3 * slots + START
        told = Simulation([SimulatedHost(slots, limit=slots + 2)], texts, seed, lag_seconds=lag_seconds).run()
        assert outcome.makespan <= 1.3 * told.makespan


@pytest.mark.parametrize("slots", [1, 2, 4, 8, 16])
@pytest.mark.parametrize(
    ("seconds", "arrival_seconds", "delay_seconds", "lag_seconds"),
    [
        (0.01, 0.0, 0.004, 0.0),
        (0.03, 0.0, 0.01, 0.0),
        (0.1, 0.02, 0.04, 0.0),
        (0.03, 0.0, 0.0, 0.02),
        (0.1, 0.02, 0.0, 0.05),
        (0.3, 0.07, 0.0, 0.1),
    ],
)
def test_what_happens_on_the_way_neither_adds_slots_nor_takes_any(
    slots: int, seconds: float, arrival_seconds: float, delay_seconds: float, lag_seconds: float
) -> None:
    """Requests that work or wait on the host are few, and so are idle slots, however long the others are on their way.

    To keep all slots busy takes as many more requests as arrive meanwhile: 25 % with a load of a quarter of the time in
    the slot.
    """
    found, over = [], []
    for seed in range(3):
        texts = [seconds * each for each in work(60 * slots + 100, 0.6, seed)]
        needed = slots * (1 + (arrival_seconds + delay_seconds + lag_seconds) / mean(texts))
        host = SimulatedHost(slots, arrival_seconds=arrival_seconds, delay_seconds=delay_seconds)
        outcome = Simulation([host], texts, seed, lag_seconds=lag_seconds).run()
        found.append(outcome.states[HOST].limit.slots())
        over.append(mean(outcome.limits[HOST][20 * slots + 20 :]) - needed)
        told_host = replace(host, limit=int(needed + 2.5), running=set(), waiting=deque())
        told = Simulation([told_host], texts, seed, lag_seconds=lag_seconds).run()
        assert outcome.makespan <= 1.1 * told.makespan
    assert median(found) == pytest.approx(slots, abs=1)
    assert mean(over) <= 2 + 0.1 * slots


@pytest.mark.parametrize(("known", "slots"), [(8, 8), (32, 32), (16, 4), (2, 16)])
def test_known_slots_are_the_start_and_are_verified(known: int, slots: int) -> None:
    limit = AdaptiveLimit(known)
    assert (limit.slots(), limit.growing()) == (known, False)
    texts = work(60 * slots + 100, 0.6)
    outcome = Simulation([SimulatedHost(slots, known_slots=known)], texts).run()
    assert slots <= outcome.states[HOST].limit.limit() <= 1.2 * slots + 2
    if known == slots:
        told = Simulation([SimulatedHost(slots, limit=slots + 1)], texts).run()
        assert outcome.makespan <= 1.01 * told.makespan

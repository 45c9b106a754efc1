from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from tests.transforms.fleet.simulation import SimulatedHost, Simulation
from transforms.fleet.dispatch.long_texts import LATER, LEAST_SECONDS, FleetSpeed, longest_for
from transforms.fleet.host.breaker import Breaker
from transforms.fleet.host.deadlines import Deadline
from transforms.fleet.host.host_state import HostState, ServedModel
from transforms.fleet.host.limits import FixedLimit


def host(number: int, tokens_per_second: int | None, slots: int = 4) -> HostState:
    served = ServedModel(FixedLimit(slots), Deadline(300))
    if tokens_per_second is not None:
        served.answered(1, tokens_per_second, 1.0)
    return HostState(f"http://gpu{number}:11434", Breaker(random.Random(1)), lambda _: served, ready=True)


def longest(asking: HostState, hosts: Sequence[HostState], pending_tokens: float) -> float:
    return longest_for(asking, FleetSpeed.of(asking.model, hosts), pending_tokens)


def test_a_slow_host_takes_no_text_that_outlasts_the_others() -> None:
    fast, slow = host(0, 1000), host(1, 100)
    # What is pending takes 10 s on both. 1,000 tokens take the slow host 10 s, or 11 s with a tenth more, and the
    # fast one 1 s after that.
    assert longest(slow, [fast, slow], 44_000) == pytest.approx(10 / (LATER / 100 - 1 / 1000))
    assert longest(fast, [fast, slow], 44_000) == float("inf")
    assert longest(slow, [fast, slow], 0) == LEAST_SECONDS * 100


def test_the_wait_for_a_slot_counts_if_all_slots_are_busy() -> None:
    fast, slow = host(0, 1000), host(1, 100, slots=2)
    free = longest(slow, [fast, slow], 42_000)
    slow.in_flight, slow.tokens_in_flight = 1, 300
    assert longest(slow, [fast, slow], 42_000) == free
    slow.in_flight, slow.tokens_in_flight = 2, 600
    # One of two texts of 3 s has to end first, which takes 1.5 s if they do not begin together.
    assert longest(slow, [fast, slow], 42_000) == pytest.approx(free * (10 - LATER * 1.5) / 10)
    slow.in_flight, slow.tokens_in_flight = 9, 2700
    assert longest(slow, [fast, slow], 42_000) == LEAST_SECONDS * 100


def test_any_host_takes_any_text_if_no_faster_one_is_known() -> None:
    slow = host(1, 100)
    for others in ([], [host(0, 110)], [host(0, None)]):
        assert longest(slow, [slow, *others], 1000) == float("inf")
    assert longest(host(2, None), [slow, host(0, 1000)], 1000) == float("inf")
    of_another_model = host(0, 1000)
    of_another_model.model = "qwen3:8b"
    assert longest(slow, [slow, of_another_model], 1000) == float("inf")
    away = host(0, 1000)
    away.out = "excluded"
    assert longest(slow, [slow, away], 1000) == float("inf")


def test_a_host_that_is_a_quarter_slower_takes_any_text() -> None:
    fast = host(0, 100)
    assert longest(host(1, 80), [fast, host(1, 80)], 1000) == float("inf")
    assert longest(host(1, 79), [fast, host(1, 79)], 1000) < float("inf")


def makespan(hosts: Sequence[tuple[int, float]], count: int, sigma: float, seed: int, known: bool) -> float:
    """The makespan as a multiple of the ideal."""
    rng = random.Random(seed)
    work = [rng.lognormvariate(0, sigma) for _ in range(count)]
    simulated = [SimulatedHost(slots, speed=speed, known_slots=slots if known else None) for slots, speed in hosts]
    outcome = Simulation(simulated, work, seed).run()
    assert outcome.answered.total() == count
    assert outcome.copies <= max(4, 0.02 * count) + 1
    return outcome.makespan / (sum(work) / sum(slots * speed for slots, speed in hosts))


@pytest.mark.parametrize("sigma", [0.3, 0.6, 1.0])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_few_texts_on_three_unequal_hosts(sigma: float, seed: int) -> None:
    assert makespan([(4, 1.0), (4, 2.5), (2, 1.0)], 200, sigma, seed, known=False) <= 1.1


@pytest.mark.slow
@pytest.mark.parametrize(("known", "bar"), [(True, 1.06), (False, 1.12)])
@pytest.mark.parametrize("seed", [1, 2])
def test_twenty_unequal_hosts(known: bool, bar: float, seed: int) -> None:
    rng = random.Random(seed)
    hosts = [(rng.choice([1, 2, 4, 8, 16, 32]), rng.uniform(1, 8)) for _ in range(20)]
    assert makespan(hosts, 4000, 0.3, seed, known) <= bar

from __future__ import annotations

import pytest

from benchmarks.fleet.ideal import ideal_seconds
from benchmarks.fleet.scenarios import SCENARIOS, Change, Host, Scenario, Size, texts, tokens_per_second, work_of


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


def test_twenty_unequal_hosts() -> None:
    hosts = SCENARIOS["twenty hosts"].hosts
    assert len(hosts) == 20
    assert (min(host.slots for host in hosts), max(host.slots for host in hosts)) == (1, 32)
    assert (min(host.speed for host in hosts), max(host.speed for host in hosts)) == (1, 8)


def test_short_answers_are_short() -> None:
    scenario = SCENARIOS["short answers"]
    assert scenario.size is not None
    work = [work_of(text, scenario.sigma) for text in texts(scenario, scenario.size)]
    speed = tokens_per_second(scenario, scenario.size, sum(work))
    seconds = sorted(each / speed for each in work)
    assert 0.01 < seconds[len(seconds) // 20] < seconds[-len(seconds) // 20] < 0.1


def test_texts_of_different_lengths() -> None:
    size = Size(500, 3.0)
    equal, unequal = (texts(SCENARIOS[name], size) for name in ("standard", "lengths"))
    assert {len(text) for text in equal} == {200}
    lengths = sorted(map(len, unequal))
    assert 4 * lengths[100] < lengths[-100]
    assert 0.8 * 200 < sum(lengths) / 500 < 1.2 * 200


def test_the_hosts_speed_makes_a_run_as_long_as_wanted() -> None:
    scenario, size = SCENARIOS["contention 0.3"], Size(50, 3.0)
    tokens = sum(work_of(text, scenario.sigma) for text in texts(scenario, size))
    speed = tokens_per_second(scenario, size, tokens)
    assert ideal_seconds(tokens / speed, scenario.rates(())) == pytest.approx(3.0)

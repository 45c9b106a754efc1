"""A dispatcher with simulated hosts, whatever they do: every text ends once, and no host waits."""

from __future__ import annotations

import statistics

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.fleet.dispatched import lognormal
from tests.transforms.fleet.simulation import SimulatedHost, Simulation
from transforms.fleet.faults import Failure
from transforms.fleet.host.breaker import JITTER, LONGEST_PAUSE_SECONDS
from transforms.fleet.host.limits import START

HOST_FAULTS = (Failure.BUSY, Failure.SERVER_ERROR, Failure.CONNECTION_LOST, Failure.BAD_GATEWAY, Failure.NOT_JSON)


@st.composite
def fleets(draw: st.DrawFn) -> list[SimulatedHost]:
    """One healthy host at least, and some broken ones."""
    healthy = SimulatedHost(slots=draw(st.integers(1, 8)), speed=draw(st.floats(0.2, 5)))
    broken = draw(
        st.lists(
            st.builds(
                SimulatedHost,
                slots=st.integers(1, 8),
                speed=st.floats(0.2, 5),
                faults=st.dictionaries(st.sampled_from(HOST_FAULTS), st.floats(0, 0.3), max_size=3),
                down=st.tuples(st.floats(0, 30), st.floats(0, 60)),
                hangs_from=st.one_of(st.just(float("inf")), st.floats(0, 30)),
                limit=st.one_of(st.none(), st.integers(1, 12)),
            ),
            max_size=4,
        )
    )
    return [healthy, *broken]


@settings(max_examples=150)
@given(fleets(), st.integers(0, 120), st.floats(0, 1), st.integers(0, 1000))
def test_every_row_is_answered_once_whatever_the_hosts_do(
    hosts: list[SimulatedHost], rows: int, sigma: float, seed: int
) -> None:
    outcome = Simulation(hosts, lognormal(rows, sigma, seed), seed).run()
    assert not outcome.rejected, "a host's fault cost a row"
    assert dict(outcome.answered) == dict.fromkeys(range(rows), 1)


def test_rows_survive_a_fleet_that_is_down_for_ten_minutes() -> None:
    hosts = [SimulatedHost(down=(5, 605)), SimulatedHost(down=(4, 604))]
    outcome = Simulation(hosts, lognormal(200, 0.6)).run()
    assert sum(outcome.answered.values()) == 200
    assert 605 < outcome.makespan < 650


def test_a_host_that_fails_fast_gets_no_more_than_probes() -> None:
    hole = SimulatedHost(faults={Failure.BUSY: 1.0}, speed=1e6)
    outcome = Simulation([SimulatedHost(), SimulatedHost(), hole], lognormal(2000, 0.6)).run()
    probes = outcome.makespan / (LONGEST_PAUSE_SECONDS * (1 - JITTER))
    assert outcome.requests["http://host2:11434"] < START + 4 + probes
    assert sum(outcome.answered.values()) == 2000


def test_a_hanging_host_loses_nothing() -> None:
    outcome = Simulation([SimulatedHost(), SimulatedHost(hangs_from=10.0)], lognormal(300, 0.6)).run()
    assert sum(outcome.answered.values()) == 300
    assert outcome.requests["http://host1:11434"] < 100


def test_unequal_hosts_are_busy_to_the_end() -> None:
    ratios = []
    for seed in range(5):
        hosts = [SimulatedHost(4, 1.0), SimulatedHost(4, 2.5), SimulatedHost(2, 1.0)]
        work = lognormal(2000, 0.6, seed)
        ideal = sum(work) / sum(host.slots * host.speed for host in hosts)
        ratios.append(Simulation(hosts, work, seed).run().makespan / ideal)
    assert statistics.median(ratios) < 1.03


def test_a_slow_host_does_not_keep_the_others_waiting_at_the_end() -> None:
    ratios, copies = [], 0
    for seed in range(5):
        hosts = [SimulatedHost(4, 1.0), SimulatedHost(4, 1.0), SimulatedHost(4, 0.1)]
        work = lognormal(1000, 0.6, seed)
        ideal = sum(work) / sum(host.slots * host.speed for host in hosts)
        outcome = Simulation(hosts, work, seed).run()
        assert dict(outcome.answered) == dict.fromkeys(range(1000), 1)
        ratios.append(outcome.makespan / ideal)
        copies += outcome.copies
    assert statistics.median(ratios) < 1.04
    assert copies < 5 * 30


@settings(max_examples=150)
@given(
    st.lists(
        st.builds(
            SimulatedHost,
            slots=st.integers(1, 8),
            speed=st.floats(0.2, 5),
            down=st.tuples(st.floats(0, 30), st.floats(0, 60)),
            limit=st.one_of(st.none(), st.integers(1, 8)),
        ),
        min_size=1,
        max_size=3,
    ),
    st.integers(1, 60),
    st.sets(st.integers(0, 59), max_size=4),
    st.integers(0, 1000),
)
def test_poison_ends_and_costs_no_other_row_however_few_are_left(
    hosts: list[SimulatedHost], rows: int, poison: set[int], seed: int
) -> None:
    outcome = Simulation(hosts, lognormal(rows, 0.6, seed), seed, poison=poison).run()
    assert dict(outcome.rejected) == {row: 1 for row in poison if row < rows}
    assert dict(outcome.answered) == {row: 1 for row in range(rows) if row not in poison}


def test_a_single_row_survives_an_outage_of_any_length() -> None:
    host = SimulatedHost(slots=1, faults={Failure.SERVER_ERROR: 1.0}, limit=1)
    simulation = Simulation([host], [1.0])
    simulation.at(1800.0, "repaired", -1)
    outcome = simulation.run()
    assert dict(outcome.answered) == {0: 1}
    assert outcome.checks > 100, "the row itself was asked for again and again"

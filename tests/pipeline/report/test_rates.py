from __future__ import annotations

import pytest

from pipeline.report.rates import (
    MAX_POINTS,
    Faults,
    Outage,
    faults,
    host_names,
    levels,
    outages,
    texts_per_second,
    thinned,
    tokens_per_second,
)
from tests.pipeline.report.outputs import GPU0, GPU1, dying_host, host_sample, sample


def test_rates_are_differences_over_time() -> None:
    samples = [
        sample(0, host_sample(output_tokens=0), texts=0),
        sample(2, host_sample(output_tokens=100), texts=4),
        sample(3, host_sample(output_tokens=100), texts=3),  # another engine
    ]
    assert tokens_per_second(samples, GPU0) == [(2, 50.0), (3, 0.0)]
    assert texts_per_second(samples) == [(2, 2.0), (3, 0.0)]
    assert levels(samples, GPU0, lambda host: host.in_flight) == [(0, 4.0), (2, 4.0), (3, 4.0)]
    assert tokens_per_second([], GPU0) == []


def test_outages_have_a_beginning_and_an_end() -> None:
    assert outages(dying_host()) == [
        Outage(GPU1, "circuit open", 20.0, 35.0, at_end=False),
        Outage(GPU1, "circuit open", 50.0, 60.0, at_end=True),
    ]


def test_hosts_that_only_the_workers_know_have_no_outages() -> None:
    assert outages([sample(0, host_sample(state="remote")), sample(1, host_sample(state="remote", answers=1))]) == []


def test_loading_before_the_first_answer_is_no_outage() -> None:
    samples = [sample(0, host_sample(state="loading")), sample(1, host_sample(answers=1))]
    assert outages(samples) == []
    assert outages([sample(0, host_sample(state="excluded"))]) == [Outage(GPU0, "excluded", 0, 0, at_end=True)]


def test_faults_are_counted_in_the_interval_in_which_they_happened() -> None:
    samples = [
        sample(0, host_sample()),
        sample(1, host_sample(failures={"busy": 2, "superseded": 9})),
        sample(2, host_sample(failures={"busy": 2, "timeout": 1, "superseded": 9})),
    ]
    assert faults(samples) == [Faults(1, GPU0, "busy", 2), Faults(2, GPU0, "timeout", 1)]


@pytest.mark.parametrize("count", [0, 1, 2, MAX_POINTS, MAX_POINTS + 1, 1000])
def test_thinning_keeps_both_ends(count: int) -> None:
    samples = [sample(float(number)) for number in range(count)]
    kept = thinned(samples)
    assert len(kept) <= MAX_POINTS + 1
    assert (kept[:1], kept[-1:]) == (samples[:1], samples[-1:])


def test_hosts_are_named_in_order_of_appearance() -> None:
    assert host_names([sample(0, host_sample(GPU1)), sample(1, host_sample(GPU0), host_sample(GPU1))]) == [GPU1, GPU0]

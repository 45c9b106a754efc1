"""What is measured of hosts with made-up texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.host_speeds import (
    LONGEST_TEXT,
    busy_slots,
    host_speed,
    made_up_text,
    measure_hosts,
    probe_lengths,
)
from pipeline.options.run import RunOptions
from tests.conftest import MakeHost
from transforms.configuration import configuration_of, read_translation_settings
from transforms.fleet.addresses import parse_host
from transforms.fleet.host.probe import Speed
from transforms.fleet.http.answers import Answer


def answer(queue_s: float, service_s: float, tokens: int | None = 10) -> Answer:
    total = round((queue_s + service_s) * 1e9)
    return Answer("English", "gpu0", "mistral", "stop", total, 0, 0, round(service_s * 1e9), 5, tokens)


def queued(slots: int, services: list[float]) -> list[Answer]:
    """The answers of a host that processes so many requests at a time."""
    free, answers = [0.0] * slots, []
    for service in services:
        start = min(free)
        free[free.index(start)] = start + service
        answers.append(answer(start, service))
    return answers


@given(st.integers(1, 6), st.lists(st.floats(0.5, 2.0), min_size=36, max_size=60))
def test_the_slots_are_found_from_the_waits(slots: int, services: list[float]) -> None:
    assert busy_slots(queued(slots, services)) == slots


def test_without_waits_or_durations_the_slots_stay_unknown() -> None:
    assert busy_slots(queued(8, [1.0] * 8)) is None
    assert busy_slots([]) is None


@given(st.lists(st.integers(1, 5_000), max_size=200), st.integers(1, 40))
def test_probe_lengths_follow_the_texts(lengths: list[int], count: int) -> None:
    found = probe_lengths(lengths, count)
    assert len(found) == count
    assert found == sorted(found)
    assert max(found) <= LONGEST_TEXT
    assert set(found) <= {min(LONGEST_TEXT, length) for length in lengths} | {0}


@given(st.integers(0, 200), st.integers(0, LONGEST_TEXT))
def test_made_up_texts_have_about_the_length_and_differ(number: int, characters: int) -> None:
    text = made_up_text(number, characters)
    assert abs(len(text) - max(characters, 60)) <= 120
    assert text != made_up_text(number + 1, characters)


def test_the_speed_counts_the_burst_in_which_the_slots_were_found() -> None:
    found = Speed(2, False, 10.0, 20.0, 200.0, 0.0, 7)
    answers = [(100, answer(0.0, 1.0, 30))] * 4
    speed = host_speed("http://gpu0", 2, answers, found)
    assert speed is not None
    assert speed.seconds_per_character == pytest.approx(0.01)
    assert speed.characters_per_second == pytest.approx(200.0)
    assert (speed.tokens_per_character, speed.requests) == (0.3, 11)
    assert host_speed("http://gpu0", 2, [], found) is None


def test_hosts_are_measured_and_those_that_fail_are_missing(
    sandbox_host: MakeHost, caplog: pytest.LogCaptureFixture
) -> None:
    good, lacking = sandbox_host(num_parallel=2, tokens_per_second=500.0), sandbox_host(models=["llama3:latest"])
    hosts = tuple(parse_host(host.url) for host in (good, lacking))
    options = RunOptions(input=("x",), output="y", hosts=hosts)
    speeds = measure_hosts(
        options, read_translation_settings(configuration_of(options)), [good.url, lacking.url], [80, 120, 200]
    )
    (speed,) = speeds
    assert speed.url == good.url
    assert 1 <= speed.slots <= 3  # a busy machine blurs the waits
    assert speed.characters_per_second > 0
    assert lacking.url in caplog.text

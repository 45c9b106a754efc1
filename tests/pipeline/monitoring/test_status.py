from __future__ import annotations

import random

import pytest

from pipeline.monitoring.status import KEPT_SAMPLES, StatusTracker, Workload
from tests.pipeline.monitoring.snapshots import host, snapshot, traffic

URL = "http://gpu0:11434"


def test_before_the_first_text_there_is_neither_rate_nor_eta() -> None:
    tracker = StatusTracker(Workload(100, 10_000))
    status = tracker.status(300.0, snapshot())
    assert (status.texts_per_second, status.eta_seconds, status.done_share) == (0.0, None, 0.0)


def test_the_eta_is_by_characters_left_and_does_not_count_the_time_to_load() -> None:
    tracker = StatusTracker(Workload(100, 10_000))
    tracker.status(60.0, snapshot())  # the model loads for a minute
    status = tracker.status(70.0, snapshot(10, 2_000))  # the longest texts first
    assert status.characters_per_second == 200.0
    assert status.texts_per_second == 1.0
    assert status.eta_seconds == 40.0
    assert status.done_share == 0.2


def test_without_known_characters_the_eta_is_by_texts() -> None:
    tracker = StatusTracker(Workload(100))
    status = tracker.status(10.0, snapshot(20, 2_000))
    assert status.eta_seconds == 40.0
    assert status.done_share == 0.2


def test_the_eta_follows_the_speed_of_the_latter_half_of_the_run() -> None:
    tracker = StatusTracker(Workload(1_000, 100_000))
    for second in range(1, 201):
        characters = 100 * second if second <= 100 else 10_000 + 400 * (second - 100)  # a second host joins
        status = tracker.status(float(second), snapshot(characters // 100, characters))
    assert status.characters_per_second == 400.0
    assert status.eta_seconds == 125.0


def test_the_eta_ends_at_zero_and_survives_a_wrong_estimate_of_characters() -> None:
    tracker = StatusTracker(Workload(100, 1_000))
    assert tracker.status(10.0, snapshot(50, 2_000)).eta_seconds == 10.0
    done = tracker.status(20.0, snapshot(100, 4_000))
    assert (done.eta_seconds, done.done_share) == (0.0, 1.0)


def test_rates_follow_a_change_and_old_samples_are_forgotten() -> None:
    tracker = StatusTracker(Workload(10_000_000, 0))
    texts = 0
    for second in range(1, 6_001):
        texts += 10 if second <= 1_500 else 20
        status = tracker.status(float(second), snapshot(texts, texts))
    assert status.texts_per_second == pytest.approx(20.0, rel=0.01)
    assert len(tracker._samples) <= KEPT_SAMPLES


def test_after_a_tenth_of_a_steady_run_the_eta_is_within_a_tenth() -> None:
    draw = random.Random(7)
    lengths = [int(draw.lognormvariate(5, 0.6)) for _ in range(5_000)]
    total, speed = sum(lengths), 400.0
    tracker = StatusTracker(Workload(len(lengths), round(total * 1.02)))
    done = texts = second = 0
    while done < total:
        second += 1
        while texts < len(lengths) and done + lengths[texts] <= speed * second:
            done += lengths[texts]
            texts += 1
        status = tracker.status(float(second), snapshot(texts, done))
        if done >= total:
            break
        left = total / speed - second
        if 0.1 <= done / total <= 0.9:
            assert status.eta_seconds == pytest.approx(left, rel=0.25 if done > 0.7 * total else 0.1)


def test_hosts_have_shares_speeds_latencies_and_faults() -> None:
    tracker = StatusTracker(Workload(100))
    other = "http://gpu1:11434"
    tracker.status(1.0, snapshot(1, 10, host(URL, made=traffic(1, 100)), host(other)))
    views = (
        host(URL, made=traffic(30, 1_100, 2.0, timeout=2, superseded=5)),
        host(other, "out: no such model", traffic(10, 0, 4.0)),
    )
    first, second = tracker.status(11.0, snapshot(40, 400, *views)).hosts
    assert (first.share, second.share) == (0.75, 0.25)
    assert first.tokens_per_second == 100.0
    assert (first.p50_seconds, second.p95_seconds) == (2.0, 4.0)
    assert first.queue_share == 0.25
    assert first.faults == {"timeout": 2}, "a superseded request is no fault"
    assert (second.state, second.short_state) == ("out: no such model", "out")

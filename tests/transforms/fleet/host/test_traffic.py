from __future__ import annotations

from dataclasses import replace

from transforms.fleet.faults import Failure
from transforms.fleet.host.traffic import LATENCY_BOUNDS_SECONDS, LATEST_ANSWERS, RECENT_ANSWERS, Traffic
from transforms.fleet.http.answers import Answer


def answer(eval_count: int | None = 5) -> Answer:
    return Answer("yes", "http://gpu0:11434", "m", "stop", 100, 10, 20, 60, 7, eval_count)


def test_answers_add_up() -> None:
    traffic = Traffic()
    traffic.answered(0.2, answer(), 40)
    traffic.answered(0.3, answer(eval_count=None), 2)
    assert (traffic.answers, traffic.prompt_tokens, traffic.output_tokens) == (2, 14, 5)
    assert (traffic.load_ns, traffic.prompt_eval_ns, traffic.eval_ns, traffic.queue_ns) == (20, 40, 120, 20)
    assert (traffic.latency_seconds, traffic.characters) == (0.5, 42)


def test_requests_are_answers_and_failures() -> None:
    traffic = Traffic()
    traffic.answered(0.2, answer())
    traffic.failed(Failure.BUSY)
    traffic.failed(Failure.SUPERSEDED)
    assert traffic.requests() == 3


def test_the_waits_of_the_latest_answers_are_kept_in_seconds() -> None:
    traffic = Traffic()
    for seconds in range(LATEST_ANSWERS + 1):
        traffic.answered(0.1, replace(answer(), total_duration_ns=90 + seconds * 10**9))
    assert traffic.queue_seconds[-1] == LATEST_ANSWERS
    assert len(traffic.queue_seconds) == LATEST_ANSWERS
    traffic.answered(0.1, replace(answer(), total_duration_ns=None))
    assert traffic.queue_seconds[-1] == 0.0


def test_latencies_fall_into_buckets_with_inclusive_upper_bounds() -> None:
    traffic = Traffic()
    for seconds in (0.05, 0.06, 1000.0):
        traffic.answered(seconds, answer())
    assert traffic.latencies == [1, 1, *[0] * (len(LATENCY_BOUNDS_SECONDS) - 2), 1]


def test_percentiles_are_those_of_recent_answers() -> None:
    traffic = Traffic()
    assert traffic.percentile(0.5) is None
    traffic.answered(1000.0, answer())
    for milliseconds in range(RECENT_ANSWERS):
        traffic.answered(milliseconds / 1000, answer())
    assert traffic.percentile(0.5) == 0.1
    assert traffic.percentile(0.95) == 0.19
    assert traffic.percentile(1.0) == 0.199


def test_a_copy_no_longer_changes() -> None:
    traffic = Traffic()
    traffic.failed(Failure.BUSY)
    copy = traffic.copy()
    traffic.failed(Failure.BUSY)
    traffic.answered(0.1, answer())
    assert (copy.answers, dict(copy.failures), sum(copy.latencies)) == (0, {"busy": 1}, 0)
    assert (list(copy.recent_seconds), list(copy.queue_seconds)) == ([], [])

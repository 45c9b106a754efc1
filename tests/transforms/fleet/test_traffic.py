from __future__ import annotations

from transforms.fleet.answers import Answer
from transforms.fleet.faults import Failure
from transforms.fleet.traffic import LATENCY_BOUNDS_SECONDS, RECENT_ANSWERS, Traffic


def answer(eval_count: int | None = 5) -> Answer:
    return Answer("yes", "http://gpu0:11434", "m", "stop", 100, 10, 20, 60, 7, eval_count)


def test_answers_add_up() -> None:
    traffic = Traffic()
    traffic.answered(0.2, answer())
    traffic.answered(0.3, answer(eval_count=None))
    assert (traffic.answers, traffic.prompt_tokens, traffic.output_tokens) == (2, 14, 5)
    assert (traffic.load_ns, traffic.prompt_eval_ns, traffic.eval_ns, traffic.queue_ns) == (20, 40, 120, 20)
    assert traffic.latency_seconds == 0.5


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
    assert (copy.answers, dict(copy.failures), sum(copy.latencies), list(copy.recent_seconds)) == (
        0,
        {"busy": 1},
        0,
        [],
    )

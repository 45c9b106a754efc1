from __future__ import annotations

import pytest

from transforms.fleet.host.progress import characters_in_progress
from transforms.fleet.host.traffic import Traffic


def traffic(queue_seconds: int = 0) -> Traffic:
    """A host that translates 50 characters per second in each slot."""
    made = Traffic(answers=4, characters=200, prompt_eval_ns=10**9, eval_ns=3 * 10**9)
    made.queue_seconds.extend([queue_seconds] * 4)
    return made


def test_the_oldest_requests_fill_the_slots_and_the_others_wait() -> None:
    assert characters_in_progress([(10.0, 1000), (4.0, 1000), (3.0, 1000)], 2, traffic()) == 500 + 200


def test_the_time_in_the_queue_is_no_progress() -> None:
    assert characters_in_progress([(10.0, 1000), (1.0, 1000)], 2, traffic(queue_seconds=2)) == 400


def test_a_late_answer_is_never_quite_done() -> None:
    assert characters_in_progress([(1e6, 1000)], 1, traffic()) == pytest.approx(950)


def test_nothing_is_known_before_the_first_answer() -> None:
    assert characters_in_progress([(10.0, 1000)], 4, Traffic()) == 0

from __future__ import annotations

from transforms.fleet.deadlines import KNOWN_AFTER, SHORTEST_SECONDS, Deadline


def known(wall_seconds: float, token_seconds: float = 0.01) -> Deadline:
    deadline = Deadline(300.0)
    for _ in range(KNOWN_AFTER):
        deadline.answered(wall_seconds, 100, 100 * token_seconds)
    return deadline


def test_the_longest_until_the_host_is_known() -> None:
    deadline = Deadline(300.0)
    deadline.answered(1.0, 10, 0.5)
    assert deadline.seconds(100) == 300.0


def test_from_the_longest_answer() -> None:
    assert known(4.0).seconds(num_predict=10) == 20.0


def test_from_the_tokens_that_may_come() -> None:
    assert known(1.0, token_seconds=0.05).seconds(num_predict=1000) == 150.0


def test_never_short_never_over_the_longest_and_doubled_for_each_charge() -> None:
    assert known(0.1).seconds(10) == SHORTEST_SECONDS
    assert known(4.0).seconds(10, charged=1) == 40.0
    assert known(100.0).seconds(10) == 300.0


def test_a_host_that_came_back_may_load_its_model() -> None:
    deadline = known(1.0)
    deadline.restart()
    assert deadline.seconds(10) == 300.0


def test_the_typical_answer_is_the_median_so_one_slow_answer_does_not_count() -> None:
    deadline = Deadline(300.0)
    assert deadline.typical_seconds() is None
    for seconds in (1.0, 2.0, 3.0, 4.0, 100.0):
        deadline.answered(seconds, None, None)
    assert deadline.typical_seconds() == 3.0

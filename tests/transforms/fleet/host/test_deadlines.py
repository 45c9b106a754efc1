from __future__ import annotations

from transforms.fleet.host.deadlines import KNOWN_AFTER, RECENT, SHORTEST_SECONDS, Deadline


def known(wall_seconds: float, token_seconds: float = 0.01) -> Deadline:
    deadline = Deadline(300.0)
    for _ in range(KNOWN_AFTER):
        deadline.answered(wall_seconds, 100, 100 * token_seconds)
    return deadline


def test_an_unknown_host_gets_the_longest_deadline() -> None:
    deadline = Deadline(300.0)
    deadline.answered(1.0, 10, 0.5)
    assert deadline.seconds(100) == 300.0


def test_the_longest_answer_sets_the_deadline() -> None:
    assert known(4.0).seconds(num_predict=10) == 20.0


def test_an_answer_sets_the_deadline_as_long_as_it_is_one_of_the_latest() -> None:
    deadline = Deadline(300.0)
    for seconds in (8.0, 6.0, *[4.0] * (RECENT - 2)):
        deadline.answered(seconds, None, None)
    expected = []
    for _ in range(3):
        expected.append(deadline.seconds(10))
        deadline.answered(3.0, None, None)
    assert expected == [40.0, 30.0, 20.0]
    deadline.answered(10.0, None, None)
    assert deadline.seconds(10) == 50.0


def test_the_token_limit_sets_the_deadline() -> None:
    assert known(1.0, token_seconds=0.05).seconds(num_predict=1000) == 150.0


def test_the_deadline_is_bounded_and_doubles_with_each_charge() -> None:
    assert known(0.1).seconds(10) == SHORTEST_SECONDS
    assert known(4.0).seconds(10, charged=1) == 40.0
    assert known(100.0).seconds(10) == 300.0


def test_after_a_restart_the_deadline_allows_for_a_model_load() -> None:
    deadline = known(1.0)
    deadline.restart()
    assert deadline.seconds(10) == 300.0


def test_the_typical_answer_is_the_median_so_one_slow_answer_does_not_count() -> None:
    deadline = Deadline(300.0)
    assert deadline.typical_seconds() is None
    for seconds in (1.0, 2.0, 3.0, 4.0, 100.0):
        deadline.answered(seconds, None, None)
    assert deadline.typical_seconds() == 3.0


def test_a_host_is_known_after_twenty_answers() -> None:
    deadline = Deadline(300.0)
    for _ in range(19):
        deadline.answered(4.0, None, None)
    assert deadline.seconds(10) == 300.0
    deadline.answered(4.0, None, None)
    assert deadline.seconds(10) == 20.0


def test_answers_without_counts_say_nothing_of_the_speed() -> None:
    deadline = known(1.0, token_seconds=0.05)
    for counts in ((10, None), (None, 900.0), (10, 0.0), (0, 900.0)):
        deadline.answered(1.0, *counts)
    assert deadline.seconds(num_predict=1000) == 150.0


def test_the_shortest_deadline_is_ten_seconds() -> None:
    assert known(0.01, token_seconds=0.0001).seconds(10) == 10.0


def test_what_an_answer_may_plausibly_take_is_known_from_the_first_one_on() -> None:
    deadline = Deadline(300.0)
    assert deadline.plausible_seconds() is None
    deadline.answered(1.0, None, None)
    assert deadline.plausible_seconds() == SHORTEST_SECONDS
    deadline.answered(4.0, None, None)
    assert deadline.plausible_seconds() == 20.0

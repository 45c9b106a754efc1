from __future__ import annotations

import itertools
import random

from transforms.fleet.breaker import (
    JITTER,
    LONGEST_CHEAP_PAUSE_SECONDS,
    LONGEST_OUTAGE_PAUSE_SECONDS,
    LONGEST_PAUSE_SECONDS,
    Breaker,
)


def opened(faults: int = 3) -> Breaker:
    breaker = Breaker(random.Random(1))
    for _ in range(faults):
        breaker.sent()
        breaker.failed(100.0, "HTTP 503")
    return breaker


def test_opens_at_three_faults_in_a_row() -> None:
    assert opened(2).closed
    assert not opened(3).closed
    assert opened(3).reason == "HTTP 503"


def test_opens_at_ten_of_the_last_twenty() -> None:
    breaker = Breaker(random.Random(1))
    for _ in range(9):
        breaker.succeeded()
        assert not breaker.failed(1.0, "reset")
    breaker.succeeded()
    assert breaker.failed(1.0, "reset")


def test_one_probe_at_a_time_after_a_pause() -> None:
    breaker = opened()
    assert not breaker.allows(100.1)
    due = breaker.probe_due_at()
    assert due is not None
    assert 100.4 <= due <= 100.6
    assert breaker.allows(due)
    breaker.sent()
    assert not breaker.allows(due + 100)
    assert breaker.probe_due_at() is None


def test_pauses_double_up_to_the_longest() -> None:
    breaker, now, pauses = opened(), 100.0, []
    for _ in range(8):
        due = breaker.probe_due_at()
        assert due is not None
        pauses.append(due - now)
        now = due
        breaker.sent()
        breaker.failed(now, "still down")
    assert all(later > 1.3 * earlier for earlier, later in itertools.pairwise(pauses[:4]))
    assert max(pauses) <= LONGEST_PAUSE_SECONDS * 1.2


def test_a_success_closes_it_and_forgets() -> None:
    breaker = opened()
    assert breaker.succeeded()
    assert breaker.closed
    assert not breaker.failed(200.0, "one fault")
    assert breaker.closed


def test_retry_after_is_honoured_at_once() -> None:
    breaker = Breaker(random.Random(1))
    assert breaker.failed(10.0, "HTTP 503", retry_after_seconds=7.0)
    assert breaker.probe_due_at() == 17.0


def test_doubtful_faults_open_it_only_in_numbers() -> None:
    breaker = Breaker(random.Random(1))
    for _ in range(9):
        assert not breaker.failed(1.0, "done is false", certain=False)
    assert breaker.failed(1.0, "done is false", certain=False)


def test_a_probe_that_told_nothing_may_be_repeated() -> None:
    breaker = opened()
    breaker.sent()
    breaker.gave_up_probe()
    assert breaker.allows(200.0)


def test_while_every_host_rests_probes_come_sooner() -> None:
    breaker, now = opened(), 100.0
    for _ in range(6):
        due, sooner = breaker.probe_due_at(), breaker.probe_due_at(outage=True)
        assert due is not None
        assert sooner is not None
        assert sooner - now <= 1.2 * LONGEST_OUTAGE_PAUSE_SECONDS < 2.0
        assert breaker.allows(sooner, outage=True)
        now = due
        breaker.sent()
        breaker.failed(now, "still down")
    assert not breaker.allows(now + 2.0)


def test_where_nobody_listens_the_next_probe_comes_within_about_a_second() -> None:
    breaker, now = opened(), 100.0
    for _ in range(8):
        due = breaker.probe_due_at()
        assert due is not None
        assert due - now <= LONGEST_CHEAP_PAUSE_SECONDS * (1 + JITTER)
        now = due
        breaker.sent()
        breaker.failed(now, "connection refused", cheap=True)

from __future__ import annotations

import itertools
import random

from transforms.fleet.host.breaker import (
    CHEAP_PAUSE_SHARE,
    FIRST_CHEAP_PAUSE_SECONDS,
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


def test_opens_after_three_consecutive_faults() -> None:
    assert opened(2).closed
    assert not opened(3).closed
    assert opened(3).reason == "HTTP 503"


def test_opens_after_ten_faults_in_the_last_twenty_answers() -> None:
    breaker = Breaker(random.Random(1))
    for _ in range(9):
        breaker.succeeded()
        assert not breaker.failed(1.0, "reset")
    breaker.succeeded()
    assert breaker.failed(1.0, "reset")


def test_single_probes_are_allowed_after_a_pause() -> None:
    breaker = opened()
    assert not breaker.allows(100.1)
    due = breaker.probe_due_at()
    assert due is not None
    assert 100.4 <= due <= 100.6
    assert breaker.allows(due)
    breaker.sent()
    assert not breaker.allows(due + 100)
    assert breaker.probe_due_at() is None


def test_pauses_double_up_to_a_maximum() -> None:
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


def test_a_success_closes_the_circuit_and_resets_the_counts() -> None:
    breaker = opened()
    assert breaker.succeeded()
    assert breaker.closed
    assert not breaker.failed(200.0, "one fault")
    assert breaker.closed


def test_retry_after_opens_the_circuit_immediately() -> None:
    breaker = Breaker(random.Random(1))
    assert breaker.failed(10.0, "HTTP 503", retry_after_seconds=7.0)
    assert breaker.probe_due_at() == 17.0


def test_uncertain_faults_only_count_among_the_last_twenty() -> None:
    breaker = Breaker(random.Random(1))
    for _ in range(9):
        assert not breaker.failed(1.0, "done is false", certain=False)
    assert breaker.failed(1.0, "done is false", certain=False)


def test_a_probe_without_a_result_may_be_repeated() -> None:
    breaker = opened()
    breaker.sent()
    breaker.gave_up_probe()
    assert breaker.allows(200.0)


def test_probes_are_due_sooner_during_an_outage() -> None:
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


def test_a_host_that_refuses_connections_is_missed_for_a_tenth_of_the_outage() -> None:
    breaker, now = opened(), 100.0
    pauses = []
    for _ in range(60):
        due = breaker.probe_due_at()
        assert due is not None
        pauses.append(due - now)
        away_seconds, now = now - 100.0, due
        if len(pauses) > 1:
            expected = min(
                max(FIRST_CHEAP_PAUSE_SECONDS, CHEAP_PAUSE_SHARE * away_seconds), LONGEST_CHEAP_PAUSE_SECONDS
            )
            assert (1 - JITTER) * expected <= pauses[-1] <= (1 + JITTER) * expected + 1e-9
        breaker.sent()
        breaker.failed(now, "connection refused", cheap=True)
    assert pauses[-1] > (1 - JITTER) * LONGEST_CHEAP_PAUSE_SECONDS - 1e-9, (
        "the outage was long enough for the longest pause"
    )


def test_a_circuit_that_a_probe_has_closed_opens_and_probes_again() -> None:
    breaker = opened()
    assert breaker.sent()
    assert breaker.succeeded()
    for _ in range(3):
        assert not breaker.allows(300.0) or breaker.closed
        breaker.failed(300.0, "HTTP 503")
    due, sooner = breaker.probe_due_at(), breaker.probe_due_at(outage=True)
    assert due is not None
    assert sooner is not None
    assert 300.4 <= due <= 300.6, "the pauses begin anew"
    assert 300.4 <= sooner <= 300.6


def test_pauses_vary_so_that_many_clients_do_not_return_at_once() -> None:
    pauses = set()
    for seed in range(50):
        breaker = Breaker(random.Random(seed))
        breaker.failed(100.0, "HTTP 503", retry_after_seconds=0.0)
        for outage in (False, True):
            due = breaker.probe_due_at(outage)
            assert due is not None
            pauses.add(round(due - 100.0, 6))
    assert len(pauses) > 40
    assert 0.4 <= min(pauses) < 0.45
    assert 0.55 < max(pauses) <= 0.6

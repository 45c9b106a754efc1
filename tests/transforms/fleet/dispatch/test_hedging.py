from __future__ import annotations

import random

from transforms.fleet.dispatch.expected_tokens import TokenRates
from transforms.fleet.dispatch.hedging import (
    FASTER,
    LATE,
    LEAST_LATE_SECONDS,
    MOST_IN_SHORT_RUNS,
    STUCK,
    HedgeBudget,
    late_request,
    next_hedge_at,
)
from transforms.fleet.dispatch.pending import PendingJobs
from transforms.fleet.dispatch.sent_request import SentRequest
from transforms.fleet.host.breaker import Breaker
from transforms.fleet.host.deadlines import Deadline
from transforms.fleet.host.host_state import HostState, ServedModel
from transforms.fleet.host.limits import FixedLimit
from transforms.fleet.jobs import Job


def host(number: int, typical_seconds: float | None = 2.0) -> HostState:
    served = ServedModel(FixedLimit(2), Deadline(300))
    if typical_seconds is not None:
        served.deadline.answered(typical_seconds, None, None)
    return HostState(f"http://gpu{number}:11434", Breaker(random.Random(1)), lambda _: served, ready=True)


def sent(job: Job, state: HostState, at: float = 0.0) -> SentRequest:
    job.in_flight[id(state)] = state.url
    return SentRequest(job, state, state.served, at, False, False)


def test_a_late_request_is_hedged_on_the_quickest_idle_host() -> None:
    slow, quick, quickest = host(0, 8.0), host(1, 3.0), host(2, 2.0)
    request = sent(Job(5), slow)
    hosts = [slow, quick, quickest]
    due = next_hedge_at([request], hosts, PendingJobs(TokenRates()))
    assert due == LATE * 2.0
    assert late_request([request], hosts, PendingJobs(TokenRates()), due - 0.01) is None
    assert late_request([request], hosts, PendingJobs(TokenRates()), due) == (request.job, quickest)


def test_on_a_host_that_is_no_faster_only_a_stuck_request_is_hedged() -> None:
    own, idle = host(0, 2.0), host(1, 2.0 / FASTER + 0.01)
    request = sent(Job(5), own)
    assert next_hedge_at([request], [own, idle], PendingJobs(TokenRates())) == STUCK * 2.0
    assert late_request([request], [own, idle], PendingJobs(TokenRates()), STUCK * 2.0 - 0.01) is None
    assert late_request([request], [own, idle], PendingJobs(TokenRates()), STUCK * 2.0) == (request.job, idle)


def test_a_request_waits_for_the_fastest_hosts_unless_it_is_stuck() -> None:
    own, idle, fastest = host(0, 8.0), host(1, 4.0), host(2, 2.0)
    fastest.in_flight = 2
    request, hosts = sent(Job(5), own), [own, idle, fastest]
    assert next_hedge_at([request], hosts, PendingJobs(TokenRates())) == STUCK * 8.0
    fastest.in_flight = 1
    assert next_hedge_at([request], hosts, PendingJobs(TokenRates())) == LATE * 2.0
    fastest.out = "excluded"
    assert next_hedge_at([request], hosts, PendingJobs(TokenRates())) == LATE * 4.0


def test_nothing_is_hedged_while_texts_are_pending() -> None:
    pending = PendingJobs(TokenRates())
    pending.add(Job(5))
    request = sent(Job(5), host(0))
    assert late_request([request], [host(1)], pending, 100.0) is None
    assert next_hedge_at([request], [host(1)], pending) is None


def test_what_is_never_hedged() -> None:
    slow, idle = host(0), host(1)
    twice = sent(Job(5), slow)
    twice.job.in_flight[0] = "another"
    for request in (
        twice,
        sent(Job(5, model="other"), slow),
        sent(Job(5, health_check=True), slow),
        sent(Job(5, charged=1), slow),
        sent(Job(5, failed_on={idle.url}, barred={idle.url}), slow),
        sent(Job(5), idle),
    ):
        assert late_request([request], [idle], PendingJobs(TokenRates()), 100.0) is None


def test_a_text_is_hedged_on_a_host_that_failed_it_through_no_fault_of_the_text() -> None:
    slow, idle = host(0), host(1)
    request = sent(Job(5, failed_on={idle.url}), slow)
    assert late_request([request], [idle], PendingJobs(TokenRates()), 100.0) == (request.job, idle)


def test_a_host_without_free_slots_or_of_unknown_speed_is_not_idle() -> None:
    request = sent(Job(5), host(0))
    busy, unknown, reserved, broken = host(1), host(2, None), host(3), host(4)
    busy.in_flight, reserved.reserved, broken.out = 2, True, "excluded"
    assert late_request([request], [busy, unknown, reserved, broken], PendingJobs(TokenRates()), 100.0) is None


def test_the_budget_is_two_percent_of_all_requests() -> None:
    budget = HedgeBudget()
    for _ in range(MOST_IN_SHORT_RUNS):
        assert budget.allows()
        budget.sent(hedged=True)
    assert not budget.allows()
    for _ in range(1000 - MOST_IN_SHORT_RUNS):
        budget.sent(hedged=False)
    hedged = MOST_IN_SHORT_RUNS
    while budget.allows():
        budget.sent(hedged=True)
        hedged += 1
    assert hedged == 20


def test_where_answers_take_milliseconds_a_request_is_not_late_after_twice_as_many() -> None:
    quick = host(1, 0.001)
    request = sent(Job(5), host(0))
    assert next_hedge_at([request], [quick], PendingJobs(TokenRates())) == LEAST_LATE_SECONDS

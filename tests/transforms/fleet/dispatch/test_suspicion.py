from __future__ import annotations

import random

import pytest

from transforms.fleet.dispatch import suspicion
from transforms.fleet.dispatch.sent_request import SentRequest
from transforms.fleet.faults import Failure
from transforms.fleet.host.breaker import Breaker
from transforms.fleet.host.deadlines import Deadline
from transforms.fleet.host.fault_share import PRIOR_FAULTS, PRIOR_REQUESTS
from transforms.fleet.host.host_state import HostState, ServedModel
from transforms.fleet.host.limits import FixedLimit
from transforms.fleet.jobs import Job

CRASH = Failure.MODEL_CRASHED


def host() -> HostState:
    served = ServedModel(FixedLimit(4), Deadline(300))
    return HostState("http://gpu0:11434", Breaker(random.Random(1)), lambda _: served, ready=True)


def sent(job: Job, state: HostState, at: float, alone: bool = False) -> SentRequest:
    return SentRequest(job, state, state.served, at, alone, False)


def crash_and_survive(state: HostState, job: Job, at: float) -> None:
    """The text fails, and the host's other request, which was in flight meanwhile, is answered."""
    other = sent(Job(5), state, at)
    suspicion.note_failure(sent(job, state, at), CRASH, at + 1)
    suspicion.note_answer(other)


def test_a_text_that_fails_again_and_again_while_others_survive_is_convicted_soon() -> None:
    state, job = host(), Job(5)
    for _ in range(100):
        suspicion.note_answer(sent(Job(5), state, 0.0))
    tries = 0
    while not suspicion.convicted(job):
        crash_and_survive(state, job, 10.0 * tries)
        tries += 1
    assert suspicion.LEAST_OWN <= tries <= 4


def test_the_more_a_host_fails_the_more_it_takes() -> None:
    tries = {}
    for period in (100, 4):
        state, job = host(), Job(5)
        for number in range(200):
            if number % period:
                suspicion.note_answer(sent(Job(5), state, 0.0))
            else:
                crash_and_survive(state, Job(5), 0.0)
        while not (job.own_failures >= suspicion.LEAST_OWN and job.chance < suspicion.CHANCE):
            crash_and_survive(state, job, 1000.0 + job.own_failures)
        tries[period] = job.own_failures
    assert tries[4] > 2 * tries[100]


def test_an_answer_to_a_later_request_proves_nothing() -> None:
    state, job = host(), Job(5)
    suspicion.note_failure(sent(job, state, 0.0), CRASH, 1.0)
    suspicion.note_answer(sent(Job(5), state, 2.0))
    assert job.own_failures == 0


def test_what_no_text_can_cause_is_never_charged() -> None:
    state, job = host(), Job(5)
    for at in range(100):
        state.last_answer_at = at + 0.5
        suspicion.note_failure(sent(job, state, at), Failure.BUSY, at + 1.0)
        suspicion.note_answer(sent(Job(5), state, at))
    assert (job.charged, job.own_failures) == (0, 0)


def test_a_text_that_failed_in_company_too_often_goes_alone() -> None:
    state, job = host(), Job(5)
    for at in range(suspicion.CHARGES_IN_COMPANY):
        assert not suspicion.goes_alone(job)
        state.last_answer_at = at + 0.5
        suspicion.note_failure(sent(job, state, at), CRASH, at + 1.0)
    assert suspicion.goes_alone(job)


def test_failures_without_company_count_once_the_host_has_answered_another_text() -> None:
    state, job = host(), Job(5)
    for at in range(3):
        suspicion.note_failure(sent(job, state, at, alone=True), CRASH, at + 0.5)
    assert job.charged == 0, "the host may be broken"
    state.last_answer_at = 10.0
    suspicion.note_failure(sent(job, state, 20.0, alone=True), CRASH, 21.0)
    assert job.charged == 3


def test_a_host_is_excused_once_between_two_answers() -> None:
    state, job = host(), Job(5)
    state.last_answer_at = 0.5
    assert not suspicion.excuses(sent(job, state, 1.0), 1.0), "nothing is known against the text"
    job.own_failures = 1
    assert suspicion.excuses(sent(job, state, 1.0), 1.0)
    assert not suspicion.excuses(sent(job, state, 2.0), 2.0)
    state.last_answer_at = 3.0
    assert suspicion.excuses(sent(job, state, 4.0), 4.0)


@pytest.mark.parametrize(
    ("charged", "own_failures", "chance", "convicted"),
    [
        (suspicion.MOST_CHARGED - 1, 0, 1.0, False),
        (suspicion.MOST_CHARGED, 0, 1.0, True),
        (0, suspicion.LEAST_OWN, 0.9 * suspicion.CHANCE, True),
        (0, suspicion.LEAST_OWN, suspicion.CHANCE, False),
        (0, suspicion.LEAST_OWN - 1, 0.0, False),
    ],
)
def test_when_a_text_is_convicted(charged: int, own_failures: int, chance: float, convicted: bool) -> None:
    assert suspicion.convicted(Job(5, charged=charged, own_failures=own_failures, chance=chance)) is convicted


def test_failures_that_concern_a_text_alone_do_not_send_it_alone() -> None:
    assert not suspicion.goes_alone(Job(5, charged=suspicion.CHARGES_IN_COMPANY, own_failures=1))


def test_half_of_a_hosts_requests_may_be_suspect_and_always_one() -> None:
    state = host()
    for suspects, room in ((0, True), (1, True), (2, False)):
        state.suspects = suspects
        assert suspicion.has_room(state) is room
    state.served.limit = FixedLimit(1)
    state.suspects = 0
    assert suspicion.has_room(state)


def opened(state: HostState) -> HostState:
    while state.breaker.closed:
        state.breaker.failed(0.0, "died")
    return state


def test_a_failure_of_a_host_that_is_taken_for_broken_charges_no_text() -> None:
    state, job = opened(host()), Job(5)
    state.last_answer_at = 1.0
    suspicion.note_failure(sent(job, state, 0.5), CRASH, 2.0)
    assert job.charged == 0
    assert job.suspect
    job.own_failures = 1
    assert not suspicion.excuses(sent(job, state, 3.0), 3.0)


@pytest.mark.parametrize(("alone", "in_flight"), [(False, 0), (True, 1)], ids=["in company", "others followed"])
def test_only_failures_without_any_company_wait_for_an_answer(alone: bool, in_flight: int) -> None:
    state, job = host(), Job(5)
    state.in_flight = in_flight
    suspicion.note_failure(sent(job, state, 0.0, alone), CRASH, 1.0)
    assert job.failed_alone == {}


def test_earlier_failures_without_company_are_charged_once() -> None:
    state, job = host(), Job(5)
    suspicion.note_failure(sent(job, state, 0.0, alone=True), CRASH, 1.0)
    for answered_at, charged in ((2.0, 1), (4.0, 1)):
        state.last_answer_at = answered_at
        suspicion.note_failure(sent(job, state, answered_at + 0.5), CRASH, answered_at + 1)
        assert job.charged == charged
        assert job.failed_alone == {}


def test_an_answer_is_evidence_once_and_only_about_what_failed_after_its_request() -> None:
    state, job = host(), Job(5)
    suspicion.note_failure(sent(job, state, 0.0), CRASH, 1.0)
    suspicion.note_answer(sent(Job(5), state, 1.0))
    assert job.own_failures == 0, "it was sent when the text had failed already"
    for _ in range(2):
        suspicion.note_answer(sent(Job(5), state, 0.5))
    assert job.own_failures == 1


def test_suspect_texts_say_nothing_about_how_often_a_host_fails() -> None:
    state, job = host(), Job(5)
    crash_and_survive(state, job, 0.0)
    after_one = state.fault_share.share()
    assert after_one == (PRIOR_FAULTS + 1) / (PRIOR_REQUESTS + 2)
    suspicion.note_answer(sent(job, state, 10.0))
    assert state.fault_share.share() == after_one
    suspicion.note_failure(sent(job, state, 20.0), CRASH, 21.0)
    suspicion.note_answer(sent(Job(5, own_failures=1), state, 20.0))
    assert state.fault_share.share() == after_one
    assert job.chance == pytest.approx(after_one**2)

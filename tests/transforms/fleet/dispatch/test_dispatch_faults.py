"""A dispatcher's verdict on each fault: whom it is charged to, and when it ends a text or the run."""

from __future__ import annotations

import pytest

from tests.transforms.fleet.dispatched import answer, state
from transforms.fleet.dispatch.dispatcher import Dispatcher
from transforms.fleet.dispatch.verdicts import MOST_UNCLEAR, Verdict
from transforms.fleet.faults import Failure, RequestFailed
from transforms.fleet.host.breaker import FAULTS_IN_A_ROW
from transforms.fleet.host.deadlines import KNOWN_AFTER, Deadline
from transforms.fleet.host.host_state import ServedModel
from transforms.fleet.host.limits import AdaptiveLimit
from transforms.fleet.jobs import Job


def test_a_poison_row_ends_and_takes_no_other_with_it() -> None:
    """A row that kills every runner it meets is charged only while its hosts serve others."""
    dispatcher = Dispatcher([state("http://gpu0:11434"), state("http://gpu1:11434")])
    poison = Job(size=10)
    dispatcher.add(poison)
    now = 0.0
    verdicts: list[Verdict] = []
    while not verdicts or verdicts[-1] is Verdict.RETRY:
        now += 10.0
        chosen = dispatcher.next(now)
        assert chosen is not None
        key, job, host = chosen
        if job.health_check:
            dispatcher.cancelled(key, now)
            continue
        assert job is poison
        host.breaker.succeeded()
        host.last_answer_at = now + 1
        verdict, _ = dispatcher.failed(key, now + 2, RequestFailed(Failure.SERVER_ERROR, "crash", host.url))
        verdicts.append(verdict)
        if verdict is Verdict.RETRY:
            dispatcher.add(job)
    assert verdicts[-1] is Verdict.REJECT
    assert 3 <= len(verdicts) <= 8
    assert {attempt.host for attempt in poison.attempts} == {"http://gpu0:11434", "http://gpu1:11434"}


@pytest.mark.parametrize(("failure", "ends"), [(Failure.BUSY, False), (Failure.FORBIDDEN, True)])
def test_a_row_is_not_charged_with_what_no_text_can_cause(failure: Failure, ends: bool) -> None:
    host = state(slots=1)
    dispatcher, row = Dispatcher([host]), Job(size=10)
    verdicts = set()
    for moment in range(30):
        now = 100.0 * moment
        for job in (row, Job(size=10)):  # the host serves another one between two tries
            now += 10.0
            dispatcher.add(job)
            chosen = dispatcher.next(now)
            assert chosen is not None
            if chosen[1] is row:
                verdicts.add(dispatcher.failed(chosen[0], now, RequestFailed(failure, "HTTP", host.url))[0])
            else:
                dispatcher.answered(chosen[0], now + 1.0, answer(host))
        if Verdict.REJECT in verdicts:
            break
    assert (Verdict.REJECT in verdicts) == ends


def test_a_request_is_counted_where_it_was_sent_also_if_its_model_vanishes_under_it() -> None:
    host = state()
    host.new_served_model = lambda model: ServedModel(AdaptiveLimit(), Deadline(300))
    dispatcher = Dispatcher([host])
    for _ in range(3):
        dispatcher.add(Job(size=10))
    sent = [chosen[0] for _ in range(3) if (chosen := dispatcher.next(0.0)) is not None]
    host.model = "another"
    dispatcher.answered(sent[0], 1.0, answer(host))
    dispatcher.failed(sent[1], 1.0, RequestFailed(Failure.MODEL_MISSING, "gone", host.url))
    dispatcher.cancelled(sent[2], 1.0)
    assert host.in_flight == 0
    assert host.served_model("").deadline.typical_seconds() == 1.0
    assert host.deadline.typical_seconds() is None


def test_the_probe_of_a_host_that_was_quick_may_take_as_long_as_a_load() -> None:
    host = state()
    dispatcher = Dispatcher([host])
    for _ in range(KNOWN_AFTER):
        host.deadline.answered(1.0, 10, 1.0)
    assert host.deadline.seconds(10) < 300
    for _ in range(FAULTS_IN_A_ROW):
        dispatcher.add(Job(size=10))
        chosen = dispatcher.next(0.0)
        assert chosen is not None
        dispatcher.failed(chosen[0], 10.0, RequestFailed(Failure.TIMEOUT, "no answer", host.url))
    assert not host.breaker.closed
    assert host.deadline.seconds(10) == 300, "a client that leaves makes the load begin again, each time"


def test_what_was_sent_before_a_host_rested_makes_no_room_for_a_second_probe() -> None:
    host = state(slots=8)
    dispatcher = Dispatcher([host])

    def send(now: float) -> int | None:
        chosen = dispatcher.next(now)
        return None if chosen is None else chosen[0]

    for _ in range(20):
        dispatcher.add(Job(size=10))
    keys = [key for _ in range(8) if (key := send(0.0)) is not None]
    lost = RequestFailed(Failure.TIMEOUT, "no answer", host.url)
    for key in keys[:FAULTS_IN_A_ROW]:
        dispatcher.failed(key, 10.0, lost)
    probe = send(20.0)
    assert probe is not None
    dispatcher.failed(keys[3], 21.0, lost)
    dispatcher.cancelled(keys[4], 21.0)
    dispatcher.failed(keys[5], 21.0, RequestFailed(Failure.MODEL_MISSING, "gone", host.url))
    assert send(100.0) is None
    dispatcher.failed(probe, 100.0, lost)
    assert send(110.0) is not None


def test_an_unclear_fault_is_the_rows_after_three() -> None:
    dispatcher = Dispatcher([state()])
    job = Job(size=10)
    verdicts: list[Verdict] = []
    for _ in range(MOST_UNCLEAR):
        dispatcher.add(job)
        chosen = dispatcher.next(0.0)
        assert chosen is not None
        failed = RequestFailed(Failure.GENERATION_ABORTED, "done is false", "http://gpu0:11434")
        verdicts.append(dispatcher.failed(chosen[0], 1.0, failed)[0])
    assert verdicts == [Verdict.RETRY, Verdict.RETRY, Verdict.REJECT]


def test_a_rows_own_fault_rejects_at_once_and_leaves_the_host_alone() -> None:
    dispatcher = Dispatcher([state()])
    for _ in range(30):
        dispatcher.add(Job(size=10))
        chosen = dispatcher.next(0.0)
        assert chosen is not None
        failed = RequestFailed(Failure.INPUT_TOO_LONG, "HTTP 400", "http://gpu0:11434")
        assert dispatcher.failed(chosen[0], 1.0, failed) == (Verdict.REJECT, False)


def test_a_fault_of_the_request_stops_the_run() -> None:
    dispatcher = Dispatcher([state()])
    dispatcher.add(Job(size=10))
    chosen = dispatcher.next(0.0)
    assert chosen is not None
    failed = RequestFailed(Failure.INVALID_OPTIONS, 'option "num_ctx" must be of type integer', "http://gpu0:11434")
    assert dispatcher.failed(chosen[0], 1.0, failed)[0] is Verdict.STOP_RUN


def test_options_stop_the_run_only_once_every_healthy_host_has_refused_them() -> None:
    hosts = [state(f"http://gpu{number}:11434") for number in range(MOST_UNCLEAR + 1)]
    dispatcher = Dispatcher(hosts)
    job = Job(size=10)
    dispatcher.add(job)
    tried: list[str] = []
    verdict = Verdict.RETRY
    while verdict is Verdict.RETRY:
        chosen = dispatcher.next(float(len(tried)))
        assert chosen is not None
        tried.append(chosen[2].url)
        failed = RequestFailed(Failure.INVALID_OPTIONS, "HTTP 400", chosen[2].url)
        verdict = dispatcher.failed(chosen[0], float(len(tried)), failed)[0]
        if verdict is Verdict.RETRY:
            dispatcher.add(job)
    assert verdict is Verdict.STOP_RUN
    assert sorted(tried) == [host.url for host in hosts]

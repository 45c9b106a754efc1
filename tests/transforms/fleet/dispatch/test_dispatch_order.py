"""Which text a dispatcher sends next, and to which host."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from tests.transforms.fleet.dispatched import state, timed_answer
from transforms.fleet.dispatch.dispatcher import Dispatcher
from transforms.fleet.dispatch.expected_tokens import TOKENS_PER_CHARACTER
from transforms.fleet.dispatch.hedging import LATE
from transforms.fleet.dispatch.verdicts import Verdict
from transforms.fleet.faults import Failure, RequestFailed
from transforms.fleet.host.deadlines import KNOWN_AFTER
from transforms.fleet.http.answers import Answer
from transforms.fleet.jobs import Job


def test_a_copy_goes_only_to_a_host_that_would_be_quicker_by_now() -> None:
    slow, quick = state("http://gpu0:11434", 1), state("http://gpu1:11434", 2)
    dispatcher = Dispatcher([slow])
    job = Job(size=10)
    dispatcher.add(job)
    assert dispatcher.next(0.0) is not None
    dispatcher.hosts[quick.url] = quick
    assert dispatcher.next(100.0) is None, "nothing is known of the other host"
    quick.deadline.answered(2.0, None, None)
    assert dispatcher.next(2.9) is None
    assert dispatcher.next_wake_at(2.9) == 2.0 * LATE == 3.0
    chosen = dispatcher.next(3.0)
    assert chosen is not None
    assert chosen[1:] == (job, quick)
    assert dispatcher.next(50.0) is None, "two at the most"
    failed = RequestFailed(Failure.SERVER_ERROR, "crash", quick.url)
    assert dispatcher.failed(chosen[0], 60.0, failed)[0] is Verdict.WAIT


def test_a_host_is_probed_with_the_shortest_text_that_it_has_not_failed_at() -> None:
    host = state()
    dispatcher = Dispatcher([host])
    for _ in range(3):
        host.breaker.failed(0.0, "crash")
    for size in (2000, 1900, 30, 40):
        dispatcher.add(Job(size=size, failed_on={host.url} if size == 30 else set()))
    chosen = dispatcher.next(100.0)
    assert chosen is not None
    assert chosen[1].size == 40


def test_longest_first() -> None:
    dispatcher = Dispatcher([state(slots=100)])
    sizes = [random.Random(3).randrange(1000) for _ in range(100)]
    for size in sizes:
        dispatcher.add(Job(size))
    sent = []
    while (chosen := dispatcher.next(0.0)) is not None:
        sent.append(chosen[1].size)
    assert sent == sorted(sizes, reverse=True)
    assert dispatcher.hosts["http://gpu0:11434"].tokens_in_flight == pytest.approx(TOKENS_PER_CHARACTER * sum(sizes))


def next_column(answers: dict[str, Answer], *waiting: Job) -> str:
    """The column of the text that is sent next, after an answer to a text of 100 characters of each column."""
    dispatcher = Dispatcher([state(slots=1)])
    for column, each in answers.items():
        dispatcher.add(Job(100, column=column))
        chosen = dispatcher.next(0.0)
        assert chosen is not None
        dispatcher.answered(chosen[0], 1.0, each)
    for job in waiting:
        dispatcher.add(job)
    chosen = dispatcher.next(1.0)
    assert chosen is not None
    return chosen[1].column


def test_the_text_with_the_longest_expected_answer_is_sent_first() -> None:
    waiting = Job(200, column="codes"), Job(300, column="prose")
    assert next_column({}, *waiting) == "prose"
    assert next_column({"codes": timed_answer(0, 50, 1.0), "prose": timed_answer(0, 25, 0.5)}, *waiting) == "codes"
    # Reading the prompts takes as long as writing 40 tokens.
    assert next_column({"codes": timed_answer(0, 50, 1.0), "prose": timed_answer(0.8, 25, 0.5)}, *waiting) == "prose"


def test_an_answer_without_counts_or_durations_says_nothing_about_the_next_one() -> None:
    waiting = Job(200, column="codes"), Job(300, column="prose")
    hidden = replace(timed_answer(0, 50, 1.0), total_duration_ns=None, eval_duration_ns=None)
    uncounted = replace(timed_answer(0, 50, 1.0), eval_count=None)
    for nothing in (hidden, uncounted):
        assert next_column({"codes": nothing, "prose": nothing}, *waiting) == "prose"


def test_a_failed_row_prefers_a_host_that_has_not_failed_it() -> None:
    first, second = state("http://gpu0:11434", 8), state("http://gpu1:11434", 1)
    dispatcher = Dispatcher([first, second])
    dispatcher.add(Job(size=10, failed_on={"http://gpu0:11434"}))
    chosen = dispatcher.next(0.0)
    assert chosen is not None
    assert chosen[2] is second


def test_a_failed_row_goes_to_a_slow_host_only_if_the_faster_ones_cannot_answer_it_sooner() -> None:
    fast, failing, slow = (state(f"http://gpu{number}:11434", 1) for number in range(3))
    dispatcher = Dispatcher([fast, failing, slow])
    for host, speed in ((fast, 1000.0), (failing, 1000.0), (slow, 10.0)):
        host.served.answered(1, speed, 1.0)
    for size in (3, 2):
        dispatcher.add(Job(size))
    others = [dispatcher.next(0.0), dispatcher.next(0.0)]
    assert [sent[2] for sent in others if sent is not None] == [fast, failing]
    job = Job(size=1000, failed_on={failing.url}, barred={failing.url})
    dispatcher.add(job)
    assert dispatcher.next(0.0) is None, "it would take the slow host longer than it has to wait for the fast one"
    dispatcher.add(Job(size=1))
    sent = dispatcher.next(0.0)
    assert sent is not None
    assert (sent[1].size, sent[2]) == (1, slow), "a short text does not wait for the long one"
    dispatcher.answered(sent[0], 0.1, timed_answer(0, 1, 0.1))
    fast.out = "excluded"
    sent = dispatcher.next(0.2)
    assert sent is not None
    assert (sent[1], sent[2]) == (job, slow)


def test_nothing_goes_to_a_host_that_is_not_ready_or_out() -> None:
    first, second = state("http://gpu0:11434"), state("http://gpu1:11434")
    first.ready, second.out = False, "no model"
    dispatcher = Dispatcher([first, second])
    dispatcher.add(Job(size=1))
    assert dispatcher.next(0.0) is None
    assert dispatcher.models_away() == [""]


def test_only_a_waiting_text_lets_a_host_change_its_model() -> None:
    host = state()
    host.model, host.digests = "a", {"a": "", "b": ""}
    dispatcher = Dispatcher([host])
    assert dispatcher.next_change() is None
    dispatcher.add(Job(size=10, model="b"))
    assert dispatcher.next_change() == (host, "b")


def test_the_speed_of_a_host_is_that_of_its_answers() -> None:
    host = state()
    dispatcher = Dispatcher([host])
    for _ in range(KNOWN_AFTER):
        dispatcher.add(Job(size=10))
        chosen = dispatcher.next(0.0)
        assert chosen is not None
        answer = Answer("English", host.url, "mistral", "stop", 1_000_000_000, 0, 0, 1_000_000_000, 10, 10)
        dispatcher.answered(chosen[0], 1.0, answer)
    assert host.deadline.seconds(num_predict=100) == 30.0, "three times 100 tokens at a tenth of a second"

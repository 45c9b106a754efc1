from __future__ import annotations

import random

import pytest

from transforms.fleet.dispatch.expected_tokens import TOKENS_PER_CHARACTER, TokenRates
from transforms.fleet.dispatch.pending import MOST_OVERTAKING, PendingJobs
from transforms.fleet.jobs import Job

HOST = "http://gpu0:11434"


def never(job: Job) -> bool:
    return False


def always(job: Job) -> bool:
    return True


def drained(pending: PendingJobs, model: str = "", shortest: bool = False) -> list[int]:
    sizes = []
    while (job := pending.take(model, always, shortest)) is not None:
        sizes.append(job.size)
    return sizes


def test_each_model_has_its_own_queue() -> None:
    pending = PendingJobs(TokenRates())
    for size, model in ((1, "a"), (9, "b"), (5, "a"), (3, "b")):
        pending.add(Job(size, model))
    assert sorted(pending.models()) == ["a", "b"]
    assert (pending.count("a"), pending.count("c"), len(pending)) == (2, 0, 4)
    assert drained(pending, "a") == [5, 1]
    assert sorted(job.size for job in pending.take_all("b")) == [3, 9]
    assert not pending
    assert pending.take("b", always) is None
    assert pending.take_shortest("b", always) is None


def test_longest_first_or_shortest_first() -> None:
    sizes = [random.Random(3).randrange(1000) for _ in range(MOST_OVERTAKING)]
    for shortest in (False, True):
        assert drained(filled(*sizes), shortest=shortest) == sorted(sizes, reverse=not shortest)


def filled(*sizes: int) -> PendingJobs:
    pending = PendingJobs(TokenRates())
    for size in sizes:
        pending.add(Job(size))
    return pending


def taken_with_arrivals(pending: PendingJobs, count: int, size: int) -> list[int]:
    """The sizes of the jobs that are taken, one after each of ``count`` arrivals of ``size``."""
    sizes = []
    for _ in range(count):
        pending.add(Job(size))
        job = pending.take("", always)
        assert job is not None
        sizes.append(job.size)
    return sizes


def test_a_short_text_is_overtaken_by_so_many_longer_ones_only() -> None:
    sizes = taken_with_arrivals(filled(1), 2 * MOST_OVERTAKING, 9)
    assert sizes.index(1) == MOST_OVERTAKING - 2
    assert sizes.count(9) == len(sizes) - 1


def test_where_more_texts_wait_a_short_one_is_overtaken_by_more() -> None:
    others = MOST_OVERTAKING + 88
    sizes = taken_with_arrivals(filled(*[9] * others, 1), 3 * others, 9)
    assert sizes.index(1) == 2 * others - 2


def test_a_text_that_has_waited_for_too_long_does_not_go_where_it_is_too_long() -> None:
    pending = filled(5)
    taken_with_arrivals(pending, MOST_OVERTAKING - 2, 9)
    for size in (9, 9, 3):
        pending.add(Job(size))
    assert pending.take("", always, most_tokens=4.0 * TOKENS_PER_CHARACTER).size == 3  # type: ignore[union-attr]
    assert pending.take("", always).size == 5  # type: ignore[union-attr]


def test_of_jobs_that_have_failed_the_oldest_comes_first_and_before_a_new_one_of_its_length() -> None:
    pending = filled(2)
    failed = [Job(size, failed_on={HOST}) for size in (2, 7)]
    for job in failed:
        pending.add(job)
    assert pending.take("", always) is failed[0]
    pending.add(failed[0])
    assert pending.take_shortest("", always) is failed[0]


def test_texts_of_equal_length_keep_their_order() -> None:
    for shortest in (False, True):
        pending = PendingJobs(TokenRates())
        jobs = [Job(size) for size in (5, 5, 5, 7, 7, 7)]
        for job in jobs:
            pending.add(job)
        taken = [pending.take("", always, shortest) for _ in jobs]
        assert taken == (jobs if shortest else jobs[3:] + jobs[:3])


def test_a_job_that_has_failed_comes_first_but_only_where_it_suits() -> None:
    pending = PendingJobs(TokenRates())
    failed = Job(1, failed_on={HOST})
    for job in (Job(9), failed, Job(5)):
        pending.add(job)
    taken = pending.take("", never)
    assert taken is not None
    assert taken.size == 9
    assert pending.take("", lambda job: job is failed) is failed
    pending.add(failed)
    assert drained(pending) == [1, 5]


def test_a_job_that_suits_no_host_stays() -> None:
    pending = PendingJobs(TokenRates())
    pending.add(Job(1, failed_on={HOST}))
    assert pending.take("", never) is None
    assert pending.count("") == 1


def test_the_shortest_of_those_that_suit() -> None:
    pending = PendingJobs(TokenRates())
    jobs = [Job(3, failed_on={HOST}), Job(7), Job(5), Job(2)]
    for job in jobs:
        pending.add(job)
    assert pending.take_shortest("", lambda job: job.size > 2) is jobs[0]
    assert pending.take_shortest("", lambda job: job.size > 2) is jobs[2]
    assert pending.tokens("") == pytest.approx(9 * TOKENS_PER_CHARACTER)
    assert pending.count("") == 2
    assert pending.take_shortest("", always) is jobs[3]
    assert pending.take_shortest("", never) is None
    assert pending.take_shortest("", always) is jobs[1]
    assert not pending


def test_a_queue_is_emptied_with_the_jobs_that_have_failed() -> None:
    pending = filled(5, 7)
    pending.add(Job(3, failed_on={HOST}))
    assert sorted(job.size for job in pending.take_all("")) == [3, 5, 7]
    assert not pending
    assert pending.take_all("") == []


def test_the_longest_text_that_a_host_should_take() -> None:
    pending = PendingJobs(TokenRates())
    jobs = {size: Job(size) for size in (5, 1, 9, 7)}
    for job in jobs.values():
        pending.add(job)
    assert pending.tokens("") == pytest.approx(22 * TOKENS_PER_CHARACTER)
    assert pending.take("", always, most_tokens=0.5 * TOKENS_PER_CHARACTER) is None
    assert pending.take("", always, most_tokens=7 * TOKENS_PER_CHARACTER) is jobs[7]
    assert pending.take("", always, most_tokens=6.5 * TOKENS_PER_CHARACTER) is jobs[5]
    assert pending.take("", always) is jobs[9]
    assert pending.tokens("") == pytest.approx(TOKENS_PER_CHARACTER)
    assert pending.count("") == 1
    assert pending.take("", always, shortest=True) is jobs[1]
    assert not pending


def filled_with_columns() -> tuple[PendingJobs, TokenRates]:
    """Jobs of a dense column and one of prose, which looks longer."""
    rates = TokenRates()
    rates.of("", "codes").answered(100, 50)
    rates.of("", "prose").answered(100, 20)
    pending = PendingJobs(rates)
    for column, sizes in (("codes", (10, 50, 90)), ("prose", (60, 100, 150))):
        for size in sizes:
            pending.add(Job(size, column=column))
    return pending, rates


def test_of_two_columns_the_text_with_the_longest_expected_answer_comes_first() -> None:
    pending, _ = filled_with_columns()
    assert pending.tokens("") == pytest.approx(75 + 62)
    assert drained(pending) == [90, 150, 50, 100, 60, 10]


def test_of_two_columns_the_text_with_the_shortest_expected_answer_comes_first() -> None:
    pending, _ = filled_with_columns()
    assert pending.take_shortest("", lambda job: job.size > 10).size == 60  # type: ignore[union-attr]
    assert drained(pending, shortest=True) == [10, 100, 50, 150, 90]


def test_texts_that_wait_are_ordered_by_what_was_learnt_since() -> None:
    pending, rates = filled_with_columns()
    for _ in range(300):
        rates.of("", "codes").answered(100, 10)
    assert pending.tokens("") == pytest.approx(15 + 62, rel=0.1)
    assert drained(pending) == [150, 100, 60, 90, 50, 10]


def test_the_longest_expected_answer_that_a_host_should_give() -> None:
    pending, _ = filled_with_columns()
    taken = [pending.take("", always, most_tokens=22) for _ in range(4)]
    assert [job.size for job in taken if job] == [100, 60, 10]
    assert drained(pending) == [90, 150, 50]


def test_a_text_of_another_column_is_sent_next_if_it_has_waited_for_too_long() -> None:
    pending = PendingJobs(TokenRates())
    pending.add(Job(1, column="titles"))
    sizes = taken_with_arrivals(pending, 2 * MOST_OVERTAKING, 9)
    assert sizes.index(1) == MOST_OVERTAKING - 2


def test_jobs_that_hosts_are_to_be_avoided_for_are_known() -> None:
    pending = filled(5)
    assert not pending.any_choosy()
    pending.add(Job(3, failed_on={HOST}))
    assert pending.any_choosy()


def test_repairs_come_first_however_short_they_are() -> None:
    pending = filled(500, 900)
    pending.add(Job(3, repair=True))
    assert drained(pending) == [3, 900, 500]

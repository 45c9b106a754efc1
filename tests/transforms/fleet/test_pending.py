from __future__ import annotations

import random

from transforms.fleet.jobs import Job
from transforms.fleet.pending import MOST_OVERTAKING, PendingJobs

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
    pending = PendingJobs()
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
    pending = PendingJobs()
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
    assert pending.take("", always, longest=4.0).size == 3  # type: ignore[union-attr]
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
        pending = PendingJobs()
        jobs = [Job(size) for size in (5, 5, 5, 7, 7, 7)]
        for job in jobs:
            pending.add(job)
        taken = [pending.take("", always, shortest) for _ in jobs]
        assert taken == (jobs if shortest else jobs[3:] + jobs[:3])


def test_a_job_that_has_failed_comes_first_but_only_where_it_suits() -> None:
    pending = PendingJobs()
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
    pending = PendingJobs()
    pending.add(Job(1, failed_on={HOST}))
    assert pending.take("", never) is None
    assert pending.count("") == 1


def test_the_shortest_of_those_that_suit() -> None:
    pending = PendingJobs()
    jobs = [Job(3, failed_on={HOST}), Job(7), Job(5), Job(2)]
    for job in jobs:
        pending.add(job)
    assert pending.take_shortest("", lambda job: job.size > 2) is jobs[0]
    assert pending.take_shortest("", lambda job: job.size > 2) is jobs[2]
    assert (pending.characters(""), pending.count("")) == (9, 2)
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
    pending = PendingJobs()
    jobs = {size: Job(size) for size in (5, 1, 9, 7)}
    for job in jobs.values():
        pending.add(job)
    assert pending.characters("") == 22
    assert pending.take("", always, longest=0.5) is None
    assert pending.take("", always, longest=7) is jobs[7]
    assert pending.take("", always, longest=6.5) is jobs[5]
    assert pending.take("", always) is jobs[9]
    assert (pending.characters(""), pending.count("")) == (1, 1)
    assert pending.take("", always, shortest=True) is jobs[1]
    assert not pending

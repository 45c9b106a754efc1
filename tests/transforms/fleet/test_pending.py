from __future__ import annotations

import random

from transforms.fleet.jobs import Job
from transforms.fleet.pending import BLOCK, PendingJobs

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


def test_longest_first_within_a_block_and_blocks_in_order() -> None:
    rng = random.Random(3)
    sizes = [rng.randrange(1000) for _ in range(2 * BLOCK)]
    for shortest in (False, True):
        pending = PendingJobs()
        for size in sizes:
            pending.add(Job(size))
        first, second = sizes[:BLOCK], sizes[BLOCK:]
        expected = sorted(first, reverse=not shortest) + sorted(second, reverse=not shortest)
        assert drained(pending, shortest=shortest) == expected


def filled(*sizes: int) -> PendingJobs:
    pending = PendingJobs()
    for size in sizes:
        pending.add(Job(size))
    return pending


def test_after_a_block_that_is_full_the_next_text_begins_another_one() -> None:
    pending = filled(*[5] * BLOCK, 1)
    assert pending.take_shortest("", lambda job: job.size == 1) is not None
    pending.add(Job(9))
    assert drained(pending) == [*[5] * BLOCK, 9]


def test_a_block_takes_more_texts_after_the_one_before_it_is_empty() -> None:
    pending = filled(*[9] * BLOCK, 1)
    for _ in range(BLOCK):
        pending.take("", always)
    pending.add(Job(5))
    assert drained(pending) == [5, 1]


def test_no_block_is_smaller_than_usual() -> None:
    pending = PendingJobs()
    for size in (1, 9, 5):
        pending.add(Job(size), block=lambda: 1)
    assert drained(pending) == [9, 5, 1]


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

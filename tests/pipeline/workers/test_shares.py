from __future__ import annotations

import logging
from pathlib import Path
from statistics import mean

import pytest

from pipeline.options.run import RUN
from pipeline.workers.shares import TASKS_OF_WORKER, number_of_workers, tasks_for
from tests.pipeline.options.arguments import NEEDED
from tests.pipeline.workers.shared_host import share
from tests.transforms.source.numbered_rows import planned, write
from transforms.fleet.host.limits import AdaptiveLimit
from transforms.fleet.host.sharing import Share


def test_units_that_are_read_in_one_pass_are_shared_if_there_are_few_tasks(tmp_path: Path) -> None:
    write(str(tmp_path / "a.jsonl"), 25)
    (one, two, three) = planned(str(tmp_path)).groups
    units = [*one, *two, *three] * 11
    groups = [tuple(units[:30]), tuple(units[30:])]
    for workers in (2, 3):
        tasks = tasks_for(groups, workers)
        assert TASKS_OF_WORKER * workers <= len(tasks) <= 1.5 * TASKS_OF_WORKER * workers
        assert [unit for task in tasks for group in task.groups for unit in group] == units
    assert [len(group) for task in tasks_for(groups[:1], 50) for group in task.groups] == [1] * 30


def test_enough_tasks_are_left_as_they_are(tmp_path: Path) -> None:
    write(str(tmp_path / "a.jsonl"), 100)
    write(str(tmp_path / "b.jsonl"), 1)
    groups = planned(str(tmp_path)).groups
    assert [task.groups for task in tasks_for(groups, 2)] == [(group,) for group in groups]


@pytest.mark.parametrize(
    ("arguments", "tasks", "expected", "reason"),
    [
        (["--workers=3"], 12, 3, ""),
        (["--workers=3"], 2, 2, "no more work to share"),
        (["--workers=3", "--slots=2"], 12, 2, "a slot at each host"),
        (["--workers=3", "--hosts=gpu0,gpu1", "--slots=gpu0=8,gpu1=1"], 12, 1, "a slot at each host"),
        (["--workers=3", "--slots=3"], 12, 3, ""),
    ],
)
def test_no_worker_is_without_work_or_slots(
    caplog: pytest.LogCaptureFixture, arguments: list[str], tasks: int, expected: int, reason: str
) -> None:
    with caplog.at_level(logging.INFO):
        assert number_of_workers(RUN.parse([*NEEDED, *arguments], {}), tasks) == expected
    assert reason in caplog.text
    assert bool(caplog.text) == bool(reason)


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("workers", [2, 3, 4])
@pytest.mark.parametrize("slots", [1, 2, 4, 8, 16])
def test_workers_that_detect_the_slots_of_a_host_together_neither_flood_nor_starve_it(
    slots: int, workers: int, known: bool
) -> None:
    for seed in range(5):
        limits = [AdaptiveLimit(slots if known else None, Share(number, workers)) for number in range(workers)]
        found = share(slots, limits, 100 * slots, seed)
        settled = found.in_flight[16 * slots :]
        assert mean(settled) <= slots + 3 + slots // 8
        assert max(settled) <= slots + 3 + slots // 8 + 3 * (workers - 2)
        assert found.makespan <= 1.1 * found.ideal

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from tests.transforms.source.numbered_rows import planned, write
from transforms.source.read_tasks import FEWEST_TASKS, ReadTask, read_tasks


def test_few_files_are_spread_over_the_workers(tmp_path: Path) -> None:
    for number in range(FEWEST_TASKS + 3):
        write(str(tmp_path / f"{number}.parquet"), 1)
    assert len(read_tasks(planned(str(tmp_path)).groups)) == FEWEST_TASKS + 3


def test_large_files_are_read_by_themselves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transforms.source.read_tasks.FEWEST_TASKS", 1)
    monkeypatch.setattr("transforms.source.read_tasks.SMALL_FILE_BYTES", 100)
    for number in range(4):
        write(str(tmp_path / f"{number}.parquet"), 5)
    assert [len(task.groups) for task in read_tasks(planned(str(tmp_path)).groups)] == [1] * 4


def test_a_task_pickles_what_its_units_have_in_common_once(tmp_path: Path) -> None:
    for number in range(32):
        write(str(tmp_path / f"{number}.parquet"), 5)
    groups = planned(str(tmp_path)).groups
    together = len(pickle.dumps(ReadTask(groups)))
    assert together < sum(len(pickle.dumps(group)) for group in groups) / 2

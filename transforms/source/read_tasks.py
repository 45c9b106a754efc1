"""Tasks of the read step: the unit groups that are read together, so that many small files are few tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from transforms.source.small_files import SMALL_FILE_BYTES, is_small
from transforms.source.work_units import UnitGroup

FILES_IN_TASK = 32
TASK_BYTES = 4 << 20
"""Limits for small files that are read together: those on other machines are in memory at the same time."""

FEWEST_TASKS = 64
"""Files are not read together if fewer tasks than this would be left to spread over the workers."""


@dataclass(frozen=True)
class ReadTask:
    """What a worker reads at a time; the element of the Reshuffle.

    Pickled as one object, so that what its units have in common is stored once: runners keep several copies of all
    elements, which for 20,000 files took 60 MB when each unit was pickled by itself.

    Attributes:
        groups: Units to read, group by group.
    """

    groups: tuple[UnitGroup, ...]


def read_tasks(groups: Sequence[UnitGroup]) -> list[ReadTask]:
    """Return the elements for the read step: small files by the dozen if there are many, other groups by themselves."""
    most_files = max(1, min(FILES_IN_TASK, len(groups) // FEWEST_TASKS))
    tasks: list[ReadTask] = []
    for kind, several in groupby(groups, _kind):
        task: list[UnitGroup] = []
        for group in several:
            size_bytes = sum(each[0].source.size_bytes for each in (*task, group))
            if task and (kind == "large" or len(task) == most_files or size_bytes > TASK_BYTES):
                tasks.append(ReadTask(tuple(task)))
                task = []
            task.append(group)
        tasks.append(ReadTask(tuple(task)))
    return tasks


def _kind(group: UnitGroup) -> str:
    source = group[0].source
    if is_small(source):
        return "small, on another machine"
    return "small" if source.size_bytes <= SMALL_FILE_BYTES else "large"

"""How work is shared among worker processes, and how many of them have something to do."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from pipeline.options.run import RunOptions
from transforms.source.read_tasks import ReadTask, read_tasks
from transforms.source.work_units import UnitGroup

LOG = logging.getLogger(__name__)

TASKS_OF_WORKER = 4
"""Tasks for each worker, if there are as many units: towards the end, workers wait for the last tasks of the others."""


def tasks_for(groups: Sequence[UnitGroup], workers: int) -> list[ReadTask]:
    """Return the tasks for several workers.

    If there are few, groups are cut, such as the units of one large row group. Each of its readers then has to skip the
    rows before its own units.
    """
    tasks = read_tasks(groups)
    wanted = TASKS_OF_WORKER * workers
    if len(tasks) >= wanted:
        return tasks
    units = sum(map(len, groups))
    most_units = max(1, units // wanted)
    return [
        ReadTask((group[start : start + most_units],)) for group in groups for start in range(0, len(group), most_units)
    ]


def number_of_workers(options: RunOptions, tasks: int) -> int:
    """Return how many workers have something to do, and a slot at each host; say so if these are fewer than wanted.

    A host with fewer slots than workers would be out of reach for some, which then could not replace each other.
    """
    slots = min(options.slots.values()) if isinstance(options.slots, Mapping) else options.slots
    most = {"as there is no more work to share": tasks}
    if slots is not None:
        most["as each needs a slot at each host (--slots)"] = slots
    reason = min(most, key=lambda each: most[each])
    if most[reason] >= options.workers:
        return options.workers
    LOG.info("using %d of %d workers, %s", most[reason], options.workers, reason)
    return most[reason]

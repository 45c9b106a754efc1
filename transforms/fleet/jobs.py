"""One text to be generated from, what was tried for it, and the queue in which it waits. Pure."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum

from transforms.fleet.faults import Failure

BLOCK = 512
"""Longest first holds within so many requests in order of arrival, so that a short one never waits for ever."""

LOOK_AHEAD = 16


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request as it ended: ``failure`` is None if it was answered well."""

    host: str
    failure: Failure | None


@dataclass(eq=False, slots=True)
class Job:
    """One text to be generated from, by any host that has its model.

    Attributes:
        size: Characters of the text; longer ones go first.
        model: The model's key, as of ``admission.model_key``.
        failed_on: Hosts on which it failed; others are preferred.
        charged: Failures charged to it.
        failed_alone: Failures by host as the only request there, so that either may be at fault, and when the last one
            was; the host's next good answer settles it.
        check: Whether it is a text of our own that only shows whether a host works.
        unclear: Failures by class that may be its own fault.
        attempts: Requests that ended.
        running: Requests under way: the host of each by its key; two at the most.
    """

    size: int
    model: str = ""
    failed_on: set[str] = field(default_factory=set)
    charged: int = 0
    failed_alone: dict[str, tuple[int, float]] = field(default_factory=dict)
    check: bool = False
    unclear: dict[Failure, int] = field(default_factory=dict)
    attempts: list[Attempt] = field(default_factory=list)
    running: dict[int, str] = field(default_factory=dict)


class Verdict(Enum):
    """What follows from a failed request."""

    RETRY = "retry"
    WAIT = "wait"  # a copy is still under way
    REJECT = "reject"
    STOP_RUN = "stop_run"


class PendingJobs:
    """Jobs that wait for a host: one queue for each model, longest first within a block of arrivals."""

    def __init__(self) -> None:
        self._queues: dict[str, list[tuple[int, int, int, Job]]] = {}
        self._arrivals = itertools.count()

    def __len__(self) -> int:
        return sum(map(len, self._queues.values()))

    def __bool__(self) -> bool:
        return bool(self._queues)

    def count(self, model: str) -> int:
        """Jobs that wait for one model."""
        return len(self._queues.get(model, ()))

    def models(self) -> Iterator[str]:
        """The models that jobs wait for."""
        return iter(self._queues)

    def add(self, job: Job) -> None:
        """Puts a job, new or to be tried again, into its queue."""
        arrival = next(self._arrivals)
        heapq.heappush(self._queues.setdefault(job.model, []), (arrival // BLOCK, -job.size, arrival, job))

    def take(self, model: str, wanted: Callable[[Job], bool]) -> Job:
        """The first of the next jobs of a model that is wanted; if none is, the next one."""
        queue = self._queues[model]
        aside: list[tuple[int, int, int, Job]] = []
        while queue and len(aside) < LOOK_AHEAD:
            entry = heapq.heappop(queue)
            if wanted(entry[3]):
                break
            aside.append(entry)
        else:
            entry = aside.pop(0)
        for each in aside:
            heapq.heappush(queue, each)
        if not queue:
            del self._queues[model]
        return entry[3]

    def take_shortest(self, model: str, wanted: Callable[[Job], bool]) -> Job:
        """The shortest job of the oldest block of a model, of those that are wanted if there are any."""
        queue = self._queues[model]
        entries = [entry for entry in queue if wanted(entry[3])] or queue
        entry = min(entries, key=lambda each: (each[0], -each[1], each[2]))
        queue.remove(entry)
        heapq.heapify(queue)
        if not queue:
            del self._queues[model]
        return entry[3]

    def any(self, model: str, wanted: Callable[[Job], bool]) -> bool:
        """Whether a job of a model is wanted."""
        return any(wanted(entry[3]) for entry in self._queues.get(model, ()))

    def take_all(self, model: str) -> list[Job]:
        """Empties the queue of a model."""
        return [job for *_, job in self._queues.pop(model, ())]

"""The queue in which texts wait for a host. Pure."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from transforms.fleet.jobs import Job

BLOCK = 512
"""Longest first applies within this many texts in order of arrival, so that a short text never waits for ever."""

_Entry = tuple[int, int, int, Job]


@dataclass(eq=False)
class _Queue:
    """The queue of one model: new texts as a heap, and texts that some hosts are to be avoided for, oldest first."""

    new: list[_Entry] = field(default_factory=list)
    choosy: list[Job] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.new) + len(self.choosy)


class PendingJobs:
    """Jobs that wait for a host, in one queue for each model.

    Jobs that have failed on a host, or are to avoid one, come first; then the others, longest first within a block.
    """

    def __init__(self) -> None:
        self._queues: dict[str, _Queue] = {}
        self._arrivals = itertools.count()

    def __len__(self) -> int:
        return sum(map(len, self._queues.values()))

    def __bool__(self) -> bool:
        return bool(self._queues)

    def count(self, model: str) -> int:
        """The number of jobs that wait for a model."""
        queue = self._queues.get(model)
        return 0 if queue is None else len(queue)

    def models(self) -> Iterator[str]:
        """The models that jobs wait for."""
        return iter(self._queues)

    def add(self, job: Job) -> None:
        """Puts a job into its queue, whether it is new or is to be tried again."""
        queue = self._queues.setdefault(job.model, _Queue())
        if job.failed_on:
            queue.choosy.append(job)
        else:
            arrival = next(self._arrivals)
            heapq.heappush(queue.new, (arrival // BLOCK, -job.size, arrival, job))

    def take(self, model: str, suits: Callable[[Job], bool], shortest: bool = False) -> Job | None:
        """Takes the next job of a model, if there is one for the host that asks.

        Args:
            model: The model's key.
            suits: Whether a job that has failed before may go to the host.
            shortest: Whether to take the shortest new job of the oldest block instead of the longest.
        """
        queue = self._queues.get(model)
        if queue is None:
            return None
        job = next(filter(suits, queue.choosy), None)
        if job is not None:
            queue.choosy.remove(job)
        elif queue.new:
            job = self._take_shortest(queue) if shortest else heapq.heappop(queue.new)[3]
        self._drop_if_empty(model)
        return job

    @staticmethod
    def _take_shortest(queue: _Queue) -> Job:
        entry = min(queue.new, key=lambda each: (each[0], -each[1], each[2]))
        queue.new.remove(entry)
        heapq.heapify(queue.new)
        return entry[3]

    def take_shortest(self, model: str, suits: Callable[[Job], bool]) -> Job | None:
        """Takes the shortest job of a model that ``suits``; None if there is none."""
        queue = self._queues.get(model)
        if queue is None:
            return None
        jobs = [*filter(suits, queue.choosy), *(entry[3] for entry in queue.new if suits(entry[3]))]
        job = min(jobs, key=lambda each: each.size, default=None)
        if job is None:
            return None
        if job in queue.choosy:
            queue.choosy.remove(job)
        else:
            queue.new = [entry for entry in queue.new if entry[3] is not job]
            heapq.heapify(queue.new)
        self._drop_if_empty(model)
        return job

    def take_all(self, model: str) -> list[Job]:
        """Empties the queue of a model."""
        queue = self._queues.pop(model, _Queue())
        return [*queue.choosy, *(entry[3] for entry in queue.new)]

    def _drop_if_empty(self, model: str) -> None:
        if not self._queues[model]:
            del self._queues[model]

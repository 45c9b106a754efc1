"""The queue in which texts wait for a host. Pure."""

from __future__ import annotations

import itertools
from bisect import bisect_right, insort
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from transforms.fleet.jobs import Job

BLOCK = 512
"""Longest first applies within this many texts in order of arrival, so that a short text never waits for ever."""

_Entry = tuple[int, int, Job]
"""Characters of a job, minus the number of its arrival, and the job."""


@dataclass(eq=False)
class _Queue:
    """The queue of one model.

    Attributes:
        blocks: New jobs in the order of their arrival, a block at a time; each block is sorted by length.
        room: How many more jobs the last block takes.
        choosy: Jobs that some hosts are to be avoided for, oldest first.
        characters: Of all jobs.
    """

    blocks: deque[list[_Entry]] = field(default_factory=deque)
    room: int = 0
    choosy: list[Job] = field(default_factory=list)
    characters: int = 0

    def __len__(self) -> int:
        return sum(map(len, self.blocks)) + len(self.choosy)

    def add(self, entry: _Entry, block: Callable[[], int]) -> None:
        if not self.blocks or self.room <= 0:
            self.blocks.append([])
            self.room = max(BLOCK, block())
        self.room -= 1
        insort(self.blocks[-1], entry)

    def take_shortest(self) -> Job | None:
        if not self.blocks:
            return None
        shortest = self.blocks[0][0][0]
        return self.pop(0, bisect_right(self.blocks[0], (shortest, 1)) - 1)

    def take_longest(self, longest: float) -> Job | None:
        for number, block in enumerate(self.blocks):
            if index := len(block) if block[-1][0] <= longest else bisect_right(block, (longest, 1)):
                return self.pop(number, index - 1)
        return None

    def suitable(self, suits: Callable[[Job], bool]) -> list[tuple[int, int, Job]]:
        """The places of the new jobs that suit: block, index, job."""
        return [
            (number, index, entry[2])
            for number, block in enumerate(self.blocks)
            for index, entry in enumerate(block)
            if suits(entry[2])
        ]

    def pop(self, number: int, index: int) -> Job:
        job = self.blocks[number].pop(index)[2]
        if not self.blocks[number]:
            if number == len(self.blocks) - 1:
                self.room = 0
            del self.blocks[number]
        return job


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

    def __contains__(self, model: str) -> bool:
        """Whether jobs wait for a model."""
        return model in self._queues

    def count(self, model: str) -> int:
        """The number of jobs that wait for a model."""
        queue = self._queues.get(model)
        return 0 if queue is None else len(queue)

    def models(self) -> Iterator[str]:
        """The models that jobs wait for."""
        return iter(self._queues)

    def characters(self, model: str) -> int:
        """The characters of all jobs that wait for a model."""
        queue = self._queues.get(model)
        return 0 if queue is None else queue.characters

    def add(self, job: Job, block: Callable[[], int] = lambda: BLOCK) -> None:
        """Puts a job into its queue, whether it is new or is to be tried again.

        Args:
            job: The job.
            block: Returns how many jobs a new block is to take, if that is more than ``BLOCK``.
        """
        queue = self._queues.get(job.model)
        if queue is None:
            queue = self._queues[job.model] = _Queue()
        queue.characters += job.size
        if job.failed_on:
            queue.choosy.append(job)
        else:
            queue.add((job.size, -next(self._arrivals), job), block)

    def take(
        self, model: str, suits: Callable[[Job], bool], shortest: bool = False, longest: float = float("inf")
    ) -> Job | None:
        """Takes the next job of a model, if there is one for the host that asks.

        Args:
            model: The model's key.
            suits: Whether a job that has failed before may go to the host.
            shortest: Whether to take the shortest new job of the oldest block instead of the longest.
            longest: The characters of the longest new job that the host should take.
        """
        queue = self._queues.get(model)
        if queue is None:
            return None
        job = next(filter(suits, queue.choosy), None)
        if job is not None:
            queue.choosy.remove(job)
        else:
            job = queue.take_shortest() if shortest else queue.take_longest(longest)
        if job is not None:
            queue.characters -= job.size
        self._drop_if_empty(model)
        return job

    def take_shortest(self, model: str, suits: Callable[[Job], bool]) -> Job | None:
        """Takes the shortest job of a model that ``suits``; None if there is none."""
        queue = self._queues.get(model)
        if queue is None:
            return None
        choosy = min(filter(suits, queue.choosy), key=lambda each: each.size, default=None)
        new = min(queue.suitable(suits), key=lambda each: each[2].size, default=None)
        if choosy is not None and (new is None or choosy.size <= new[2].size):
            job = choosy
            queue.choosy.remove(job)
        elif new is not None:
            job = queue.pop(*new[:2])
        else:
            return None
        queue.characters -= job.size
        self._drop_if_empty(model)
        return job

    def take_all(self, model: str) -> list[Job]:
        """Empties the queue of a model."""
        queue = self._queues.pop(model, _Queue())
        return [*queue.choosy, *(entry[2] for block in queue.blocks for entry in block)]

    def _drop_if_empty(self, model: str) -> None:
        queue = self._queues[model]
        if not queue.blocks and not queue.choosy:
            del self._queues[model]

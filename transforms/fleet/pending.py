"""The queue in which texts wait for a host. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from transforms.fleet.jobs import Job

MOST_OVERTAKING = 512
"""Longer texts overtake a waiting one. After this many arrivals, or twice as many as texts waited when it came, it is
sent next, so that a short text never waits for ever."""

_Entry = tuple[int, int, Job]
"""Characters of a job, minus the number of its arrival, and the job."""


@dataclass(eq=False)
class _Queue:
    """The queue of one model.

    Attributes:
        new: New jobs, sorted by length.
        due: Their entries in the order of arrival, each with the number of arrivals after which the job is sent next.
            Those that have left the queue are still there until they come first.
        waiting: Numbers of the arrivals of the new jobs.
        choosy: Jobs that some hosts are to be avoided for, oldest first.
        characters: Of all jobs.
        arrivals: The number of new jobs until now.
    """

    new: list[_Entry] = field(default_factory=list)
    due: deque[tuple[int, _Entry]] = field(default_factory=deque)
    waiting: set[int] = field(default_factory=set)
    choosy: list[Job] = field(default_factory=list)
    characters: int = 0
    arrivals: int = 0

    def __len__(self) -> int:
        return len(self.new) + len(self.choosy)

    def add(self, job: Job) -> None:
        entry = (job.size, -self.arrivals, job)
        self.due.append((self.arrivals + max(MOST_OVERTAKING, 2 * len(self.new)), entry))
        self.waiting.add(self.arrivals)
        self.arrivals += 1
        insort(self.new, entry)

    def take_shortest(self, longest: float) -> Job | None:
        if not self.new or self.new[0][0] > longest:
            return None
        return self.pop(bisect_right(self.new, (self.new[0][0], 1)) - 1)

    def take_longest(self, longest: float) -> Job | None:
        """Take the longest job of at most ``longest`` characters, or one that has waited for too long."""
        while self.due and -self.due[0][1][1] not in self.waiting:
            self.due.popleft()
        if self.due and self.due[0][0] <= self.arrivals and (entry := self.due[0][1])[0] <= longest:
            return self.pop(bisect_left(self.new, entry[:2]))
        index = len(self.new) if self.new and self.new[-1][0] <= longest else bisect_right(self.new, (longest, 1))
        return self.pop(index - 1) if index else None

    def pop(self, index: int) -> Job:
        _, arrival, job = self.new.pop(index)
        self.waiting.remove(-arrival)
        return job


class PendingJobs:
    """Jobs that wait for a host, in one queue for each model.

    Jobs that have failed on a host, or are to avoid one, come first; then the others, longest first.
    """

    def __init__(self) -> None:
        self._queues: dict[str, _Queue] = {}

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

    def add(self, job: Job) -> None:
        """Puts a job into its queue, whether it is new or is to be tried again."""
        queue = self._queues.get(job.model)
        if queue is None:
            queue = self._queues[job.model] = _Queue()
        queue.characters += job.size
        if job.failed_on:
            queue.choosy.append(job)
        else:
            queue.add(job)

    def take(
        self, model: str, suits: Callable[[Job], bool], shortest: bool = False, longest: float = float("inf")
    ) -> Job | None:
        """Takes the next job of a model, if there is one for the host that asks.

        Args:
            model: The model's key.
            suits: Whether a job that has failed before may go to the host.
            shortest: Whether to take the shortest new job instead of the longest.
            longest: The characters of the longest new job that the host should take.
        """
        queue = self._queues.get(model)
        if queue is None:
            return None
        job = next(filter(suits, queue.choosy), None)
        if job is not None:
            queue.choosy.remove(job)
        else:
            job = queue.take_shortest(longest) if shortest else queue.take_longest(longest)
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
        new = next((index for index, entry in enumerate(queue.new) if suits(entry[2])), None)
        if choosy is not None and (new is None or choosy.size <= queue.new[new][0]):
            job = choosy
            queue.choosy.remove(job)
        elif new is not None:
            job = queue.pop(new)
        else:
            return None
        queue.characters -= job.size
        self._drop_if_empty(model)
        return job

    def take_all(self, model: str) -> list[Job]:
        """Empties the queue of a model."""
        queue = self._queues.pop(model, _Queue())
        return [*queue.choosy, *(entry[2] for entry in queue.new)]

    def _drop_if_empty(self, model: str) -> None:
        queue = self._queues[model]
        if not queue.new and not queue.choosy:
            del self._queues[model]

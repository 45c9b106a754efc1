"""The queue in which texts wait for a host. Pure."""

from __future__ import annotations

import itertools
from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from transforms.fleet.dispatch.expected_tokens import TokenRate, TokenRates
from transforms.fleet.jobs import Job

MOST_OVERTAKING = 512
"""Longer texts overtake a waiting one. After this many arrivals, or twice as many as texts waited when it came, it is
sent next, so that a short text never waits for ever."""

_Entry = tuple[int, int, Job]
"""Characters of a job, minus the number of its arrival, and the job."""


@dataclass(eq=False, slots=True)
class _Column:
    """The jobs of one column.

    Attributes:
        rate: What tells the tokens of their answers.
        new: New jobs, sorted by length. A new estimate of the rate leaves them in order.
        characters: Of all jobs, new or not.
    """

    rate: TokenRate
    new: list[_Entry] = field(default_factory=list)
    characters: int = 0

    def longest_within(self, most_tokens: float) -> int:
        """Return the index of the longest new job of at most so many tokens; -1 if there is none."""
        new, most_characters = self.new, most_tokens / self.rate.per_character
        return len(new) - 1 if new and new[-1][0] <= most_characters else bisect_right(new, (most_characters, 1)) - 1


@dataclass(eq=False)
class _Queue:
    """The queue of one model.

    Attributes:
        columns: By name.
        due: Entries of new jobs in the order of arrival, each with the number of arrivals after which the job is sent
            next. Those that have left the queue are still there until they come first.
        waiting: Numbers of the arrivals of the new jobs.
        choosy: Repairs, and jobs that some hosts are to be avoided for, oldest first.
        arrivals: The number of new jobs until now.
    """

    columns: dict[str, _Column] = field(default_factory=dict)
    due: deque[tuple[int, _Entry]] = field(default_factory=deque)
    waiting: set[int] = field(default_factory=set)
    choosy: list[Job] = field(default_factory=list)
    arrivals: int = 0

    def __len__(self) -> int:
        return len(self.waiting) + len(self.choosy)

    def add(self, job: Job) -> None:
        entry = (job.size, -self.arrivals, job)
        self.due.append((self.arrivals + max(MOST_OVERTAKING, 2 * len(self.waiting)), entry))
        self.waiting.add(self.arrivals)
        self.arrivals += 1
        insort(self.columns[job.column].new, entry)

    def take_shortest(self, most_tokens: float) -> Job | None:
        shortest, least = None, most_tokens
        for column in self.columns.values():
            if column.new and (tokens := column.new[0][0] * column.rate.per_character) <= least:
                shortest, least = column, tokens
        if shortest is None:
            return None
        return self.pop(shortest, bisect_right(shortest.new, (shortest.new[0][0], 1)) - 1)

    def take_longest(self, most_tokens: float) -> Job | None:
        """Take the longest job of at most ``most_tokens``, or one that has waited for too long."""
        while self.due and -self.due[0][1][1] not in self.waiting:
            self.due.popleft()
        if self.due and self.due[0][0] <= self.arrivals:
            entry = self.due[0][1]
            column = self.columns[entry[2].column]
            if entry[0] * column.rate.per_character <= most_tokens:
                return self.pop(column, bisect_left(column.new, entry[:2]))
        longest, most, index = None, -1.0, -1
        for column in self.columns.values():
            number = column.longest_within(most_tokens)
            if number >= 0 and (tokens := column.new[number][0] * column.rate.per_character) > most:
                longest, most, index = column, tokens, number
        return None if longest is None else self.pop(longest, index)

    def pop(self, column: _Column, index: int) -> Job:
        _, arrival, job = column.new.pop(index)
        self.waiting.remove(-arrival)
        return job


class PendingJobs:
    """Jobs that wait for a host, in one queue for each model.

    Jobs that have failed on a host, are to avoid one, or repair an answer come first; then the others, those with the
    longest expected answers first.

    Args:
        rates: What tells the length of answers; others may change them at any time.
    """

    def __init__(self, rates: TokenRates) -> None:
        self._rates = rates
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

    def any_choosy(self) -> bool:
        """Whether jobs wait that some hosts are to be avoided for."""
        return any(queue.choosy for queue in self._queues.values())

    def models(self) -> Iterator[str]:
        """The models that jobs wait for."""
        return iter(self._queues)

    def tokens(self, model: str) -> float:
        """The expected tokens of all answers of a model that jobs wait for."""
        queue = self._queues.get(model)
        if queue is None:
            return 0.0
        return sum([column.characters * column.rate.per_character for column in queue.columns.values()])

    def add(self, job: Job) -> None:
        """Puts a job into its queue, whether it is new or is to be tried again."""
        queue = self._queues.get(job.model)
        if queue is None:
            queue = self._queues[job.model] = _Queue()
        column = queue.columns.get(job.column)
        if column is None:
            column = queue.columns[job.column] = _Column(self._rates.of(job.model, job.column))
        column.characters += job.size
        if job.failed_on or job.repair:
            queue.choosy.append(job)
        else:
            queue.add(job)

    def take(
        self, model: str, suits: Callable[[Job], bool], shortest: bool = False, most_tokens: float = float("inf")
    ) -> Job | None:
        """Takes the next job of a model, if there is one for the host that asks.

        Args:
            model: The model's key.
            suits: Whether a job that has failed before may go to the host.
            shortest: Whether to take the new job with the shortest expected answer instead of the longest.
            most_tokens: The longest expected answer of a new job that the host should take.
        """
        queue = self._queues.get(model)
        if queue is None:
            return None
        job = next(filter(suits, queue.choosy), None)
        if job is not None:
            queue.choosy.remove(job)
        else:
            job = queue.take_shortest(most_tokens) if shortest else queue.take_longest(most_tokens)
        if job is not None:
            self._left(queue, job)
        return job

    def take_shortest(self, model: str, suits: Callable[[Job], bool]) -> Job | None:
        """Takes the job of a model with the shortest expected answer that ``suits``; None if there is none."""
        queue = self._queues.get(model)
        if queue is None:
            return None
        found = list(filter(suits, queue.choosy))
        for column in queue.columns.values():
            found += itertools.islice((entry[2] for entry in column.new if suits(entry[2])), 1)
        if not found:
            return None
        job = min(found, key=lambda each: each.size * queue.columns[each.column].rate.per_character)
        if job in queue.choosy:
            queue.choosy.remove(job)
        else:
            column = queue.columns[job.column]
            queue.pop(column, next(index for index, entry in enumerate(column.new) if entry[2] is job))
        self._left(queue, job)
        return job

    def take_all(self, model: str) -> list[Job]:
        """Empties the queue of a model."""
        queue = self._queues.pop(model, _Queue())
        return [*queue.choosy, *(entry[2] for column in queue.columns.values() for entry in column.new)]

    def _left(self, queue: _Queue, job: Job) -> None:
        """Note that a job has left its queue, which is dropped if it is empty."""
        queue.columns[job.column].characters -= job.size
        if not queue.waiting and not queue.choosy:
            del self._queues[job.model]

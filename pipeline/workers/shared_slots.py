"""The slots of hosts that several workers use, from the time that the answers of all of them were in slots.

A worker knows the ranks of its own answers only, and finds a share of the slots that depends on the requests of the
others at that moment. Such shares do not add up: a worker that is alone for a while finds all slots, and each counts
at least one request of its own. Times in slots do, whoever has asked: as many slots were busy as seconds were spent in
them per second, and all slots are busy while requests wait.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

from transforms.fleet.host.host_state import HostView
from transforms.fleet.host.traffic import Traffic

LEAST_SECONDS = 4.0
ANSWERS_PER_SLOT = 8
LEAST_QUEUE = 0.25
"""Requests that wait on the host on average; without any, some slots may be idle."""


class _Work(NamedTuple):
    """What a host has done for a worker until ``at``, in seconds."""

    at: float
    slot_seconds: float
    queue_seconds: float
    answers: int

    @classmethod
    def of(cls, traffic: Traffic, at: float) -> _Work:
        slot_ns = traffic.prompt_eval_ns + traffic.eval_ns
        return cls(at, slot_ns / 1e9, traffic.queue_ns / 1e9, traffic.answers)


class SharedSlots:
    """The slots of each host. Not safe from several threads."""

    def __init__(self) -> None:
        self._hosts: dict[str, _Host] = {}

    def saw(self, number: int, hosts: Iterable[HostView], now: float) -> None:
        """Note what a worker reports at ``now``, in seconds: one view for each host."""
        for view in hosts:
            self._hosts.setdefault(view.url, _Host()).saw(number, _Work.of(view.traffic, now))

    def ended(self, number: int) -> None:
        """Note that a worker has ended."""
        for host in self._hosts.values():
            host.ended(number)

    def of(self, url: str) -> int | None:
        """Return the slots of a host; None if too few answers had to wait for one."""
        host = self._hosts.get(url)
        return max(1, round(max(host.found))) if host is not None and host.found else None


class _Host:
    """The answers of one host to all workers, in periods of some seconds with the same workers.

    Attributes:
        found: The mean number of busy slots in each of the latest two periods in which requests waited. The higher one
            counts, as slots may have been idle for a part of the other.
    """

    def __init__(self) -> None:
        self.found: deque[float] = deque(maxlen=2)
        self._first: dict[int, _Work] = {}  # of the period, by worker
        self._latest: dict[int, _Work] = {}

    def ended(self, number: int) -> None:
        self._latest.pop(number, None)
        self._begin()

    def _begin(self) -> None:
        self._first = dict(self._latest)

    def saw(self, number: int, work: _Work) -> None:
        self._latest[number] = work
        if number not in self._first:
            self._begin()
            return
        periods = [(first, self._latest[each]) for each, first in self._first.items()]
        if min(last.at - first.at for first, last in periods) < LEAST_SECONDS:
            return
        slots = sum((last.slot_seconds - first.slot_seconds) / (last.at - first.at) for first, last in periods)
        if sum(last.answers - first.answers for first, last in periods) < ANSWERS_PER_SLOT * max(1.0, slots):
            return
        queue = sum((last.queue_seconds - first.queue_seconds) / (last.at - first.at) for first, last in periods)
        if queue >= LEAST_QUEUE:
            self.found.append(slots)
        self._begin()

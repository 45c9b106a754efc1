"""The figures of all worker processes together."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace

from pipeline.workers.shared_slots import SharedSlots
from transforms.engine.snapshot import Snapshot
from transforms.fleet.host.host_state import HostView
from transforms.sink.worker_figures import merged, of_lost


class Totals:
    """Adds up what workers report. Safe from any thread.

    Args:
        clock: Time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._slots = SharedSlots()
        self._latest: dict[int, Snapshot] = {}
        self._ended: list[Snapshot] = []  # of workers that have ended
        self._all_at_work: tuple[HostView, ...] | None = None

    def saw(self, number: int, snapshot: Snapshot) -> None:
        """Take the cumulative counts of a worker."""
        with self._lock:
            self._latest[number] = snapshot
            self._slots.saw(number, merged(snapshot.hosts), self._clock())

    def finished(self, number: int) -> None:
        """Count a worker that has finished no longer among those at work."""
        with self._lock:
            snapshot = self._latest.get(number)
            was_at_work = snapshot is not None and any(host.traffic.answers for host in snapshot.hosts)
            if self._all_at_work is None and was_at_work:
                self._all_at_work = _hosts(self._latest.values())
            self._end(number, None)

    def lost(self, number: int, texts: int) -> None:
        """Take back what a dead worker has done and others do again; requests to hosts remain.

        Args:
            number: The worker.
            texts: How many of its texts are in parts that it has published.
        """
        with self._lock:
            self._end(number, texts)

    def _end(self, number: int, texts: int | None) -> None:
        self._slots.ended(number)
        snapshot = self._latest.pop(number, None)
        if snapshot is None:
            return
        if texts is not None:
            characters = round(snapshot.characters * texts / max(1, snapshot.texts))
            snapshot = replace(snapshot, texts=texts, characters=characters)
        self._ended.append(replace(snapshot, hosts=tuple(map(of_lost, snapshot.hosts))))

    def snapshot(self) -> Snapshot:
        """Return the sums over all workers, those that have ended included."""
        with self._lock:
            snapshots = [*self._latest.values(), *self._ended]
        sums: dict[str, Counter[str]] = {name: Counter() for name in ("statuses", "origins", "flags", "repairs")}
        for each in snapshots:
            for name, total in sums.items():
                total.update(getattr(each, name))
        return Snapshot(
            texts=sum(each.texts for each in snapshots),
            characters=sum(each.characters for each in snapshots),
            hosts=_hosts(snapshots),
            **sums,
        )

    def slots(self) -> tuple[HostView, ...]:
        """Return the hosts with their slots.

        In a run that was too short to measure them, these are the sum of what the workers had found while all of them
        were at work: the limits of the last workers grow when others finish.
        """
        with self._lock:
            hosts = self._all_at_work
        if hosts is None:
            hosts = self.snapshot().hosts
        with self._lock:
            return tuple(replace(host, slots=self._slots.of(host.url) or host.slots) for host in hosts)

    def requests(self) -> int:
        """Return the number of requests that were sent and have ended, as far as their workers could tell."""
        return sum(host.traffic.requests() for host in self.snapshot().hosts)


def _hosts(snapshots: Iterable[Snapshot]) -> tuple[HostView, ...]:
    return merged([host for snapshot in snapshots for host in snapshot.hosts])

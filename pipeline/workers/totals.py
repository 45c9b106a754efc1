"""The figures of all worker processes together."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from transforms.engine.snapshot import Snapshot
from transforms.fleet.host_state import HostView
from transforms.sink.worker_figures import merged, of_lost


class Totals:
    """Adds up what workers report. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._latest: dict[int, Snapshot] = {}
        self._ended: list[Snapshot] = []  # of workers that have ended
        self._all_at_work: tuple[HostView, ...] | None = None

    def saw(self, number: int, snapshot: Snapshot) -> None:
        """Take the cumulative counts of a worker."""
        with self._lock:
            self._latest[number] = snapshot

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
        """Return the hosts while all workers were at work: the limits of the last workers grow when others finish."""
        with self._lock:
            if self._all_at_work is not None:
                return self._all_at_work
        return self.snapshot().hosts

    def requests(self) -> int:
        """Return the number of requests that were sent and have ended, as far as their workers could tell."""
        return sum(host.traffic.requests() for host in self.snapshot().hosts)


def _hosts(snapshots: Iterable[Snapshot]) -> tuple[HostView, ...]:
    return merged([host for snapshot in snapshots for host in snapshot.hosts])

"""Figures of the hosts from worker processes elsewhere: each process publishes its own beside the parts.

Beam's counters say what was finished. They know neither what is in flight nor the slots that a worker has detected, and
most runners forget the counters of a worker that is lost.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

from transforms.errors import RunFailed
from transforms.fleet.host.host_state import HostView
from transforms.fleet.host.traffic import Traffic
from transforms.sink.output_directory import STATE, OutputDirectory

LOG = logging.getLogger(__name__)

FOLDER = f"{STATE}/workers"
PUBLISH_SECONDS = 5.0
LEAST_SECONDS = 1.0
"""Between the ends of two bundles, which publish too."""

LOST_SECONDS = 30.0
"""A process that has published nothing for so long has nothing in flight any more."""

SHOWN_LATENCIES = 50

_COUNTS = ("answers", "prompt_tokens", "output_tokens", "load_ns", "prompt_eval_ns", "eval_ns", "queue_ns")
_MORE_COUNTS = ("characters", "latency_seconds")


def to_bytes(hosts: Sequence[HostView], number: int) -> bytes:
    """Return figures as JSON, without the reasons of states; ``number`` differs each time."""
    return json.dumps({"number": number, "hosts": [_values(host) for host in hosts]}).encode()


def _values(host: HostView) -> dict[str, Any]:
    traffic = host.traffic
    return {
        "url": host.url,
        "state": host.state.partition(":")[0],
        "in_flight": host.in_flight,
        "limit": host.limit,
        "model": host.model,
        "vram_share": host.vram_share,
        "characters_in_progress": host.characters_in_progress,
        **{name: getattr(traffic, name) for name in (*_COUNTS, *_MORE_COUNTS)},
        "failures": dict(traffic.failures),
        "latencies": traffic.latencies,
        "recent_seconds": list(traffic.recent_seconds)[-SHOWN_LATENCIES:],
    }


def from_bytes(content: bytes) -> tuple[HostView, ...]:
    """Return the hosts of one process; none if the content is no such JSON, such as of another version."""
    try:
        return tuple(map(_host, json.loads(content)["hosts"]))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        LOG.debug("cannot read the figures of a worker: %s", type(error).__name__)
        return ()


def _host(values: dict[str, Any]) -> HostView:
    counts = {name: values.pop(name) for name in (*_COUNTS, *_MORE_COUNTS)}
    traffic = Traffic(**counts, failures=Counter(values.pop("failures")), latencies=list(values.pop("latencies")))
    traffic.recent_seconds.extend(values.pop("recent_seconds"))
    return HostView(**values, traffic=traffic)


def merged(hosts: Sequence[HostView]) -> tuple[HostView, ...]:
    """Return one view for each address: sums over the processes that use the host."""
    by_url: dict[str, list[HostView]] = {}
    for host in hosts:
        by_url.setdefault(host.url, []).append(host)
    return tuple(_sum(views) for views in by_url.values())


def _sum(views: Sequence[HostView]) -> HostView:
    traffic = Traffic()
    for view in views:
        for name in (*_COUNTS, *_MORE_COUNTS):
            setattr(traffic, name, getattr(traffic, name) + getattr(view.traffic, name))
        traffic.failures.update(view.traffic.failures)
        traffic.latencies = [one + other for one, other in zip(traffic.latencies, view.traffic.latencies, strict=True)]
        traffic.recent_seconds.extend(view.traffic.recent_seconds)
    best = min(views, key=lambda view: (not view.limit, view.state != "healthy"))
    slots = [view.slots for view in views if view.limit]
    return HostView(
        best.url,
        best.state,
        sum(view.in_flight for view in views),
        sum(view.limit for view in views),
        best.model,
        traffic,
        best.vram_share,
        sum(view.characters_in_progress for view in views),
        best.digest,
        None if None in slots else sum(filter(None, slots)) or None,
    )


def of_lost(host: HostView) -> HostView:
    """What remains of a host as a lost worker saw it."""
    return HostView(host.url, "healthy", 0, 0, host.model, host.traffic)


class FiguresPublisher:
    """Publishes the figures of this process every few seconds, in a thread of its own."""

    def __init__(self, output: OutputDirectory, run_id: str, hosts: Callable[[], Sequence[HostView]]) -> None:
        self._output = output
        self._name = f"{FOLDER}/{run_id}-{uuid4().hex}.json"
        self._hosts = hosts
        self._number = 0
        self._published_at = float("-inf")
        self._publishing = threading.Lock()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="worker-figures", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._end.wait(PUBLISH_SECONDS):
            self.publish()

    def publish(self) -> None:
        """Publish now, unless that was done a moment ago. A failure only costs a look."""
        with self._publishing:
            if time.monotonic() - self._published_at < LEAST_SECONDS:
                return
            self._number += 1
            try:
                self._output.write_bytes(self._name, to_bytes(self._hosts(), self._number))
            except RunFailed as error:
                LOG.debug("cannot publish this worker's figures: %s", error)
            self._published_at = time.monotonic()

    def close(self) -> None:
        """End the thread."""
        self._end.set()
        self._thread.join()


class WorkerFigures:
    """The launcher's look at what the processes of a run have published.

    Args:
        output: Output of the run.
        run_id: Identifier of the run.
        clock: Time in seconds.
    """

    def __init__(self, output: OutputDirectory, run_id: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._output = output
        self._run_id = run_id
        self._clock = clock
        self._seen: dict[str, tuple[bytes, float]] = {}
        self._due = float("-inf")
        self._hosts: tuple[HostView, ...] = ()

    def hosts(self, *, now: bool = False) -> tuple[HostView, ...]:
        """Return the hosts, summed over all processes; processes that were lost only with what they have done.

        Args:
            now: Whether to look again, however recent the last look is.
        """
        if now or self._clock() >= self._due:
            try:
                self._hosts = self._look()
            except RunFailed as error:
                LOG.debug("cannot look at the workers' figures: %s", error)
            self._due = self._clock() + PUBLISH_SECONDS
        return self._hosts

    def _look(self) -> tuple[HostView, ...]:
        found: list[HostView] = []
        for name in self._names():
            content = self._output.read_bytes(f"{FOLDER}/{name}")
            if name not in self._seen or self._seen[name][0] != content:
                self._seen[name] = content, self._clock()
            lost = self._clock() - self._seen[name][1] > LOST_SECONDS
            found += [of_lost(host) if lost else host for host in from_bytes(content)]
        return merged(found)

    def remove(self) -> None:
        """Remove what the processes of all runs have published; the caller holds the lock of the output."""
        try:
            self._output.remove_all([f"{FOLDER}/{name}" for name in self._output.names_in(FOLDER)])
        except RunFailed as error:
            LOG.warning("the figures of the workers in %s/%s were not removed: %s", self._output, FOLDER, error)

    def _names(self) -> list[str]:
        return [name for name in self._output.names_in(FOLDER) if name.startswith(self._run_id)]


_PUBLISHERS: dict[tuple[str, str], FiguresPublisher] = {}
_MAKING = threading.Lock()


def publisher_of(output_url: str, run_id: str, hosts: Callable[[], Sequence[HostView]]) -> FiguresPublisher:
    """Return this process's publisher for a run; all steps and threads of the process share it."""
    with _MAKING:
        publisher = _PUBLISHERS.get((output_url, run_id))
        if publisher is None:
            publisher = _PUBLISHERS[output_url, run_id] = FiguresPublisher(OutputDirectory(output_url), run_id, hosts)
        return publisher

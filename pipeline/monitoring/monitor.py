"""Take a run's status once per second, and show it: as a live panel, or as a line in the log now and then."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Literal

from rich.console import Console
from rich.live import Live

from pipeline.monitoring.events import EventLog
from pipeline.monitoring.panel import Panel
from pipeline.monitoring.silence import Silences
from pipeline.monitoring.status import RunStatus, StatusTracker, Workload
from pipeline.monitoring.text import plain_line, values
from transforms.engine.engine import live_snapshot
from transforms.engine.snapshot import Snapshot

LOG = logging.getLogger(__name__)

Mode = Literal["auto", "rich", "plain", "off"]
Observer = Callable[[RunStatus], None]

SAMPLE_SECONDS = 1.0
PLAIN_SECONDS = 30.0
MOST_COST = 0.01
"""The share of one processor that the live panel may take; many hosts are drawn less often."""

OURS = ("pipeline", "transforms")


def next_drawing(now_seconds: float, cost_seconds: float) -> float:
    """Return when to draw the panel again, in seconds since the start, as a drawing took ``cost_seconds``.

    >>> next_drawing(100.0, 0.005), next_drawing(100.0, 0.025)
    (100.5, 102.5)
    """
    return now_seconds + cost_seconds / MOST_COST


class Monitor:
    """Watches a run in a thread of its own while the context is open.

    Args:
        mode: ``auto`` is ``rich`` if stderr is a terminal, else ``plain``.
        workload: What the run is to translate.
        observers: Called with each status, in the monitor's thread.
        figures: Takes the cumulative counts; those of this process's engines by default.
    """

    def __init__(
        self,
        mode: Mode,
        workload: Workload,
        observers: Sequence[Observer] = (),
        figures: Callable[[], Snapshot] = live_snapshot,
    ) -> None:
        self._mode = ("rich" if sys.stderr.isatty() else "plain") if mode == "auto" else mode
        self._tracker = StatusTracker(workload)
        self._observers = observers
        self._figures = figures
        self._events = EventLog()
        self._silences: Silences | None = Silences()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="monitor", daemon=True)
        self._started = time.monotonic()
        self._last: RunStatus | None = None

    def follow(self, figures: Callable[[], Snapshot]) -> None:
        """Take the counts from elsewhere from now on: from the metrics of a runner whose workers run elsewhere."""
        self._figures = figures
        self._silences = None  # figures from elsewhere arrive late, and stop with a worker

    def figures(self) -> Snapshot:
        """The counts of this moment."""
        return self._figures()

    @property
    def last(self) -> RunStatus | None:
        """The latest status; None before the first one."""
        return self._last

    def __enter__(self) -> Monitor:
        for name in OURS:
            logging.getLogger(name).addHandler(self._events)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        self._thread.join()
        for name in OURS:
            logging.getLogger(name).removeHandler(self._events)
        self._take()

    def _watch(self) -> None:
        if self._mode == "rich":
            with Live(console=Console(stderr=True), auto_refresh=False, transient=True, redirect_stdout=False) as live:
                due = 0.0
                while not self._end.wait(SAMPLE_SECONDS):
                    began = time.thread_time()
                    status = self._take()
                    if status.elapsed_seconds >= due:
                        live.update(Panel(status), refresh=True)
                        due = next_drawing(status.elapsed_seconds, time.thread_time() - began)
            return
        due = PLAIN_SECONDS
        while not self._end.wait(SAMPLE_SECONDS):
            status = self._take()
            if self._mode == "plain" and status.elapsed_seconds >= due:
                LOG.info("%s", plain_line(status), extra=values(status))
                due += PLAIN_SECONDS

    def _take(self) -> RunStatus:
        seconds = time.monotonic() - self._started
        status = self._tracker.status(seconds, self._figures(), self._events.latest())
        self._last = status
        if self._silences is not None:
            for sentence in self._silences.saw(seconds, status.hosts):
                LOG.warning("%s", sentence)
        for observer in self._observers:
            observer(status)
        return status

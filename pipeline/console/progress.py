"""How far the run is, for whoever watches: a bar on a terminal, else a line now and then. All of it on stderr."""

from __future__ import annotations

import logging
import sys
import threading
import time
from types import TracebackType
from typing import Literal

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from transforms.engine.engine import live_engines

LOG = logging.getLogger(__name__)

Mode = Literal["auto", "rich", "plain", "off"]

PLAIN_SECONDS = 30.0
RICH_SECONDS = 0.5


def texts_done() -> int:
    """Texts that have ended in the engines of this process."""
    return sum(engine.counts.texts for engine in live_engines())


def hosts_line() -> str:
    """Requests in flight and limit of each healthy host, and the state of the others."""
    views = [view for engine in live_engines() for view in engine.hosts()]
    return ", ".join(
        f"{view.url} {view.in_flight}/{view.limit}" if view.state == "healthy" else f"{view.url} {view.state}"
        for view in views
    )


def plain_line(done: int, total: int, seconds: float) -> str:
    """``1,200 of 5,000 texts, 40.0/s, 95 s left``."""
    rate = done / seconds if seconds > 0 else 0.0
    left = f", {(total - done) / rate:.0f} s left" if rate else ""
    return f"{done:,} of {total:,} texts, {rate:.1f}/s{left}"


class ProgressReporter:
    """Reports in a thread of its own while the context is open.

    Args:
        mode: ``auto`` is ``rich`` on a terminal, else ``plain``.
        total: Texts to be translated.
    """

    def __init__(self, mode: Mode, total: int) -> None:
        self._mode = ("rich" if sys.stderr.isatty() else "plain") if mode == "auto" else mode
        self._total = total
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._rich if self._mode == "rich" else self._plain, daemon=True)

    def __enter__(self) -> ProgressReporter:
        self._started = time.monotonic()
        if self._mode != "off":
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        if self._mode != "off":
            self._thread.join()

    def _plain(self) -> None:
        while not self._end.wait(PLAIN_SECONDS):
            seconds = time.monotonic() - self._started
            LOG.info("%s; %s", plain_line(texts_done(), self._total, seconds), hosts_line())

    def _rich(self) -> None:
        columns = (
            TextColumn("translating"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[hosts]}"),
        )
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("", total=self._total, rate="", hosts="")
            while not self._end.wait(RICH_SECONDS):
                done = texts_done()
                seconds = time.monotonic() - self._started
                progress.update(task, completed=done, rate=f"{done / seconds:.1f}/s", hosts=hosts_line())

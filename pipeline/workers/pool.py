"""The launcher's side of ``--workers``: starts the worker processes, gives them tasks, and replaces those that die."""

from __future__ import annotations

import logging
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any

from pipeline.runner import RESUME
from pipeline.workers.messages import Channel, Figures, Finished, NextTask, Setup, Stop
from pipeline.workers.totals import Totals
from transforms.child_signals import signals_left_to_parent
from transforms.errors import RunFailed
from transforms.fleet.host.sharing import Share
from transforms.sink.published import note_published
from transforms.source.read_tasks import ReadTask

LOG = logging.getLogger(__name__)

STOP_SECONDS = 8.0
"""Patience with workers that were told to stop; within it, the requests in flight are answered and kept."""

MOST_DEATHS = 3
"""Deaths for each worker in a row, without a part in between, after which the run ends: more tries would not help."""

STDERR = 2
"""Standard output of the workers: that of the launcher carries nothing but the summary."""

COMMAND = (sys.executable, "-m", "pipeline.workers")


@dataclass(frozen=True)
class _Ended:
    """The process has ended.

    Attributes:
        code: As ``subprocess`` reports it.
    """

    code: int


class WorkerProcess:
    """One worker process, as the launcher sees it.

    Args:
        setup: What it needs.
        inherited: Tasks that it is given first: what the worker left whose place it takes.
        events: Where its messages go, with the worker itself.

    Attributes:
        number: Number of the worker, from 0; a replacement gets that of the dead one.
        inherited: See above; those that it was not given yet.
        held: The tasks that it was given.
        published: Names of the parts that it has published, as far as it could tell.
        finished: Its last word; None before it.
    """

    def __init__(
        self,
        setup: Setup,
        inherited: Sequence[ReadTask],
        events: queue.SimpleQueue[tuple[WorkerProcess, Any]],
    ) -> None:
        self.number = setup.number
        self.inherited = deque(inherited)
        self.held: list[ReadTask] = []
        self.published: set[str] = set()
        self.finished: Finished | None = None
        ours, theirs = socket.socketpair()
        # It must import the same code, whatever its working directory.
        root = str(Path(__file__).resolve().parents[2])
        path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH", ""))))
        with theirs:
            self._process: subprocess.Popen[bytes] = subprocess.Popen(  # noqa: S603 - our own module
                COMMAND, stdin=theirs.fileno(), stdout=STDERR, env={**os.environ, "PYTHONPATH": path}
            )
        self._channel = Channel(ours)
        threading.Thread(target=self._listen, args=(setup, events), name=f"worker-{self.number}", daemon=True).start()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def send(self, message: object) -> None:
        """Send it a message, unless it has ended."""
        self._channel.send(message)

    def kill(self) -> None:
        """End the process; nothing happens if it has ended."""
        self._process.kill()

    def _listen(self, setup: Setup, events: queue.SimpleQueue[tuple[WorkerProcess, Any]]) -> None:
        self._channel.send(setup)
        try:
            while True:
                message = self._channel.receive()
                if isinstance(message, logging.LogRecord):
                    logging.getLogger(message.name).handle(message)
                else:
                    events.put((self, message))
        except EOFError:
            code = self._process.wait()
            self._channel.close()
            events.put((self, _Ended(code)))


class WorkerPool:
    """The worker processes of a run. Leaving the context stops those that still run, and waits for them.

    Args:
        setup: What each worker needs; the number is replaced.
        tasks: What is to be done, in order.
        totals: Adds up what the workers report.
        is_published: Tells which of some parts a worker has published, although it could not tell.
    """

    def __init__(
        self,
        setup: Setup,
        tasks: Sequence[ReadTask],
        totals: Totals,
        is_published: Callable[[Sequence[str]], set[str]],
    ) -> None:
        self._setup = setup
        self._tasks = deque(tasks)
        self._totals = totals
        self._is_published = is_published
        self._text_columns = len(setup.resumed.plan.text_columns)
        self._events: queue.SimpleQueue[tuple[WorkerProcess, Any]] = queue.SimpleQueue()
        self._running: list[WorkerProcess] = []
        self._deaths = 0

    def run(self) -> None:
        """Start the workers, and return when all tasks are done.

        Raises:
            TranslateError: What a worker reported, or workers die again and again.
        """
        for number in range(self._setup.workers):
            self._start(number)
        pids = ", ".join(str(worker.pid) for worker in self._running)
        LOG.info("started %d worker processes: %s", len(self._running), pids)
        while self._running:
            worker, message = self._events.get()
            self._take(worker, message)
            if isinstance(message, NextTask):
                self._assign(worker)
            elif isinstance(message, Finished) and message.error is not None:
                raise message.error
            elif isinstance(message, _Ended) and worker.finished is None:
                self._replace(worker, message.code)
            if isinstance(message, Finished | _Ended):
                self._share_slots()

    def _take(self, worker: WorkerProcess, message: Any) -> None:
        """Take note of what holds whether the run continues or stops."""
        if isinstance(message, Figures):
            self._totals.saw(worker.number, message.snapshot)
            for name, footer in message.published.items():
                note_published(name, footer)
            if message.published:
                worker.published |= message.published.keys()
                self._deaths = 0
        elif isinstance(message, Finished):
            worker.finished = message
            self._totals.finished(worker.number)
        elif isinstance(message, _Ended):
            self._running.remove(worker)

    def _assign(self, worker: WorkerProcess) -> None:
        tasks = worker.inherited or self._tasks
        task = tasks.popleft() if tasks else None
        if task is not None:
            worker.held.append(task)
        worker.send(task)

    def _replace(self, worker: WorkerProcess, code: int) -> None:
        """Give what a dead worker left to a new one.

        Raises:
            RunFailed: That has happened too often.
        """
        self._deaths += 1
        reason = _reason(code)
        if self._deaths >= MOST_DEATHS * self._setup.workers:
            raise RunFailed(f"worker processes die again and again, the last one was {reason}; {RESUME}")
        left = _left_of(worker.held, worker.published)
        if left:
            left = _left_of(left, self._is_published(_parts(left)))
        self._totals.lost(worker.number, (_rows(worker.held) - _rows(left)) * self._text_columns)
        left += worker.inherited
        if not left and not self._tasks:
            LOG.warning("worker process %d was %s; its work was done", worker.pid, reason)
            return
        self._start(worker.number, left)
        LOG.warning("worker process %d was %s; process %d takes its place", worker.pid, reason, self._running[-1].pid)

    def _share_slots(self) -> None:
        """Give the slots of those that have finished to those that are at work."""
        at_work = [worker for worker in self._running if worker.finished is None]
        for number, worker in enumerate(at_work):
            worker.send(Share(number, len(at_work)))

    def _start(self, number: int, inherited: Sequence[ReadTask] = ()) -> None:
        with signals_left_to_parent():
            self._running.append(WorkerProcess(replace(self._setup, number=number), inherited, self._events))

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._running:
            worker.send(Stop())
        deadline = time.monotonic() + STOP_SECONDS
        killed = False
        while self._running:
            try:
                self._take(*self._events.get(timeout=None if killed else max(0.0, deadline - time.monotonic())))
            except queue.Empty:
                killed = True
                for worker in self._running:
                    worker.kill()


def _left_of(tasks: Sequence[ReadTask], published: Set[str]) -> list[ReadTask]:
    """Return the tasks without the units whose parts are published."""
    left = []
    for task in tasks:
        groups = (tuple(unit for unit in group if unit.part_name not in published) for group in task.groups)
        if rest := tuple(group for group in groups if group):
            left.append(ReadTask(rest))
    return left


def _parts(tasks: Sequence[ReadTask]) -> list[str]:
    return [unit.part_name for task in tasks for group in task.groups for unit in group]


def _rows(tasks: Sequence[ReadTask]) -> int:
    return sum(unit.rows for task in tasks for group in task.groups for unit in group)


def _reason(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        name = f" ({signal.Signals(-code).name})"
    except ValueError:
        name = ""
    return f"ended by signal {-code}{name}"

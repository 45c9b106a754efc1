"""Reads that may block without end: on a dead mount, a pipe that nobody writes to, or a store that does not answer.

The log says what is waited for, a signal ends the wait, and a deadline may be set.
"""

from __future__ import annotations

import itertools
import logging
import math
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic, sleep
from typing import TypeVar

LOG = logging.getLogger(__name__)

T = TypeVar("T")

ANNOUNCE_SECONDS = 5.0
SHORTEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.001, 0.05


@dataclass
class _Wait:
    work: str
    started: float
    next_message: float


class _Watcher:
    """One thread that looks at all waits of the process: a thread for each of thousands of reads would be costly."""

    def __init__(self) -> None:
        self._waits: dict[int, _Wait] = {}
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._wakes = 0.0

    def add(self, work: str, seconds: float) -> int:
        now = monotonic()
        number = next(self._numbers)
        with self._changed:
            self._waits[number] = _Wait(work, now, now + seconds)
            if self._thread is None or not self._thread.is_alive():
                self._wakes = now + seconds
                self._thread = threading.Thread(target=self._watch, name="waits", daemon=True)
                self._thread.start()
            elif now + seconds < self._wakes:
                self._changed.notify()
        return number

    def remove(self, number: int) -> None:
        with self._changed:
            del self._waits[number]

    def _watch(self) -> None:
        while True:
            with self._changed:
                now = monotonic()
                due = [wait for wait in self._waits.values() if wait.next_message <= now]
                for wait in due:
                    wait.next_message = now + max(ANNOUNCE_SECONDS, now - wait.started)
            for wait in due:
                LOG.warning("still waiting after %.0f s: %s", now - wait.started, wait.work)
            with self._changed:
                if not self._waits:
                    self._thread = None
                    return
                # Waits come and go by the thousand: the thread sleeps through those that begin meanwhile.
                self._wakes = min(wait.next_message for wait in self._waits.values())
                self._changed.wait(max(0.0, self._wakes - monotonic()))


_watcher = _Watcher()


@contextmanager
def announced(work: str, seconds: float = ANNOUNCE_SECONDS) -> Iterator[None]:
    """Log what the program waits for, if the block takes longer than ``seconds``, and again after twice the time.

    Args:
        work: What is being done, as it continues the sentence "still waiting after 5 s: …".
        seconds: When to log first.
    """
    number = _watcher.add(work, seconds)
    try:
        yield
    finally:
        _watcher.remove(number)


def interruptible(function: Callable[[], T]) -> T:
    """Call ``function`` in a thread, so that a signal handler that raises ends the wait for it, whatever blocks.

    A thread that is given up does not keep the process from exiting.

    Raises:
        BaseException: Whatever the function or a signal handler raised.
    """
    if threading.current_thread() is not threading.main_thread():
        return function()  # signal handlers only run in the main thread
    outcome = in_daemon_thread(function, "interruptible")
    _wait(outcome, math.inf)
    return outcome.result()


def within(seconds: float, work: str, function: Callable[[], T]) -> T:
    """Call ``function`` in a thread, and give up on it after ``seconds``.

    A thread that is given up does not keep the process from exiting.

    Raises:
        TimeoutError: The function did not return in time.
        Exception: Whatever the function raised.
    """
    with announced(work):
        outcome = in_daemon_thread(function, work)
        if not _wait(outcome, seconds):
            raise TimeoutError(f"no answer within {seconds:g} s")
    return outcome.result()


def _wait(outcome: Future[T], seconds: float) -> bool:
    """Wait for an outcome in short sleeps, at most ``seconds``; return whether it is there.

    A signal may arrive just before the thread begins to wait for a lock, and is then handled only when the lock is
    free; and a handler that raises inside a lock of ``threading`` may leave it locked.
    """
    done = threading.Event()
    outcome.add_done_callback(lambda _: done.set())
    until = monotonic() + seconds
    pause_seconds = SHORTEST_PAUSE_SECONDS
    while not done.is_set():
        left_seconds = until - monotonic()
        if left_seconds <= 0:
            return False
        sleep(min(pause_seconds, left_seconds))
        pause_seconds = min(2 * pause_seconds, LONGEST_PAUSE_SECONDS)
    return True


def in_daemon_thread(function: Callable[[], T], name: str) -> Future[T]:
    """Call ``function`` in a thread of its own that does not keep the process from exiting; returns at once."""
    outcome: Future[T] = Future()

    def call() -> None:
        if not outcome.set_running_or_notify_cancel():
            return
        try:
            outcome.set_result(function())
        except BaseException as error:
            outcome.set_exception(error)

    threading.Thread(target=call, name=name, daemon=True).start()
    return outcome

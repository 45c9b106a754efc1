"""Waiting for storage that may not answer: the log says what is waited for, and a signal ends the wait."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

LOG = logging.getLogger(__name__)

PATIENCE_SECONDS = 5.0
"""How long a wait may last before the log mentions it. It is mentioned again whenever it has lasted twice as long."""

_Result = TypeVar("_Result")


@dataclass
class _Wait:
    what: str
    started: float
    next_message: float


class _Watcher:
    """One thread that looks at all waits of the process."""

    def __init__(self) -> None:
        self._waits: dict[int, _Wait] = {}
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def add(self, what: str, patience_seconds: float) -> int:
        now = time.monotonic()
        number = next(self._numbers)
        with self._changed:
            self._waits[number] = _Wait(what, now, now + patience_seconds)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._watch, name="waits", daemon=True)
                self._thread.start()
            elif len(self._waits) == 1:
                self._changed.notify()
        return number

    def remove(self, number: int) -> None:
        with self._changed:
            del self._waits[number]

    def _watch(self) -> None:
        while True:
            with self._changed:
                now = time.monotonic()
                due = [wait for wait in self._waits.values() if wait.next_message <= now]
                for wait in due:
                    wait.next_message = wait.started + 2 * (now - wait.started)
            for wait in due:
                LOG.warning("still waiting for %s after %.0f s", wait.what, now - wait.started)
            with self._changed:
                following = min((wait.next_message for wait in self._waits.values()), default=None)
                self._changed.wait(None if following is None else max(0.0, following - time.monotonic()))


_watcher = _Watcher()


@contextmanager
def waiting_for(what: str) -> Iterator[None]:
    """While the context is open, the log says from time to time that ``what`` is waited for.

    Args:
        what: What the block reads, without secrets.
    """
    number = _watcher.add(what, PATIENCE_SECONDS)
    try:
        yield
    finally:
        _watcher.remove(number)


def interruptible(action: Callable[[], _Result]) -> _Result:
    """Return the result of an action that may block; a signal handler that raises ends the wait for it.

    The action runs in a thread of its own. If the wait ends early, that thread is abandoned: it does not keep the
    process from ending.

    Raises:
        BaseException: What the action or a signal handler raised.
    """
    if threading.current_thread() is not threading.main_thread():
        return action()  # signal handlers only run in the main thread
    result: Future[_Result] = Future()

    def run() -> None:
        try:
            result.set_result(action())
        except BaseException as error:
            result.set_exception(error)

    threading.Thread(target=run, name="interruptible", daemon=True).start()
    return result.result()

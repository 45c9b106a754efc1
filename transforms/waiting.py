"""Reads that may block without end: on a dead mount, a pipe that nobody writes to, or a store that does not answer."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

LOG = logging.getLogger(__name__)

T = TypeVar("T")

ANNOUNCE_SECONDS = 5.0


@contextmanager
def announced(work: str, seconds: float = ANNOUNCE_SECONDS) -> Iterator[None]:
    """Log what the program waits for, if the block takes longer than ``seconds``.

    Args:
        work: What is being done, as it continues the sentence "still waiting after 5 s: …".
        seconds: When to log.
    """
    timer = threading.Timer(seconds, LOG.warning, ("still waiting after %.0f s: %s", seconds, work))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


class _Outcome(Generic[T]):
    value: T
    error: Exception | None = None


def within(seconds: float, work: str, function: Callable[[], T]) -> T:
    """Call ``function`` in a thread, and give up on it after ``seconds``.

    A thread that is given up does not keep the process from exiting.

    Raises:
        TimeoutError: The function did not return in time.
        Exception: Whatever the function raised.
    """
    outcome: _Outcome[T] = _Outcome()

    def call() -> None:
        try:
            outcome.value = function()
        except Exception as error:  # raised again in the caller's thread
            outcome.error = error

    thread = threading.Thread(target=call, name=work, daemon=True)
    with announced(work):
        thread.start()
        thread.join(seconds)
    if thread.is_alive():
        raise TimeoutError(f"no answer within {seconds:g} s")
    if outcome.error is not None:
        raise outcome.error
    return outcome.value

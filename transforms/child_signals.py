"""Who stops a child process: its parent, and not the signals that a terminal or a scheduler sends to all processes."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def signals_left_to_parent() -> Iterator[None]:
    """Child processes that this thread starts within the context never see SIGINT or SIGTERM.

    The parent sees them after the context, as children inherit the mask of blocked signals.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)

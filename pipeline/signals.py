"""SIGTERM and Ctrl-C: stop cleanly at the first signal, immediately at the second, and within 10 s in any case."""

from __future__ import annotations

import os
import select
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType

from pipeline.exit_codes import ExitCode

CODES = {signal.SIGINT: ExitCode.INTERRUPTED, signal.SIGTERM: ExitCode.TERMINATED}
PATIENCE_SECONDS = 9.0
"""Time for a clean stop; then the process exits all the same, so that a stop takes 10 s at most."""


class StopRequested(BaseException):
    """A signal asked the process to stop while no engine was running.

    Not an ``Exception``: the signal may arrive in the middle of code that handles every exception of a library.

    Attributes:
        code: Exit code of the signal.
    """

    def __init__(self, code: ExitCode) -> None:
        super().__init__(f"stopped by {signal.Signals(code - 128).name}")
        self.code = code


@contextmanager
def exit_on_sigterm() -> Iterator[None]:
    """Raise ``StopRequested`` at SIGTERM, so that the exit code is 143 from the first moment on, also as process 1."""

    def handle(number: int, frame: FrameType | None) -> None:
        raise StopRequested(ExitCode.TERMINATED)

    previous = signal.signal(signal.SIGTERM, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


class CleanStop:
    """While the context is open, the first signal stops the engines of this process; the second exits.

    Without an engine (during planning, or while workers run elsewhere) the first signal raises ``StopRequested``.

    Python runs signal handlers only between its own instructions. A thread that the C handler wakes therefore watches
    the deadline: it also ends a process whose main thread is stuck in a read from a dead mount.

    Attributes:
        code: Exit code of the signal that arrived; None if none did.
    """

    def __init__(self) -> None:
        self.code: ExitCode | None = None

    def __enter__(self) -> CleanStop:
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)
        self._previous_writer = signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        self._previous = {number: signal.signal(number, self._handle) for number in CODES}
        threading.Thread(target=_enforce, args=(self._reader,), name="signals", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._previous_writer)
        if self.code is None:  # otherwise the deadline also holds for the rest of the process's life
            os.close(self._writer)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        # Here, as it imports Arrow, and a signal may arrive before anything needed it.
        from transforms.engine.engine import live_engines

        if self.code is not None:
            return  # the thread exits
        self.code = CODES[signal.Signals(number)]
        engines = live_engines()
        for engine in engines:
            engine.stop()
        if not engines:
            raise StopRequested(self.code)


def _enforce(reader: int) -> None:
    """Exit at the second signal, or ``PATIENCE_SECONDS`` after the first; return when the other end is closed.

    Args:
        reader: File descriptor from which the numbers of the signals are read.
    """
    first = _read_code(reader)
    if first is None:
        os.close(reader)
        return
    deadline = time.monotonic() + PATIENCE_SECONDS
    while select.select([reader], [], [], max(0.0, deadline - time.monotonic()))[0]:
        if os.read(reader, 1)[0] in CODES:
            break
    os._exit(first)


def _read_code(reader: int) -> ExitCode | None:
    """Return the exit code of the next signal of ours; None when the other end is closed."""
    while number := os.read(reader, 1):
        if number[0] in CODES:
            return CODES[signal.Signals(number[0])]
    return None

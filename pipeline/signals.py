"""SIGTERM and Ctrl-C: end cleanly the first time, at once the second time."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType, TracebackType

from pipeline.exit_codes import ExitCode
from transforms.engine.engine import live_engines
from transforms.errors import RunStopped

CODES = {signal.SIGINT: ExitCode.INTERRUPTED, signal.SIGTERM: ExitCode.TERMINATED}
PATIENCE_SECONDS = 9.0
"""After which the process ends all the same: a stop takes 10 seconds at the most."""


class CleanStop:
    """While the context is open, the first signal stops the engines; the second ends the process.

    Before an engine runs here (during planning, or while workers run elsewhere) the signal raises ``RunStopped``.

    Attributes:
        code: The exit code of the signal that came; None while none did.
    """

    def __init__(self) -> None:
        self.code: ExitCode | None = None

    def __enter__(self) -> CleanStop:
        self._previous = {number: signal.signal(number, self._handle) for number in CODES}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        code = CODES[signal.Signals(number)]
        if self.code is not None:
            os._exit(code)
        self.code = code
        timer = threading.Timer(PATIENCE_SECONDS, os._exit, (code,))
        timer.daemon = True
        timer.start()
        engines = live_engines()
        for engine in engines:
            engine.stop()
        if not engines:
            raise RunStopped("the run was asked to stop")

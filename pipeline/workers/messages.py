"""What launcher and workers tell each other, and the socket between them.

The socket also tells each that the other has ended: the operating system closes it with the process.
"""

from __future__ import annotations

import pickle
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.options.run import RunOptions
from pipeline.resume import ResumedPlan
from transforms.configuration import TranslationSettings
from transforms.engine.deduplicator import MemorySettings
from transforms.engine.snapshot import Snapshot
from transforms.errors import TranslateError
from transforms.sink.footers import PartFooter
from transforms.source.read_tasks import ReadTask


@dataclass(frozen=True)
class Setup:
    """To a worker, first of all: what it needs for any task.

    Attributes:
        options: Options of the run.
        settings: What a translation depends on beside the options.
        resumed: The plan without its units.
        memory: Where the translation memory is.
        run_id: Identifier of the run that holds the lock of the output.
        number: Number of the worker, from 0.
        workers: Number of workers.
    """

    options: RunOptions
    settings: TranslationSettings
    resumed: ResumedPlan
    memory: MemorySettings
    run_id: str
    number: int
    workers: int


@dataclass(frozen=True)
class NextTask:
    """From a worker: it has room for another task. The answer is a ``ReadTask``, or None if there are none left."""


@dataclass(frozen=True)
class Stop:
    """To a worker: send nothing more, keep what is answered soon, and end."""


@dataclass(frozen=True)
class Figures:
    """From a worker, once per second.

    Attributes:
        snapshot: Its cumulative counts.
        published: Footers of the parts that it has published since the last time, by name.
    """

    snapshot: Snapshot
    published: Mapping[str, PartFooter] = field(default_factory=dict)


@dataclass(frozen=True)
class Finished:
    """From a worker: its last word. Its engine is closed.

    Attributes:
        error: Why it could not finish its tasks, such as RunStopped; None if it could.
    """

    error: TranslateError | None = None


Message = Setup | ReadTask | Stop | NextTask | Figures | Finished | Any
"""Anything else is a log record of a worker."""


class Channel:
    """One end of the socket. Any thread may send; one thread receives."""

    def __init__(self, end: socket.socket) -> None:
        self._socket = end
        self._input = end.makefile("rb")
        self._sending = threading.Lock()

    def send(self, message: object) -> bool:
        """Send a message, and return whether the other process is still there."""
        content = pickle.dumps(message)
        try:
            with self._sending:
                self._socket.sendall(content)
        except OSError:
            return False
        return True

    def receive(self) -> Any:
        """Wait for the next message.

        Raises:
            EOFError: The other process has ended.
        """
        try:
            return pickle.load(self._input)  # noqa: S301 - from a process of this run
        except (OSError, pickle.UnpicklingError) as error:  # it ended in the middle of a message
            raise EOFError from error

    def close(self) -> None:
        """Close this end."""
        self._input.close()
        self._socket.close()

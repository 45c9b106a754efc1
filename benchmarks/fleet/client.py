"""The process of one client: reads its task, says that it is ready, waits for the start, and tells what it did.

    python -m benchmarks.fleet.client

Line by line: in comes the task as JSON, out goes ``ready``, in comes anything, out goes the report as JSON. A contender
that has not ended after ``cut_off_seconds`` is ended where it is. No contender can connect to anything but loopback.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from dataclasses import asdict, dataclass
from typing import TextIO

from benchmarks.fleet.contenders import contend
from benchmarks.fleet.job import Job, Record


@dataclass(frozen=True)
class Task:
    """What a client is to do: see ``Job``; ``contender`` names who does it."""

    contender: str
    urls: list[str]
    slots: list[int]
    texts: list[str]
    cut_off_seconds: float


@dataclass(frozen=True)
class Report:
    """What a client did.

    Attributes:
        answered_at: Numbers of the rows that were answered, and when (``time.time()``).
        requests: Requests sent by host, empty if unknown.
        limits: Limits found by host, empty if there is nothing to find.
        cpu_seconds: Of this process from the start signal on, imports not included.
        cut_off: Whether it had not ended in its time.
    """

    answered_at: dict[int, float]
    requests: dict[str, int]
    limits: dict[str, int]
    cpu_seconds: float
    cut_off: bool


def report_of(line: str) -> Report:
    """A report from its JSON, in which keys are strings."""
    values = json.loads(line)
    return Report(**{**values, "answered_at": {int(row): at for row, at in values["answered_at"].items()}})


def _stay_on_loopback(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.connect" and isinstance(address := arguments[1], tuple) and address[0] not in _LOOPBACK:
        raise PermissionError(f"a contender wanted to connect to {address[0]}, which is not loopback")


_LOOPBACK = ("127.0.0.1", "::1")


def main() -> None:
    """Runs one client."""
    # Whatever libraries print goes to stderr; only our own lines go to stdout.
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    sys.addaudithook(_stay_on_loopback)
    task = Task(**json.loads(sys.stdin.readline()))
    run = contend(task.contender)
    _say(out, "ready")
    sys.stdin.readline()
    record, began = Record(), time.process_time()

    def report(cut_off: bool) -> None:
        told = Report(
            dict(record.answered_at), dict(record.requests), record.limits, time.process_time() - began, cut_off
        )
        _say(out, json.dumps(asdict(told)))
        # Without the end of the interpreter, which would wait for what is still under way.
        os._exit(0)

    timer = threading.Timer(task.cut_off_seconds, report, (True,))
    timer.daemon = True
    timer.start()
    run(Job(task.urls, task.slots, task.texts), record)
    timer.cancel()
    report(cut_off=False)


def _say(out: TextIO, line: str) -> None:
    out.write(line + "\n")
    out.flush()


if __name__ == "__main__":
    main()

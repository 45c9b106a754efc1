"""The process of one client: it reads its task, waits for the start signal, runs the contender and reports.

    python -m benchmarks.fleet.client

Protocol, one line each: stdin the task as JSON, stdout ``ready``, stdin the start signal, stdout the report as JSON. A
contender that still runs after ``cut_off_seconds`` is aborted. Contenders can only connect to loopback.
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
    """The task of a client: a ``Job`` and the name of its contender."""

    contender: str
    urls: list[str]
    slots: list[int]
    texts: list[str]
    cut_off_seconds: float


@dataclass(frozen=True)
class Report:
    """The report of a client.

    Attributes:
        answered_at: Answered rows by number, with their ``time.time()``.
        requests: Requests sent by host; empty if unknown.
        limits: Limits detected by host; empty if the contender has none.
        cpu_seconds: CPU time of this process from the start signal on, without imports.
        cut_off: Whether the contender was aborted.
    """

    answered_at: dict[int, float]
    requests: dict[str, int]
    limits: dict[str, int]
    cpu_seconds: float
    cut_off: bool


def report_of(line: str) -> Report:
    """Parse a report, whose JSON keys are strings."""
    values = json.loads(line)
    return Report(**{**values, "answered_at": {int(row): at for row, at in values["answered_at"].items()}})


def _stay_on_loopback(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.connect" and isinstance(address := arguments[1], tuple) and address[0] not in _LOOPBACK:
        raise PermissionError(f"a contender tried to connect to {address[0]}, which is not loopback")


_LOOPBACK = ("127.0.0.1", "::1")


def main() -> None:
    """Run one client."""
    # Output of libraries goes to stderr; stdout carries only the protocol.
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    sys.addaudithook(_stay_on_loopback)
    task = Task(**json.loads(sys.stdin.readline()))
    run = contend(task.contender)
    _say(out, "ready")
    sys.stdin.readline()
    record, began = Record(), time.process_time()

    def report(cut_off: bool) -> None:
        result = Report(
            dict(record.answered_at), dict(record.requests), record.limits, time.process_time() - began, cut_off
        )
        _say(out, json.dumps(asdict(result)))
        # A normal interpreter exit would wait for requests in flight.
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

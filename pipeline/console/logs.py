"""Logging on stderr, as text or as JSON lines, without Beam's known noise.

Call ``configure`` before importing Beam, which logs while it is imported: the first one to configure the root logger
wins.
"""

from __future__ import annotations

import logging
import os
import sys
import warnings
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    _StreamHandler = logging.StreamHandler[Any]
else:
    _StreamHandler = logging.StreamHandler  # can't be subscripted before Python 3.11

from pipeline.console.streams import json_text
from transforms.errors import TranslateError
from transforms.masking import mask_urls, mask_values

LogFormat = Literal["text", "json"]
LogLevel = Literal["debug", "info", "warning", "error"]

OURS = ("pipeline", "transforms")

REPEAT_SECONDS = 300.0
"""A warning is not logged again for this long; it is counted instead."""

MOST_REMEMBERED = 1000

_NEWS = "transforms.fleet"
"""Loggers below it say at INFO that hosts come and go, which some do again and again."""

_HARMLESS = (
    "apitools not found",
    "Could not find a compatible bson package",
    "Discarding unparseable args",
    "Unparseable argument",
    "Operation ongoing",
)
"""First words of Beam's warnings that do not matter here.

We need no connectors to Google's services and MongoDB. We validate options ourselves, and job servers have more of
them. A long step is normal: all rows are one bundle, and each request has its own deadline.
"""

_JOB_MESSAGES = "portable_runner"
"""Module of Beam that logs the messages of a job server; the last one is in the error that ends the run."""

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def configure(log_format: LogFormat = "text", level: LogLevel = "info") -> None:
    """Send all logging and Python warnings to stderr; a later call changes format and level.

    Args:
        log_format: ``text`` is ``12:34:56 INFO  message``; ``json`` is one object per line with ``ts``, ``level``,
            ``logger``, ``message``, the optional ``exception``, and what a log call passes as ``extra``.
        level: Minimum level of our own loggers; other loggers are logged from WARNING up.
    """
    # grpc's C library writes to stderr by itself; keep only its errors.
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
    handler = _StderrHandler()
    handler.setFormatter(JsonFormatter() if log_format == "json" else TextFormatter())
    handler.addFilter(is_relevant)
    handler.addFilter(handler.repetitions.filter)
    root = logging.getLogger()
    for former in [each for each in root.handlers if isinstance(each, _StderrHandler)]:
        root.removeHandler(former)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    for name in OURS:
        logging.getLogger(name).setLevel(level.upper())
    # Schedulers read the job's id from these lines.
    logging.getLogger("apache_beam.runners.dataflow").setLevel(logging.INFO)
    logging.captureWarnings(True)
    warnings.formatwarning = _one_line


def is_relevant(record: logging.LogRecord) -> bool:
    """Whether a record is neither Beam's known noise nor a repetition of the error that ends the run.

    The command line reports our own exceptions and the failures of jobs, once and in one line; Beam logs them with a
    traceback of its workers.
    """
    if record.exc_info and isinstance(record.exc_info[1], TranslateError) and not _is_ours(record):
        return False
    if record.name == "root" and record.module == _JOB_MESSAGES:
        return logging.getLogger(OURS[0]).isEnabledFor(logging.DEBUG)
    return record.levelno >= logging.ERROR or _is_ours(record) or not record.getMessage().startswith(_HARMLESS)


class Repetitions:
    """Drops a warning of ours, or news of a host, that was logged a short time ago, and counts how often."""

    def __init__(self, seconds: float = REPEAT_SECONDS) -> None:
        self._seconds = seconds
        self._logged: dict[tuple[int, str], tuple[float, int]] = {}  # by level and text

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to log the record; the number of dropped ones is added to its message."""
        if record.exc_info or not _is_ours(record):
            return True
        if record.levelno < (logging.INFO if record.name.startswith(_NEWS) else logging.WARNING):
            return True
        text = record.getMessage()
        key = record.levelno, text
        at, dropped = self._logged.get(key, (float("-inf"), 0))
        if record.created - at < self._seconds:
            self._logged[key] = (at, dropped + 1)
            return False
        if len(self._logged) >= MOST_REMEMBERED:
            self._logged.clear()
        self._logged[key] = (record.created, 0)
        if dropped:
            record.msg, record.args = f"{text} ({dropped} more in the meantime)", ()
        return True

    def dropped(self) -> list[tuple[int, str]]:
        """Return a level and a sentence for each message that was dropped since it was last logged; forget them."""
        found = [
            (level, f"{text} ({count} more in the meantime)")
            for (level, text), (_, count) in self._logged.items()
            if count
        ]
        self._logged.clear()
        return found


def tell_repetitions() -> None:
    """Log how often messages were dropped since they were last logged; to be called at the end of a run."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, _StderrHandler):
            for level, sentence in handler.repetitions.dropped():
                logging.getLogger(__name__).log(level, "%s", sentence)


class TextFormatter(logging.Formatter):
    """``12:34:56 INFO  message`` in local time, followed by the traceback if there is one."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-5s %(message)s", "%H:%M:%S")
        self._foreign = logging.Formatter("%(asctime)s %(levelname)-5s %(name)s: %(message)s", "%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as text, with the secrets of URLs masked.

        Records of foreign loggers have the logger's name, as their messages address developers.
        """
        return mask_urls(super().format(record) if _is_ours(record) else self._foreign.format(record))


class JsonFormatter(logging.Formatter):
    """One JSON object per line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as JSON, with the secrets of URLs masked; values that JSON lacks become their ``str``."""
        values: dict[str, Any] = {
            "ts": datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            values["exception"] = self.formatException(record.exc_info)
        extra = {name: value for name, value in vars(record).items() if name not in _STANDARD and name not in values}
        return json_text(mask_values({**values, **extra}), sys.stderr)


class _StderrHandler(_StreamHandler):
    """Writes to the current ``sys.stderr``, which a live display replaces while it is shown."""

    def __init__(self) -> None:
        super().__init__()
        self.repetitions = Repetitions()

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


def _is_ours(record: logging.LogRecord) -> bool:
    return record.name.partition(".")[0] in OURS


def _one_line(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, line: str | None = None
) -> str:
    return f"{category.__name__}: {message} ({filename}:{lineno})"

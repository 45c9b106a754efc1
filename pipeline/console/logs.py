"""Logging: all of it on stderr, as text or as JSON lines; Beam's noise is dropped, its warnings and errors are not.

``configure`` comes before Beam is imported: its import logs already, and whoever configures the root logger first wins.
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

LogFormat = Literal["text", "json"]
LogLevel = Literal["debug", "info", "warning", "error"]

OURS = ("pipeline", "transforms")

_HARMLESS = ("apitools not found", "Discarding unparseable args", "Unparseable argument", "Operation ongoing")
"""How warnings of Beam begin that are beside the point here.

We check options ourselves, and job servers have more of them. A step that takes long is normal: all rows are one
bundle, and each request has a deadline of its own.
"""

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def configure(log_format: LogFormat = "text", level: LogLevel = "info") -> None:
    """Sends all logging and all Python warnings to stderr; a later call changes format and level.

    Args:
        log_format: ``text`` is ``12:34:56 INFO  message``; ``json`` one object per line with ``ts``, ``level``,
            ``logger``, ``message``, ``exception`` if there is one, and what a log call passes as ``extra``.
        level: The least level of our own loggers. Others are logged from WARNING on.
    """
    # The C library under grpc writes to stderr by itself; its errors stay.
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
    handler = _StderrHandler()
    handler.setFormatter(JsonFormatter() if log_format == "json" else TextFormatter())
    handler.addFilter(is_worth_telling)
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


def is_worth_telling(record: logging.LogRecord) -> bool:
    """Whether a record is none of Beam's known noise; errors are, unless they only repeat what ends the run.

    Our own exceptions are told once, in one line, by the command; Beam adds a traceback of its workers.
    """
    if record.exc_info and isinstance(record.exc_info[1], TranslateError) and not _is_ours(record):
        return False
    return record.levelno >= logging.ERROR or _is_ours(record) or not record.getMessage().startswith(_HARMLESS)


class TextFormatter(logging.Formatter):
    """``12:34:56 INFO  message``, local time, with a traceback below if there is one."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-5s %(message)s", "%H:%M:%S")
        self._foreign = logging.Formatter("%(asctime)s %(levelname)-5s %(name)s: %(message)s", "%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        """The record as text; foreign loggers are named, as their messages were not written for our users."""
        return super().format(record) if _is_ours(record) else self._foreign.format(record)


class JsonFormatter(logging.Formatter):
    """One JSON object per line."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON; what can't be JSON is told as its ``str``."""
        values: dict[str, Any] = {
            "ts": datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            values["exception"] = self.formatException(record.exc_info)
        extra = {name: value for name, value in vars(record).items() if name not in _STANDARD and name not in values}
        return json_text({**values, **extra}, sys.stderr)


class _StderrHandler(_StreamHandler):
    """Writes to what ``sys.stderr`` is at the time: a progress bar replaces it while it is shown."""

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


def _is_ours(record: logging.LogRecord) -> bool:
    return record.name.partition(".")[0] in OURS


def _one_line(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, line: str | None = None
) -> str:
    return f"{category.__name__}: {message} ({filename}:{lineno})"

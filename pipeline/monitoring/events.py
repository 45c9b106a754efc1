"""The latest events of a run, taken from its log: warnings, and hosts that come and go."""

from __future__ import annotations

import logging
import threading
from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime

from transforms.masking import mask_urls

KEPT_EVENTS = 5
FLEET = "transforms.fleet"
"""Loggers below this name log what happens to hosts, at INFO too."""


@dataclass(frozen=True)
class Event:
    """Something that happened.

    Attributes:
        at: Local time of its latest occurrence.
        text: One line.
        count: Number of occurrences.
    """

    at: datetime
    text: str
    count: int = 1


class EventLog(logging.Handler):
    """A log handler that keeps the latest events; a repeated event is counted instead of repeated."""

    def __init__(self, kept: int = KEPT_EVENTS) -> None:
        super().__init__(logging.INFO)
        self._events: deque[Event] = deque(maxlen=kept)
        self._guard = threading.Lock()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the record if it is an event."""
        if record.levelno < logging.WARNING and not record.name.startswith(FLEET):
            return
        text = mask_urls(record.getMessage().splitlines()[0]) if record.getMessage() else ""
        at = datetime.fromtimestamp(record.created)  # noqa: DTZ006 - local time, as in the log
        with self._guard:
            same = next((event for event in self._events if event.text == text), None)
            if same is not None:
                self._events.remove(same)
            self._events.append(Event(at, text) if same is None else replace(same, at=at, count=same.count + 1))

    def latest(self) -> tuple[Event, ...]:
        """Return the events, the latest last."""
        with self._guard:
            return tuple(self._events)

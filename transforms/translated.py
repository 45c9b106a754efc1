"""What the translate step hands to the write step."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from transforms.statistics import Statistics
from transforms.work_units import WorkUnit


@dataclass(frozen=True)
class DeadLetter:
    """A text that failed, for review or repair; written as one JSON line under ``_dead_letter/``.

    Attributes:
        row: Of the unit's rows, from 0.
        column: The text column; None if the whole line was unreadable.
        error_class: What kind of failure, the first word of ``message``'s column.
        message: The reason, without the row's text.
        host: That answered last, if any.
        attempts: Requests spent on it.
        candidate: The best rejected translation, if there is one.
        raw: The bytes of an unreadable line.
    """

    row: int
    column: str | None
    error_class: str
    message: str
    host: str | None = None
    attempts: int = 0
    candidate: str | None = None
    raw: bytes | None = None


@dataclass(frozen=True)
class TranslatedBatch:
    """A batch with its added columns; batches of a unit arrive in any order.

    Attributes:
        unit, index, last: As of the ``Batch``.
        records: A ``pyarrow.RecordBatch`` in the output's schema (``columns.output_schema``).
        statistics: What happened to its rows.
        dead_letters: Its failed texts.
    """

    unit: WorkUnit
    index: int
    records: Any
    last: bool
    statistics: Statistics
    dead_letters: tuple[DeadLetter, ...] = field(default=())

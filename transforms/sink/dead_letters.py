"""Failed texts and unreadable lines, kept for review beside the output: one JSON line each."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from transforms.source.work_units import WorkUnit


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


FOLDER = "_dead_letter"


def file_name(part_name: str) -> str:
    """``_dead_letter/<part>.jsonl``: one file for each part that has some."""
    return f"{FOLDER}/{part_name.removesuffix('.parquet')}.jsonl"


def to_lines(unit: WorkUnit, letters: Iterable[DeadLetter]) -> bytes:
    """The letters as JSON lines, in the order of rows and columns.

    ``raw`` is an unreadable line as text, or ``raw_base64`` if it is not UTF-8; other letters have neither.
    """
    ordered = sorted(letters, key=lambda letter: (letter.row, letter.column or ""))
    lines = (json.dumps(_values(unit, letter), ensure_ascii=False) for letter in ordered)
    # A lone surrogate in a candidate becomes its JSON escape.
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace")


def _values(unit: WorkUnit, letter: DeadLetter) -> dict[str, Any]:
    values: dict[str, Any] = {
        "source": unit.source.url,
        "part": unit.part_name,
        "row": letter.row,
        "column": letter.column,
        "error_class": letter.error_class,
        "message": letter.message,
        "host": letter.host,
        "attempts": letter.attempts,
        "candidate": letter.candidate,
    }
    if letter.raw is not None:
        try:
            values["raw"] = letter.raw.decode("utf-8")
        except UnicodeDecodeError:
            values["raw_base64"] = base64.b64encode(letter.raw).decode("ascii")
    return values

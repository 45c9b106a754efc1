"""Failed texts and unreadable lines, kept beside the output for review, one JSON line each."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from transforms.source.work_units import WorkUnit


@dataclass(frozen=True)
class DeadLetter:
    """A text that failed, for review or repair; written as one JSON line under ``_dead_letter/``.

    Attributes:
        row: Number of the row within the unit, and so within its part, from 0.
        column: Name of the text column; None if the whole line was unreadable.
        error_class: Kind of failure, the first word of the error column.
        message: Reason, without the row's text.
        host: Address of the host that answered last, if any.
        attempts: Number of requests spent on the text.
        candidate: Best rejected translation, if there is one.
        raw: Bytes of an unreadable line.
        text: Source text, if it was asked for.
    """

    row: int
    column: str | None
    error_class: str
    message: str
    host: str | None = None
    attempts: int = 0
    candidate: str | None = None
    raw: bytes | None = None
    text: str | None = None


FOLDER = "_dead_letter"
_FILE = re.compile(r"(part-.+-[0-9a-f]{8}-\d{5,})\.jsonl", re.DOTALL)


def file_name(part_name: str) -> str:
    """Return ``_dead_letter/<part>.jsonl``: each part with dead letters has one such file."""
    return f"{FOLDER}/{part_name.removesuffix('.parquet')}.jsonl"


def stale_files(found: Iterable[str], letters: Mapping[str, int]) -> list[str]:
    """Return the files of dead letters that no longer belong to a part.

    Args:
        found: Names of the files in ``_dead_letter/``; names that this program does not use are ignored.
        letters: Number of dead letters by the name of the part.
    """
    matches = filter(None, map(_FILE.fullmatch, found))
    return [f"{FOLDER}/{match[0]}" for match in matches if not letters.get(f"{match[1]}.parquet")]


def to_lines(unit: WorkUnit, letters: Iterable[DeadLetter]) -> bytes:
    """Return the letters as JSON lines, in the order of rows and columns.

    An unreadable line is stored as text under ``raw``, or under ``raw_base64`` if it is not UTF-8.
    """
    ordered = sorted(letters, key=lambda letter: (letter.row, letter.column or ""))
    lines = (json.dumps(_values(unit, letter), ensure_ascii=False) for letter in ordered)
    # A lone surrogate in a candidate becomes its JSON escape.
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace")


def _values(unit: WorkUnit, letter: DeadLetter) -> dict[str, Any]:
    values: dict[str, Any] = {
        "source": unit.source.url,
        "source_row": unit.first_row + letter.row,
        "part": unit.part_name,
        "row": letter.row,
        "column": letter.column,
        "error_class": letter.error_class,
        "message": letter.message,
        "host": letter.host,
        "attempts": letter.attempts,
        "candidate": letter.candidate,
    }
    if letter.text is not None:
        values["text"] = letter.text
    if letter.raw is not None:
        try:
            values["raw"] = letter.raw.decode("utf-8")
        except UnicodeDecodeError:
            values["raw_base64"] = base64.b64encode(letter.raw).decode("ascii")
    return values

"""Failed texts and unreadable lines, kept for review beside the output: one JSON line each."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from typing import Any

from transforms.translated import DeadLetter
from transforms.work_units import WorkUnit

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

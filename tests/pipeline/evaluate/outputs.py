"""Inputs of evaluated runs, and their translations."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

Command = Callable[..., str]
Translated = Callable[[int, Callable[[list[str]], list[str | None]]], str]


def write(path: Path, sources: list[str | None], references: list[str | None], **columns: list[Any]) -> Path:
    pq.write_table(pa.table({"body": sources, "reference_en": references, **columns}), path, row_group_size=7)
    return path


def sentences(rows: int) -> list[str | None]:
    return [f"Le technicien a remplacé la pompe numéro {number} du bâtiment." for number in range(rows)]

"""Source and translation of the first rows side by side; only on request, and only on stderr."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pyarrow.parquet as pq
from rich.table import Table
from rich.text import Text

from pipeline.console.tables import console_for
from transforms.file_systems import file_system
from transforms.sink.columns import column_name
from transforms.source.text_columns import read_texts
from transforms.text.request.sanitize import sanitize

SHOWN = ("translation", "status", "flags", "error", "host", "total_duration_ns")
MOST_ROWS = 20
MOST_CHARACTERS = 600
WIDTH = 120
"""Width of the table where stderr is not a terminal."""


def show_preview(parts: Iterable[str], text_columns: Sequence[str], rows: int) -> None:
    """Print up to ``MOST_ROWS`` of the first ``rows`` rows, with long texts cut.

    Args:
        parts: Addresses of the parts, in order.
        text_columns: Names of the translated columns.
        rows: Number of rows to show.
    """
    table = Table(show_lines=True)
    for heading in ("row", "column", "French", "English", "status", "seconds", "host"):
        table.add_column(heading, ratio=2 if heading in ("French", "English") else None, overflow="fold")
    shown = 0
    for part in parts:
        for row in _rows(part, text_columns, min(rows, MOST_ROWS) - shown):
            for text in text_columns:
                status = row[column_name(text, "status")]
                flags = ", ".join(row[column_name(text, "flags")] or ())
                table.add_row(
                    str(shown),
                    _cut(text),
                    _cut(row[text]),
                    _cut(row[column_name(text, "translation")] or row[column_name(text, "error")]),
                    f"{status}\n{flags}",
                    _seconds(row[column_name(text, "total_duration_ns")]),
                    (row[column_name(text, "host")] or "").rpartition("//")[2],
                )
            shown += 1
        if shown >= min(rows, MOST_ROWS):
            break
    console_for(sys.stderr, WIDTH).print(table)


def _rows(part: str, text_columns: Sequence[str], most: int) -> Iterator[dict[str, Any]]:
    """Yield the first rows of a part, with shown columns only, as Python has no value for some that others may hold."""
    names = [name for text in text_columns for name in (text, *(column_name(text, field) for field in SHOWN))]
    fs, path = file_system(part)
    with fs.open(path, "rb") as file, pq.ParquetFile(file) as parquet:
        for records in parquet.iter_batches(MOST_ROWS, columns=names, use_threads=False):
            arrays = [records.column(records.schema.get_field_index(name)) for name in names]
            for values in zip(*(read_texts(array)[0] for array in arrays), strict=True):
                if most <= 0:
                    return
                most -= 1
                yield dict(zip(names, values, strict=True))


def _seconds(duration_ns: int | None) -> str:
    return "" if duration_ns is None else f"{duration_ns / 1e9:.2f}"


def _cut(text: str | None) -> Text:
    # As Text, so that brackets are not markup; sanitised, as control characters could command the terminal.
    shown = sanitize(text or "")
    return Text(shown if len(shown) <= MOST_CHARACTERS else shown[:MOST_CHARACTERS] + " …")

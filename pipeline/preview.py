"""Source and translation side by side, for a look at the first rows. Only on request, only on stderr."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table
from rich.text import Text

from transforms.columns import column_name
from transforms.file_systems import file_system
from transforms.text.sanitize import sanitize

MOST_ROWS = 20
MOST_CHARACTERS = 600
WIDTH = 120
"""Of the table in a file or a scheduler's log."""


def show_preview(parts: Iterable[str], text_columns: Sequence[str], rows: int) -> None:
    """Prints up to 20 of the first ``rows`` rows of ``parts`` (addresses of parts in order), their long texts cut."""
    table = Table(show_lines=True)
    for heading in ("row", "column", "French", "English", "status", "seconds", "host"):
        table.add_column(heading, ratio=2 if heading in ("French", "English") else None, overflow="fold")
    shown = 0
    for part in parts:
        fs, path = file_system(part)
        with fs.open(path, "rb") as file:
            for row in pq.ParquetFile(file).read().slice(0, min(rows, MOST_ROWS) - shown).to_pylist():
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
    console = Console(stderr=True)
    console.print(table, width=None if console.is_terminal else WIDTH)


def _seconds(duration_ns: int | None) -> str:
    return "" if duration_ns is None else f"{duration_ns / 1e9:.2f}"


def _cut(text: str | None) -> Text:
    # Brackets in a text are no markup, and control characters could command the terminal.
    shown = sanitize(text or "")
    return Text(shown if len(shown) <= MOST_CHARACTERS else shown[:MOST_CHARACTERS] + " …")

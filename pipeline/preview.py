"""Source and translation side by side, for a look at the first rows. Only on request, only on stderr."""

from __future__ import annotations

import fsspec
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

from pipeline.work import Work
from transforms.columns import column_name

MOST_ROWS = 20
MOST_CHARACTERS = 600


def show_preview(work: Work, rows: int) -> None:
    """Prints up to 20 of the first ``rows`` rows, their long texts cut."""
    table = Table(show_lines=True)
    for heading in ("row", "column", "French", "English", "status"):
        table.add_column(heading, ratio=2 if heading in ("French", "English") else None)
    shown = 0
    for unit in work.units:
        with fsspec.open(work.output.path_of(unit.part_name), "rb") as file:
            for row in pq.ParquetFile(file).read().slice(0, min(rows, MOST_ROWS) - shown).to_pylist():
                for text in work.text_columns:
                    status = row[column_name(text, "status")]
                    flags = ", ".join(row[column_name(text, "flags")] or ())
                    table.add_row(
                        str(shown),
                        text,
                        _cut(row[text]),
                        _cut(row[column_name(text, "translation")] or row[column_name(text, "error")]),
                        f"{status}\n{flags}",
                    )
                shown += 1
        if shown >= min(rows, MOST_ROWS):
            break
    Console(stderr=True).print(table)


def _cut(text: str | None) -> str:
    # Brackets in a text are no markup.
    shown = (text or "").replace("[", r"\[")
    return shown if len(shown) <= MOST_CHARACTERS else shown[:MOST_CHARACTERS] + " …"

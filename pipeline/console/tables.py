"""Tables for people, as wide as the terminal, and wide enough where there is none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TextIO

from rich.console import Console
from rich.markup import escape
from rich.table import Table

WIDTH = 160
"""Characters of a table where its stream is not a terminal."""


def console_for(stream: TextIO, width: int = WIDTH, *, highlight: bool = True) -> Console:
    """A console that prints to ``stream``.

    Args:
        stream: Where to print.
        width: Characters of a line if the stream is not a terminal, where Rich would assume 80.
        highlight: Whether numbers and the like get colours.
    """
    console = Console(file=stream, highlight=highlight)
    return console if console.is_terminal else Console(file=stream, highlight=highlight, width=width)


def folded_table(headings: Iterable[str], rows: Iterable[Sequence[str]], title: str | None = None) -> Table:
    """A table of plain cells; a cell that is too long for its column is wrapped."""
    table = Table(title=None if title is None else escape(title), title_justify="left")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for cells in rows:
        table.add_row(*map(escape, cells))
    return table

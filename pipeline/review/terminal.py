"""Review in the terminal: one row after the other, with a decision about each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel

from pipeline.review.apply import Decision
from pipeline.review.rows import ReviewRow

CHOICES = "[b]a[/b]ccept, [b]e[/b]dit, [b]s[/b]kip, [b]q[/b]uit"
END_OF_TEXT = "."
"""A line of its own that ends an edited text, as in mail."""


def review(rows: Iterable[ReviewRow], total: int, console: Console, read: Callable[[], str] = input) -> list[Decision]:
    """Ask about each row, and return the decisions. The end of the input counts as quit.

    Args:
        rows: Rows to review.
        total: Their number.
        console: Where the rows are shown.
        read: Reads a line of the user, without the line break; raises EOFError at the end.
    """
    decisions: list[Decision] = []
    for number, row in enumerate(rows, 1):
        _show(row, number, total, console)
        try:
            choice = _choice(row, console, read)
            if choice == "q":
                break
            if choice == "s":
                continue
            english = row.english if choice == "a" else _edited(console, read)
        except EOFError:
            break
        if english.strip():
            decisions.append(Decision(row.part, row.row, row.column, row.source, english))
            console.print("[green]kept[/green]")
        else:
            console.print("empty: skipped")
    return decisions


def _show(row: ReviewRow, number: int, total: int, console: Console) -> None:
    title = f"{number} of {total}: {row.part}, row {row.row}, column {row.column}"
    console.rule(escape(title))
    reasons = [
        f"status {row.status}",
        *([", ".join(row.flags)] if row.flags else []),
        row.error,
        _visible(row.evidence),
    ]
    console.print(escape("; ".join(filter(None, reasons))), highlight=False)
    shown = replace(row, source=_visible(row.source), english=_visible(row.english))
    console.print(Panel(escape(shown.source), title="source", title_align="left"))
    name = "rejected candidate" if row.rejected else "translation"
    console.print(Panel(escape(shown.english) or "none", title=name, title_align="left"))


def _choice(row: ReviewRow, console: Console, read: Callable[[], str]) -> str:
    while True:
        console.print(f"{CHOICES}: ", end="")
        choice = read().strip().lower()[:1]
        if choice == "a" and not row.english:
            console.print("there is nothing to accept")
        elif choice in ("a", "e", "s", "q"):
            return choice


def _edited(console: Console, read: Callable[[], str]) -> str:
    console.print(f"Enter the translation; end it with a line that has only [b]{END_OF_TEXT}[/b]")
    lines: list[str] = []
    while (line := read()) != END_OF_TEXT:
        lines.append(line)
    return "\n".join(lines)


def _visible(text: str) -> str:
    """Text without characters that control a terminal."""
    return "".join(char if char in "\n\t" or char.isprintable() else "\ufffd" for char in text)

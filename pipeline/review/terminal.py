"""Review in the terminal: one row after the other, with a decision about each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel

from pipeline.review.another_model import Candidate
from pipeline.review.apply import Decision
from pipeline.review.rows import ReviewRow
from transforms.errors import RunFailed, UsageError
from transforms.masking import mask_urls

CHOICES = "[b]a[/b]ccept, [b]e[/b]dit, [b]r[/b]etry with another model, [b]s[/b]kip, [b]q[/b]uit"
END_OF_TEXT = "."
"""A line of its own that ends an edited text, as in mail."""


Ask = Callable[[str, str], Candidate]
"""Takes a model's name and a source text."""


def review(
    rows: Iterable[ReviewRow], total: int, console: Console, ask: Ask, read: Callable[[], str] = input
) -> list[Decision]:
    """Ask about each row, and return the decisions. The end of the input counts as quit.

    Args:
        rows: Rows to review.
        total: Their number.
        console: Where the rows are shown.
        ask: Translates a text with another model.
        read: Reads a line of the user, without the line break; raises EOFError at the end.
    """
    decisions: list[Decision] = []
    retry = _Retry(console, ask, read)
    for number, row in enumerate(rows, 1):
        _show(row, number, total, console)
        try:
            choice = _choice(row, console, read)
            while choice == "r":
                row = retry.of(row)
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


class _Retry:
    """Shows what other models make of a text, until the person is content."""

    def __init__(self, console: Console, ask: Ask, read: Callable[[], str]) -> None:
        self._console = console
        self._ask = ask
        self._read = read
        self._model = ""

    def of(self, row: ReviewRow) -> ReviewRow:
        """Return the row with the candidate of a model that the person names; unchanged if there is none."""
        again = f" (Enter for {escape(self._model)})" if self._model else ""
        self._console.print(f"Model{again}: ", end="")
        model = self._read().strip() or self._model
        if not model:
            return row
        self._console.print(f"asking {escape(model)} …")
        try:
            candidate = self._ask(model, row.source)
        except (UsageError, RunFailed) as error:
            self._console.print(escape(mask_urls(str(error))), style="red", highlight=False)
            return row
        self._model = model
        self._console.print(escape(_visible(candidate.reasons)), highlight=False)
        name = f"{'rejected candidate' if candidate.rejected else 'translation'} of {model}"
        self._console.print(
            Panel(escape(_visible(candidate.english)) or "none", title=escape(name), title_align="left")
        )
        return replace(row, english=candidate.english) if candidate.english else row


def _choice(row: ReviewRow, console: Console, read: Callable[[], str]) -> str:
    while True:
        console.print(f"{CHOICES}: ", end="")
        choice = read().strip().lower()[:1]
        if choice == "a" and not row.english:
            console.print("there is nothing to accept")
        elif choice in ("a", "e", "r", "s", "q"):
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

from __future__ import annotations

import io

import pytest

from pipeline.console.tables import WIDTH, console_for, folded_table


@pytest.fixture(autouse=True)
def no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("COLUMNS", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)


def test_a_stream_without_a_terminal_gets_lines_as_wide_as_a_table_needs() -> None:
    for width in (WIDTH, 100):
        stream = io.StringIO()
        console_for(stream, width).print("x" * (width + 1))
        assert stream.getvalue() == "x" * width + "\nx\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_keeps_its_own_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    assert console_for(Terminal()).width == 60


def test_cells_are_shown_as_they_are_and_folded() -> None:
    stream = io.StringIO()
    console_for(stream, 40).print(folded_table(["name", "value"], [["[bold]", "y" * 60]], "[x] of all"))
    shown = stream.getvalue()
    assert "[bold]" in shown
    assert "[x] of all" in shown
    assert shown.count("y") == 60

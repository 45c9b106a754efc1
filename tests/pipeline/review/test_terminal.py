from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from rich.console import Console

from pipeline.review.another_model import Candidate
from pipeline.review.apply import Decision
from pipeline.review.rows import ReviewRow
from pipeline.review.terminal import review
from tests.pipeline.review.test_exchange import ROWS
from transforms.errors import RunFailed


def reader(*lines: str) -> Callable[[], str]:
    left = list(lines)

    def read() -> str:
        if not left:
            raise EOFError
        return left.pop(0)

    return read


def answer(model: str, text: str) -> Candidate:
    if model == "missing":
        raise RunFailed("no host has the model 'missing'")
    return Candidate("" if model == "mute" else f"{model}: {text}", model == "bad", f"status of {model}")


def decide(*lines: str, rows: list[ReviewRow] = ROWS) -> tuple[list[Decision], str]:
    console = Console(file=io.StringIO(), width=80)
    decisions = review(rows, len(rows), console, answer, reader(*lines))
    assert isinstance(console.file, io.StringIO)
    return decisions, console.file.getvalue()


def test_a_candidate_is_accepted_and_another_text_edited() -> None:
    decisions, shown = decide("a", "e", "The valve", "of the building", ".")
    assert [(each.row, each.english) for each in decisions] == [(3, "He <said>"), (0, "The valve\nof the building")]
    assert "1 of 2" in shown
    assert "rejected candidate" in shown
    assert "echo: all" in shown


@pytest.mark.parametrize("lines", [("s", "s"), ("q",), (), ("e", "unfinished"), ("e", " ", ".", "s"), ("?", "x", "q")])
def test_nothing_is_decided_by_skipping_or_leaving(lines: tuple[str, ...]) -> None:
    assert decide(*lines)[0] == []


def test_another_model_is_asked_and_its_candidate_accepted_or_edited() -> None:
    first, second = ROWS
    decisions, shown = decide("r", "gemma3", "a", "r", "", "e", "The valve", ".")
    assert [each.english for each in decisions] == [f"gemma3: {first.source}", "The valve"]
    assert "translation of gemma3" in shown
    assert "status of gemma3" in shown
    assert "Enter for gemma3" in shown
    assert f"gemma3: {second.source}" in shown


def test_a_retry_without_a_usable_answer_leaves_the_row_as_it_was() -> None:
    decisions, shown = decide("r", "missing", "r", "", "r", "mute", "a", "r", "bad", "s")
    assert [each.english for each in decisions] == [ROWS[0].english]
    assert "no host has the model 'missing'" in shown
    assert "rejected candidate of bad" in shown


def test_what_was_decided_before_leaving_is_kept() -> None:
    assert len(decide("a", "q")[0]) == 1


def test_nothing_can_be_accepted_without_a_candidate() -> None:
    decisions, shown = decide("s", "a", "s")
    assert decisions == []
    assert "nothing to accept" in shown


def test_texts_can_neither_control_the_terminal_nor_the_markup() -> None:
    _, shown = decide("s", rows=[ReviewRow("part", 0, "body", "\x1b[2J[red]Vanne[/red]", "\x07", False, "warn")])
    assert "\x1b" not in shown
    assert "[red]Vanne[/red]" in shown

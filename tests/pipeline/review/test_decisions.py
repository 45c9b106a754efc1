"""Which decisions are kept, and which rows are reviewed."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.review.apply import Decision
from pipeline.review.decisions import all_rows, keep
from tests.pipeline.report.outputs import outcome, write_rows
from tests.pipeline.review.test_apply import FAILED, decision
from transforms.errors import RunFailed, UsageError
from transforms.sink.output_directory import MEMORY_FILE, OutputDirectory
from transforms.sink.output_lock import OutputLock


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"source": "Un autre texte"}, "has another text than the one that was reviewed"),
        ({"row": 9}, "no text in row 9"),
        ({"column": "title"}, "column 'title'"),
        ({"part": "part-other-00000000-00000.parquet"}, "has no part"),
    ],
)
def test_decisions_about_other_texts_are_refused(output: OutputDirectory, wrong: dict[str, object], error: str) -> None:
    part = write_rows(output, [FAILED])
    before = Path(output.url, part).read_bytes()
    values = {"part": part, "row": 0, "column": "body", "source": "La vanne 0 a été remplacée.", "english": "x"}
    with pytest.raises((UsageError, RunFailed), match=error):
        keep(output, [Decision(**{**values, **wrong})], "auto")  # type: ignore[arg-type]
    assert Path(output.url, part).read_bytes() == before
    assert not list(Path(output.url, "_state").glob("*.tmp"))


def test_a_running_translation_is_not_disturbed(output: OutputDirectory) -> None:
    part = write_rows(output, [FAILED])
    with OutputLock(output, "run"), pytest.raises(RunFailed):
        keep(output, [decision(part, 0)], "auto")


def test_without_a_memory_the_user_is_warned(output: OutputDirectory, caplog: pytest.LogCaptureFixture) -> None:
    part = write_rows(output, [FAILED])
    keep(output, [decision(part, 0)], "off")
    assert "later runs do not know them" in caplog.text
    assert not Path(output.url, MEMORY_FILE).exists()


def test_rows_are_chosen_by_status(output: OutputDirectory) -> None:
    write_rows(output, [outcome(), FAILED, outcome("warn"), outcome("partial")])
    write_rows(output, [outcome()], 1)
    rows, count = all_rows(output, ("failed", "partial", "warn"))
    assert ([row.row for row in rows], count) == ([1, 2, 3], 3)
    rows, count = all_rows(output, ("failed",))
    assert ([row.status for row in rows], count) == (["failed"], 1)


def test_no_decision_changes_nothing(output: OutputDirectory) -> None:
    assert keep(output, [], "auto") == 0
    with pytest.raises(UsageError, match="no parts of a translation found"):
        all_rows(output, ("failed",))

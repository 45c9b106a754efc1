"""The texts that a person should look at, read from real parts."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.review.rows import ReviewRow, review_rows
from tests.pipeline.report.outputs import outcome, write_rows
from tests.pipeline.review.test_apply import FAILED
from transforms.errors import RunFailed
from transforms.sink.output_directory import OutputDirectory


def test_a_failed_text_comes_with_its_rejected_candidate(output: OutputDirectory) -> None:
    part = write_rows(output, [outcome(), FAILED, FAILED], candidates={1: "Valve 1"})
    first, second = review_rows(output, part, ["body"], ["failed"])
    assert (first.row, first.source, first.english, first.rejected) == (
        1,
        "La vanne 1 a été remplacée.",
        "Valve 1",
        True,
    )
    assert (first.status, first.flags, first.error) == ("failed", ("untranslated", "src_short"), "untranslated: all")
    assert (second.row, second.english, second.rejected) == (2, "", False)


def test_a_translated_text_comes_with_its_translation(output: OutputDirectory) -> None:
    part = write_rows(output, [outcome("warn", flags=("line_count",)), outcome()])
    (row,) = review_rows(output, part, ["body"], ["warn"])
    assert row.english
    assert not row.rejected
    assert isinstance(row, ReviewRow)
    assert row.error == ""


def test_a_part_that_cannot_be_read_is_named(output: OutputDirectory) -> None:
    part = write_rows(output, [FAILED])
    path = Path(output.url, part)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(RunFailed, match=f"cannot read .*{part}"):
        list(review_rows(output, part, ["body"], ["failed"]))

from __future__ import annotations

from pipeline.report.figures import read_figures
from pipeline.report.worst_rows import SHOWN_CHARACTERS, worst_rows
from tests.pipeline.report.outputs import outcome, write_rows
from transforms.sink.output_directory import OutputDirectory


def test_failed_rows_come_first_with_their_candidates(output: OutputDirectory) -> None:
    write_rows(output, [outcome(), outcome("warn", flags=("line_count",))])
    failed = outcome("failed", error="untranslated: all of it", flags=("untranslated",), attempts=3)
    second = write_rows(
        output,
        [failed, outcome("warn", flags=("line_count", "length_ratio")), outcome("partial", flags=("untranslated",))],
        1,
        {0: "La vanne"},
    )
    rows = worst_rows(output, read_figures(output), 3)
    assert [(row.status, row.part == second, row.row) for row in rows] == [
        ("failed", True, 0),
        ("partial", True, 2),
        ("warn", True, 1),
    ]
    first = rows[0]
    assert (first.source, first.english, first.rejected) == ("La vanne 0 a été remplacée.", "La vanne", True)
    assert (first.error, first.flags, first.attempts) == ("untranslated: all of it", ("untranslated",), 3)
    assert not rows[1].rejected


def test_the_number_is_a_limit_and_long_texts_are_cut(output: OutputDirectory) -> None:
    write_rows(output, [outcome("failed", error="refusal: no")] * 5, source="{row}" + "é" * 5000)
    (only,) = worst_rows(output, read_figures(output), 1)
    assert (only.english, only.rejected) == ("", False)
    assert only.source.endswith("é …")
    assert len(only.source) == SHOWN_CHARACTERS + 2


def test_good_rows_are_not_shown(output: OutputDirectory) -> None:
    write_rows(output, [outcome()] * 3)
    assert worst_rows(output, read_figures(output), 10) == []

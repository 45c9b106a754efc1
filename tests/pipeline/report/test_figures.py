from __future__ import annotations

import json

import pytest

from pipeline.report.figures import read_figures
from tests.pipeline.report.outputs import GPU0, dying_host, outcome, save_run, write_rows
from tests.transforms.sink.part_batches import RECIPE
from transforms.errors import UsageError
from transforms.sink.output_directory import OutputDirectory


def test_figures_add_up_over_parts_and_runs(output: OutputDirectory) -> None:
    good = write_rows(output, [outcome(), outcome("warn", flags=("line_count",))])
    bad = write_rows(output, [outcome("failed", error="refusal: no")], 1)
    save_run(output, dying_host(), summary={"rows_in": 5})
    output.write_bytes("_summary.json", json.dumps({"rows_in": 5, "not_real": "NOT REAL"}).encode())
    figures = read_figures(output)
    assert (figures.statistics.rows, figures.parts, figures.inputs) == (3, 2, 1)
    assert figures.statistics.hosts[GPU0].rows == 3
    assert (figures.recipes, figures.missing_rows, figures.not_real) == ((RECIPE,), 2, "NOT REAL")
    assert (figures.failed_parts, figures.flagged_parts) == ({bad: 1}, {good: 1})
    assert figures.last_run is not None
    assert len(figures.last_run.samples) == 61
    assert figures.sample.rows == 3


def test_a_killed_run_knows_what_is_missing(output: OutputDirectory) -> None:
    write_rows(output, [outcome()] * 4)
    save_run(output, [])
    assert read_figures(output).missing_rows == 996


def test_a_run_without_parts_has_figures_too(output: OutputDirectory) -> None:
    save_run(output, dying_host())
    figures = read_figures(output)
    assert (figures.parts, figures.recipes, figures.missing_rows) == (0, (), 1000)


def test_another_directory_is_refused(output: OutputDirectory) -> None:
    with pytest.raises(UsageError, match="no parts of a translation found"):
        read_figures(output)


@pytest.mark.parametrize("content", [b"{", b"[]"])
def test_a_damaged_summary_is_skipped(
    output: OutputDirectory, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    write_rows(output, [outcome()])
    output.write_bytes("_summary.json", content)
    assert read_figures(output).summary == {}
    assert "_summary.json: not a JSON object" in caplog.text

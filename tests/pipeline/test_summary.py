"""From counts to the summary and the exit code."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.exit_codes import ExitCode
from pipeline.options.run import RunOptions
from pipeline.plan import RunPlan, make_plan
from pipeline.summary import SUMMARY_FILE, earlier_speed, publish, verdict
from tests.pipeline.console.test_outcome import OPTIONS, summary
from transforms.errors import RunFailed
from transforms.sink.output_directory import OutputDirectory


def test_the_line_is_short_and_the_file_has_more(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = OutputDirectory(str(tmp_path / "out"))
    output.prepare()
    made = summary({"ok": 95, "failed": 5}, {"timeout": 5}, options={"num_ctx": 2048})
    publish(made, output, str(tmp_path / "copy.json"), lambda each: print(each.line()))
    line = json.loads(capsys.readouterr().out)
    detailed = json.loads((tmp_path / "out" / SUMMARY_FILE).read_text())
    assert detailed == json.loads((tmp_path / "copy.json").read_text())
    assert line.items() <= detailed.items()
    assert (line["rows"], line["ok"], line["failed"], line["exit_code"]) == (100, 95, 5, 0)
    assert (detailed["failed_rows"], detailed["options"]) == ({"timeout": 5}, {"num_ctx": 2048})
    assert detailed["rates"]["rows_per_second"] == 1.0
    assert earlier_speed(output) == 1.0


def test_an_output_without_a_usable_summary_has_no_earlier_speed(tmp_path: Path) -> None:
    output = OutputDirectory(str(tmp_path / "out"))
    output.prepare()
    assert earlier_speed(output) is None
    (tmp_path / "out" / SUMMARY_FILE).write_text("[]")
    assert earlier_speed(output) is None


def test_secrets_are_in_neither(tmp_path: Path) -> None:
    made = summary({"ok": 1}, output="s3://key:geheim@bucket/x", slots={"http://u:geheim@gpu0": 1})
    output = OutputDirectory(str(tmp_path / "out"))
    output.prepare()
    publish(made, output, None, lambda each: None)
    assert "geheim" not in (tmp_path / "out" / SUMMARY_FILE).read_text() + made.line()


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    output = OutputDirectory(str(tmp_path / "out"))
    output.prepare()
    with pytest.raises(RunFailed, match="--summary_file"):
        publish(summary({"ok": 1}), output, str(tmp_path / "missing" / "x" / "s.json"), lambda each: None)

    def full(each: object) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(RunFailed, match="cannot write to stdout"):
        publish(summary({"ok": 1}), output, None, full)


@pytest.mark.parametrize(
    ("statuses", "options", "nothing_left", "code"),
    [
        ({"ok": 99, "failed": 1}, OPTIONS, False, ExitCode.DONE),
        ({"ok": 98, "failed": 2}, OPTIONS, False, ExitCode.TOO_MANY_FAILED),
        ({"ok": 98, "failed": 2}, replace(OPTIONS, max_failed_ratio=0.02), False, ExitCode.DONE),
        ({"ok": 100}, replace(OPTIONS, skip_exit_code=99), True, ExitCode.NOTHING_TO_DO),
        ({"ok": 100}, replace(OPTIONS, skip_exit_code=99), False, ExitCode.DONE),
        ({"ok": 90, "failed": 10}, replace(OPTIONS, skip_exit_code=99), True, ExitCode.TOO_MANY_FAILED),
    ],
)
def test_the_exit_code_of_a_run_that_came_to_its_end(
    statuses: dict[str, int], options: RunOptions, nothing_left: bool, code: ExitCode, tmp_path: Path
) -> None:
    plan = plan_of(tmp_path, 100)
    assert verdict(options, plan, summary(statuses).counts, nothing_left) is code
    with pytest.raises(RunFailed, match=r"has 100 rows, but .* holds 99 of them"):
        verdict(options, plan, summary({"ok": 99}).counts, nothing_left)


def plan_of(tmp_path: Path, rows: int) -> RunPlan:
    pq.write_table(pa.table({"text": ["Bonjour."] * rows}), tmp_path / "a.parquet")
    return make_plan(RunOptions(input=(str(tmp_path / "a.parquet"),), output=str(tmp_path / "out")))

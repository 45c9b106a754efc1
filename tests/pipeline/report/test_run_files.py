from __future__ import annotations

import pytest

from pipeline.report.run_files import FOLDER, KEPT_RUNS, prune, read_runs, run_names
from tests.pipeline.report.outputs import dying_host, record, save_run
from transforms.sink.output_directory import OutputDirectory


def test_runs_are_read_in_order_of_time(output: OutputDirectory) -> None:
    assert read_runs(output) == []
    save_run(output, [], minute=7, summary={"rows": 2})
    save_run(output, dying_host(), minute=3)
    first, second = read_runs(output)
    assert (first.record, len(first.samples)) == (record(), 61)
    assert (second.record.summary, second.samples) == ({"rows": 2}, ())


def test_a_damaged_file_is_skipped_with_a_warning(output: OutputDirectory, caplog: pytest.LogCaptureFixture) -> None:
    name = save_run(output, [])
    output.write_bytes(name, b"damaged")
    output.write_bytes(f"{FOLDER}/notes.txt", b"of a user")
    assert read_runs(output) == []
    assert f"skipping {output.path_of(name)}" in caplog.text


def test_only_the_last_runs_are_kept(output: OutputDirectory) -> None:
    names = [save_run(output, [], minute=minute) for minute in range(KEPT_RUNS + 2)]
    prune(output)
    assert run_names(output) == names[2:]

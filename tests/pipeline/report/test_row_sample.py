from __future__ import annotations

import pytest

from pipeline.report import row_sample
from pipeline.report.row_sample import read_sample
from tests.pipeline.report.outputs import GPU0, outcome, write_rows
from transforms.errors import RunFailed
from transforms.sink.output_directory import OutputDirectory


def test_generated_texts_are_sampled_with_their_ratios(output: OutputDirectory) -> None:
    outcomes = [
        outcome(translation="x" * 46, host=f"{GPU0},http://gpu1:11434"),
        outcome("failed", error="untranslated: all"),
        outcome(origin="memory"),
        outcome(eval_count=None, total_duration_ns=None),
    ]
    name = write_rows(output, outcomes, source="{row}" + "é" * 22)
    sample = read_sample(output, [(name, 4)], ("body",))
    assert (sample.rows, sample.complete) == (4, True)
    first, second = sample.texts
    assert (first.host, first.eval_count, first.length_ratio, first.logprob_mean) == (GPU0, 30, 2.0, None)
    assert (second.eval_count, second.total_duration_ns, second.queue_duration_ns) == (None, None, 200_000_000)


def test_a_large_output_is_sampled_evenly(output: OutputDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_sample, "MAX_PARTS", 3)
    monkeypatch.setattr(row_sample, "MAX_ROWS", 6)
    monkeypatch.setattr(row_sample, "BATCH_ROWS", 2)
    parts = [(write_rows(output, [outcome()] * 5, number), 5) for number in range(5)]
    sample = read_sample(output, parts, ("body",))
    assert (sample.rows, len(sample.texts), sample.complete) == (6, 6, False)


def test_no_parts_are_no_texts(output: OutputDirectory) -> None:
    sample = read_sample(output, [], ())
    assert (sample.texts, sample.rows, sample.complete) == ((), 0, True)


def test_a_damaged_part_is_named(output: OutputDirectory) -> None:
    output.write_bytes("part-x.parquet", b"PAR1 damaged PAR1")
    with pytest.raises(RunFailed, match=r"cannot read .*part-x\.parquet"):
        read_sample(output, [("part-x.parquet", 1)], ("body",))

from __future__ import annotations

import pytest

from pipeline.monitoring.status import RunStatus, Workload
from pipeline.report.recorder import SAVE_SECONDS, RunRecorder
from pipeline.report.run_files import read_runs
from tests.pipeline.report.outputs import record, save_run
from transforms.engine.snapshot import Snapshot
from transforms.errors import RunFailed
from transforms.sink.output_directory import OutputDirectory

NAME = "_state/runs/20260102T030405000000Z.parquet"


def status(seconds: float, texts: int = 0) -> RunStatus:
    figures = Snapshot(texts, 10 * texts, {"ok": texts}, {}, {}, {}, ())
    return RunStatus(seconds, Workload(100), figures, 0.0, 0.0, 0.0, None, ())


def test_a_killed_run_has_been_saved_from_time_to_time(output: OutputDirectory) -> None:
    recorder = RunRecorder(output, NAME, record())
    recorder.observe(status(1.0, 3))
    assert read_runs(output) == []
    recorder.observe(status(2.0, 5))
    recorder.observe(status(3.0, 9))
    (killed,) = read_runs(output)
    assert (killed.record.summary, [sample.texts for sample in killed.samples]) == (None, [3, 5])
    recorder.observe(status(2.0 + SAVE_SECONDS, 11))
    (killed,) = read_runs(output)
    assert [sample.texts for sample in killed.samples] == [3, 5, 9, 11]


def test_the_last_figures_are_saved_although_no_sample_is_due_and_the_run_fails(output: OutputDirectory) -> None:
    recorder = RunRecorder(output, NAME, record())

    def run() -> None:
        with recorder.saving():
            recorder.observe(status(1.0, 3))
            recorder.observe(status(1.2, 4))
            raise RunFailed("no host")

    with pytest.raises(RunFailed):
        run()
    (failed,) = read_runs(output)
    assert [sample.texts for sample in failed.samples] == [3, 4]
    recorder.finish({"exit_code": 1})
    (finished,) = read_runs(output)
    assert (finished.record.summary, finished.samples) == ({"exit_code": 1}, failed.samples)


def test_a_long_run_is_sampled_less_often(output: OutputDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = RunRecorder(output, NAME, record())
    with recorder.saving():
        monkeypatch.setattr("pipeline.report.recorder.SAVE_SECONDS", 10_000.0)
        for second in range(5000):
            recorder.observe(status(second + 0.3 * (second % 3)))
    (run,) = read_runs(output)
    assert 300 <= len(run.samples) <= 601
    assert run.samples[-1].seconds > 4999


def test_a_full_disk_is_said_once_and_the_run_continues(
    output: OutputDirectory, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(name: str, content: bytes) -> None:
        raise RunFailed(f"cannot write {name}: no space")

    monkeypatch.setattr(output, "write_bytes", full)
    recorder = RunRecorder(output, NAME, record())
    with recorder.saving():
        for second in range(100):
            recorder.observe(status(float(second)))
    recorder.finish({})
    assert caplog.text.count("not saved any more") == 1


def test_old_runs_are_removed_at_the_end(output: OutputDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.report.run_files.KEPT_RUNS", 2)
    for minute in range(3):
        save_run(output, [], minute=minute)
    RunRecorder(output, NAME, record()).finish({"rows": 1})
    assert [run.record.summary for run in read_runs(output)] == [None, {"rows": 1}]

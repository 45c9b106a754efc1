from __future__ import annotations

import threading
from pathlib import Path

import pytest

from pipeline.report import time_series
from pipeline.report.recorder import RunRecorder
from pipeline.report.run_files import read_runs
from tests.pipeline.report.outputs import record, save_run
from tests.pipeline.sandbox.http_calls import wait_until
from transforms.engine.snapshot import Snapshot
from transforms.errors import RunFailed
from transforms.sink.output_directory import OutputDirectory

NAME = "_state/runs/20260102T030405000000Z.parquet"


@pytest.fixture
def output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OutputDirectory:
    monkeypatch.setattr(time_series, "INTERVAL_SECONDS", 0.01)
    directory = OutputDirectory(str(tmp_path / "out"))
    directory.prepare()
    return directory


class Live:
    def __init__(self) -> None:
        self.reads = 0

    def __call__(self) -> Snapshot:
        self.reads += 1
        return Snapshot(self.reads, 10 * self.reads, {"ok": self.reads}, {}, {}, {}, ())


def test_a_run_is_saved_while_it_lasts_and_at_its_end(output: OutputDirectory) -> None:
    live = Live()
    recorder = RunRecorder(output, NAME, record(), live, save_seconds=0.0)
    with recorder.sampling():
        wait_until(lambda: bool(read_runs(output)))
        (killed,) = read_runs(output)
        assert killed.record.summary is None
        assert killed.samples
    (ended,) = read_runs(output)
    assert ended.samples[-1].texts == live.reads
    recorder.finish({"exit_code": 0})
    (finished,) = read_runs(output)
    assert (finished.record.summary, finished.samples) == ({"exit_code": 0}, ended.samples)
    assert not [thread for thread in threading.enumerate() if thread.name == "run recorder"]


def test_the_last_figures_are_recorded_although_the_run_fails(output: OutputDirectory) -> None:
    live = Live()
    with pytest.raises(ZeroDivisionError), RunRecorder(output, NAME, record(), live).sampling():
        _ = 1 / 0
    (failed,) = read_runs(output)
    assert failed.samples[-1].texts == live.reads >= 1


def test_a_full_disk_is_said_once_and_the_run_continues(
    output: OutputDirectory, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(name: str, content: bytes) -> None:
        raise RunFailed(f"cannot write {name}: no space")

    monkeypatch.setattr(output, "write_bytes", full)
    live = Live()
    recorder = RunRecorder(output, NAME, record(), live, save_seconds=0.0)
    with recorder.sampling():
        wait_until(lambda: live.reads > 5)
    recorder.finish({})
    assert caplog.text.count("not saved any more") == 1


def test_old_runs_are_removed_at_the_end(output: OutputDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.report.run_files.KEPT_RUNS", 2)
    for minute in range(3):
        save_run(output, [], minute=minute)
    RunRecorder(output, NAME, record(), Live()).finish({"rows": 1})
    assert [run.record.summary for run in read_runs(output)] == [None, {"rows": 1}]

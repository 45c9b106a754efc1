"""Runs that go on until they are stopped, as a real process."""

from __future__ import annotations

import json
import logging
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline import watch as watching
from pipeline.exit_codes import ExitCode
from pipeline.options.run import RunOptions
from pipeline.signals import CleanStop
from pipeline.watch import Settled
from tests.conftest import MakeHost
from transforms.errors import RunFailed, RunStopped, UsageError
from transforms.source.work_units import SourceFile


def source(url: str, size: int, modified: float) -> SourceFile:
    return SourceFile(url, "parquet", None, size, f"size={size} mtime_ns={int(modified * 1e9)}")


def test_a_file_is_left_until_it_stays_the_same() -> None:
    settled = Settled(10.0)
    old, growing = source("/in/a.parquet", 5, 100.0), source("/in/b.parquet", 5, 995.0)
    assert settled.among([old, growing], 1000.0) == [old]
    grown = source("/in/b.parquet", 9, 1003.0)
    assert settled.among([old, grown], 1005.0) == [old]
    assert settled.among([old, grown], 1010.0) == [old, grown]
    remote = SourceFile("s3://in/c.parquet", "parquet", None, 5, "size=5 etag=x")
    assert settled.among([remote], 2000.0) == []
    assert settled.among([remote], 2000.0) == [remote]


def test_while_no_file_is_complete_nothing_is_run_and_no_part_goes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = source("/in/a.parquet", 5, 0.0), source("/in/b.parquet", 5, 0.0)
    writing = source("/in/b.parquet", 3, 1e10)
    looks = iter([[first], [], [], [writing], [second]])
    ran: list[list[SourceFile]] = []

    def look(*_: object, **__: object) -> list[SourceFile]:
        try:
            return next(looks)
        except StopIteration:
            raise RunStopped("seen enough") from None

    def run(options: RunOptions, stop: CleanStop, sources: list[SourceFile]) -> ExitCode:
        ran.append(sources)
        return ExitCode.DONE

    monkeypatch.setattr(watching, "list_sources", look)
    monkeypatch.setattr(watching, "run_once", run)
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    with caplog.at_level(logging.INFO), pytest.raises(RunStopped):
        watching.watch(RunOptions(input=("/in",), output=str(tmp_path)), 10.0, CleanStop())
    assert ran == [[first], [second]]
    assert caplog.text.count("no complete input") == 1


def write(path: Path, numbers: range) -> None:
    temporary = path.with_name(f".{path.name}")
    pq.write_table(pa.table({"text": [f"Le rapport numéro {number} est prêt." for number in numbers]}), temporary)
    temporary.replace(path)


@pytest.mark.slow
def test_new_grown_and_removed_files_are_seen_until_it_is_stopped(sandbox_host: MakeHost, tmp_path: Path) -> None:
    host, folder, output = sandbox_host(), tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    command = [sys.executable, "-m", "pipeline", "--input", str(folder), "--output", str(output)]
    options = ["--hosts", host.url, "--watch", "0.2", "--progress", "off"]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:

        def rows_of_next_run() -> int:
            assert process.stdout is not None
            told: dict[str, int] = json.loads(process.stdout.readline())
            assert told["rows"] == sum(pq.ParquetFile(part).metadata.num_rows for part in output.glob("part-*.parquet"))
            return told["rows"]

        try:
            write(folder / "a.parquet", range(20))
            assert rows_of_next_run() == 20
            write(folder / "b.parquet", range(20, 50))
            assert rows_of_next_run() == 50
            write(folder / "a.parquet", range(25))
            assert rows_of_next_run() == 55
            (folder / "b.parquet").unlink()
            assert rows_of_next_run() == 25
            (folder / "c.parquet").write_bytes(b"no Parquet at all")
            assert process.stderr is not None
            told = next(line for line in process.stderr if "waiting until the input changes" in line)
            assert "c.parquet" in told
            write(folder / "c.parquet", range(5))
            assert rows_of_next_run() == 30
            assert host.stats()["calls"] == 50
        finally:
            process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 143, err
    assert out == ""
    assert "Traceback" not in err


class Looks:
    """The input at each look; watching is stopped after the last one."""

    def __init__(self, *looks: list[SourceFile]) -> None:
        self._looks = iter(looks)

    def __call__(self, *_: object, **__: object) -> list[SourceFile]:
        try:
            return next(self._looks)
        except StopIteration:
            raise RunStopped("seen enough") from None


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[list[SourceFile]]]:
    """Watches the given looks; the outcomes of the runs are exit codes or exceptions."""

    def start(looks: Looks, *outcomes: ExitCode | Exception) -> list[list[SourceFile]]:
        ran: list[list[SourceFile]] = []
        left = iter(outcomes)

        def run(options: RunOptions, stop: CleanStop, sources: list[SourceFile]) -> ExitCode:
            ran.append(sources)
            outcome = next(left)
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        monkeypatch.setattr(watching, "list_sources", looks)
        monkeypatch.setattr(watching, "run_once", run)
        monkeypatch.setattr(time, "sleep", lambda seconds: None)
        with pytest.raises(RunStopped):
            watching.watch(RunOptions(input=("/in",), output="/nowhere"), 10.0, CleanStop())
        return ran

    return start


GOOD, BAD, REPAIRED = (source(f"/in/{name}.parquet", size, 0.0) for name, size in (("a", 5), ("b", 6), ("b", 7)))


def test_refused_input_is_not_tried_again_until_it_changes(runs: Callable[..., list[list[SourceFile]]]) -> None:
    looks = Looks([GOOD], [GOOD, BAD], [GOOD, BAD], [GOOD, BAD], [GOOD, REPAIRED])
    ran = runs(looks, ExitCode.DONE, UsageError("damaged"), ExitCode.DONE)
    assert ran == [[GOOD], [GOOD, BAD], [GOOD, REPAIRED]]


def test_a_run_that_failed_is_tried_again(runs: Callable[..., list[list[SourceFile]]]) -> None:
    assert runs(Looks([GOOD], [GOOD], [GOOD]), RunFailed("no host"), ExitCode.DONE) == [[GOOD], [GOOD]]

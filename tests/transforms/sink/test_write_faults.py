"""Whole runs in which a write fails: one clear error, nothing half-written, and the same command completes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fsspec.registry import _registry

from pipeline.cli import main
from pipeline.sandbox.running import SandboxThread
from tests.conftest import MakeHost
from tests.transforms.sink.broken_outputs import (
    BROKEN_ROW,
    ROWS,
    Ended,
    Run,
    SelectiveFileSystem,
    arguments,
    broken_disk,
    check_complete,
    check_nothing_half_written,
    fails_to_begin,
    fails_to_flush,
    fails_to_rename,
    files,
    no_space,
)
from tests.transforms.sink.file_limit import files_up_to
from transforms.memory.sqlite_store import SqliteStore
from transforms.memory.store import MemoryUnavailable
from transforms.sink import output_lock

ROOT = Path(__file__).parents[3]


@pytest.fixture
def host(sandbox_host: MakeHost) -> SandboxThread:
    return sandbox_host()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Three units; the second has a line that can't be read, so that there are dead letters."""
    lines = [json.dumps({"id": row, "text": f"La pompe numéro {row} est en panne."}) for row in range(ROWS)]
    lines[BROKEN_ROW] = "{broken"
    path = tmp_path / "reports.jsonl"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(params=["local", "remote"])
def url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Where the output goes: to a local disk, or to a file system without rename."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    if request.param == "local":
        yield str(tmp_path / "out")
        return
    monkeypatch.setattr(output_lock, "SETTLE_SECONDS", 0.0)
    monkeypatch.setitem(_registry, "faulty", SelectiveFileSystem)
    yield "faulty://out/english"
    SelectiveFileSystem.store.clear()
    SelectiveFileSystem.pseudo_dirs[:] = [""]


@pytest.fixture
def run(url: str, source: Path, host: SandboxThread, capsys: pytest.CaptureFixture[str]) -> Run:
    def start(*more: str) -> Ended:
        capsys.readouterr()
        code = main([*arguments(source, url, host), *more])
        captured = capsys.readouterr()
        return Ended(code, captured.out, captured.err)

    return start


def test_no_file_can_be_begun(run: Run, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as fault:
        fails_to_begin(fault, no_space())
        error = run().error()
    assert f"cannot write {url}/" in error
    assert "No space left on device; " in error
    assert "rerun the same command to resume" in error
    assert files(url) == {}
    check_complete(url, run().summary())


@pytest.mark.parametrize("url", ["local"], indirect=True)
@pytest.mark.parametrize("directories", [False, True], ids=["file", "directory"])
def test_the_disk_does_not_take_what_is_flushed(
    run: Run, url: str, monkeypatch: pytest.MonkeyPatch, directories: bool
) -> None:
    with monkeypatch.context() as fault:
        fails_to_flush(fault, broken_disk(), directories)
        error = run().error()
    assert f"cannot write {url}/" in error
    assert "Input/output error; rerun the same command to resume" in error
    check_nothing_half_written(url)
    check_complete(url, run().summary())


@pytest.mark.parametrize("url", ["local"], indirect=True)
@pytest.mark.parametrize(
    ("only", "fault"),
    [
        ("/part-", no_space),
        ("-00001.parquet", broken_disk),
        ("_dead_letter/", no_space),
        ("_summary.json", broken_disk),
    ],
)
def test_a_file_cannot_be_renamed(
    run: Run, url: str, host: SandboxThread, monkeypatch: pytest.MonkeyPatch, only: str, fault: Callable[[], OSError]
) -> None:
    with monkeypatch.context() as context:
        fails_to_rename(context, fault(), only)
        error = run().error()
    assert f"cannot write {url}/" in error
    assert only.lstrip("/") in error
    assert f"{fault().strerror}; " in error
    assert [name for name in files(url) if only in f"/{name}"] == []
    check_nothing_half_written(url)
    summary = run().summary()
    check_complete(url, summary)
    assert summary["units_skipped"] == {"/part-": 0, "_summary.json": 3}.get(only, summary["units_skipped"])
    assert host.stats()["served"] - host.stats()["outcomes"].get("cancelled", 0) < 1.5 * ROWS, "all was asked again"


@pytest.mark.parametrize("url", ["remote"], indirect=True)
@pytest.mark.parametrize(
    ("only", "fault"),
    [
        ("/part-", no_space()),
        ("-00001.parquet", RuntimeError("HTTP 503: slow down")),
        ("_dead_letter/", no_space()),
        ("_summary.json", RuntimeError("HTTP 503: slow down")),
        ("_state/lock", no_space()),
    ],
)
def test_a_file_cannot_be_sent(
    run: Run, url: str, monkeypatch: pytest.MonkeyPatch, only: str, fault: Exception
) -> None:
    monkeypatch.setattr(SelectiveFileSystem, "only", only)
    with monkeypatch.context() as context:
        context.setattr(SelectiveFileSystem, "fail_put", fault)
        error = run().error()
    assert f"cannot write {url}/" in error
    assert only.lstrip("/") in error
    assert str(fault).removeprefix("[Errno 28] ") in error
    assert [path for path in SelectiveFileSystem.store if only in path] == []
    check_nothing_half_written(url)
    check_complete(url, run().summary())
    assert [path for path in SelectiveFileSystem.store if path.endswith(("_state/lock", ".tmp"))] == []


@pytest.mark.parametrize("url", ["remote"], indirect=True)
def test_a_lock_that_cannot_be_removed_does_not_fail_a_complete_run(
    run: Run, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SelectiveFileSystem, "only", "_state/lock")
    with monkeypatch.context() as context:
        context.setattr(SelectiveFileSystem, "fail_remove", RuntimeError("HTTP 403"))
        ended = run()
    check_complete(url, ended.summary())
    assert f"cannot remove {url}/_state/lock: HTTP 403; it expires after 90 s" in ended.err


@pytest.mark.parametrize("url", ["local"], indirect=True)
@pytest.mark.parametrize("call", ["open", "ftruncate", "write"])
def test_the_lock_cannot_be_written(run: Run, url: str, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    genuine: Any = getattr(os, call)

    def faulty(place: Any, *more: Any, **named: Any) -> Any:
        path = place if call == "open" else f"/proc/self/fd/{place}"
        if str(Path(path).resolve()).endswith("_state/lock"):
            raise no_space()
        return genuine(place, *more, **named)

    with monkeypatch.context() as fault:
        fault.setattr(os, call, faulty)
        error = run().error()
    assert f"{url}/_state/lock: No space left on device" in error
    assert set(files(url)) == {"_state/plan_cache.json.gz"}
    check_complete(url, run().summary())


@pytest.mark.parametrize("url", ["local"], indirect=True)
def test_the_memory_fails_and_the_run_goes_on(
    run: Run, url: str, host: SandboxThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    def faulty(*given: Any) -> None:
        raise MemoryUnavailable("the translation memory can't be used: disk I/O error")

    with monkeypatch.context() as fault:
        fault.setattr(SqliteStore, "add", faulty)
        ended = run()
    check_complete(url, ended.summary())
    assert "disk I/O error" in ended.err
    assert " ERROR " not in ended.err
    asked = host.stats()["calls"]
    assert run().summary()["units_skipped"] == 3
    assert host.stats()["calls"] == asked


@pytest.mark.parametrize("url", ["local"], indirect=True)
def test_the_memory_cannot_be_made_and_the_run_goes_on(run: Run, url: str) -> None:
    Path(url, "_state", "memory.sqlite").mkdir(parents=True)
    ended = run()
    check_complete(url, ended.summary())
    assert "running without translation memory" in ended.err


@pytest.mark.parametrize("url", ["local"], indirect=True)
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_disk_for_the_summary_that_was_asked_for(run: Run, url: str) -> None:
    error = run("--summary_file", "/dev/full").error()
    assert "--summary_file /dev/full: No space left on device" in error
    summary = run().summary()
    assert summary["units_skipped"] == 3
    check_complete(url, summary)


@pytest.mark.parametrize("url", ["remote"], indirect=True)
def test_the_summary_that_was_asked_for_cannot_be_sent(run: Run, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as context:
        context.setattr(SelectiveFileSystem, "fail_open", RuntimeError("HTTP 403: Forbidden"))
        error = run("--summary_file", "faulty://elsewhere/summary.json").error()
    assert "--summary_file faulty://elsewhere/summary.json: HTTP 403: Forbidden" in error
    check_complete(url, run().summary())


@pytest.mark.parametrize("url", ["local"], indirect=True)
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_disk_for_the_line_on_stdout(url: str, source: Path, host: SandboxThread) -> None:
    command = [sys.executable, "-m", "pipeline", *arguments(source, url, host)]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False, cwd=ROOT
        )
    assert "No space left on device" in Ended(done.returncode, "", done.stderr).error()


@pytest.mark.parametrize("url", ["local"], indirect=True)
def test_a_disk_that_is_full_for_parts_and_memory(run: Run, url: str) -> None:
    with files_up_to(4000):
        error = run().error()
    assert f"cannot write {url}/part-" in error
    assert "File too large; allow larger files (ulimit -f), then rerun the same command to resume" in error
    assert [name for name in files(url) if name.startswith("part-")] == []
    check_nothing_half_written(url)
    check_complete(url, run().summary())


@pytest.mark.parametrize("url", ["local"], indirect=True)
def test_a_disk_that_is_full_for_dead_letters(run: Run, url: str, source: Path) -> None:
    genuine = source.read_text()
    source.write_text(genuine.replace("{broken", "{" + "broken" * 10_000))
    with files_up_to(30_000):
        error = run().error()
    assert f"cannot write {url}/" in error
    assert "File too large; allow larger files (ulimit -f), then rerun the same command to resume" in error
    assert [name for name in files(url) if "-00001." in name] == [], "neither the part nor its letters"
    check_nothing_half_written(url)
    source.write_text(genuine)
    check_complete(url, run().summary())


@pytest.mark.parametrize("url", ["local"], indirect=True)
def test_a_disk_that_is_full_for_the_memory_only(run: Run, url: str) -> None:
    with files_up_to(30_000):
        ended = run()
    check_complete(url, ended.summary())
    assert " ERROR " not in ended.err
    assert "running without translation memory" in ended.err

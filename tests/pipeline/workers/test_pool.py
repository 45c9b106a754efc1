"""The launcher's side, with processes that die."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pipeline.workers import pool
from tests.conftest import MakeHost
from tests.pipeline.runs import Run
from tests.pipeline.workers.processes import reports

OPTIONS = ("--workers=2", "--unit_rows=25")


def test_workers_that_die_again_and_again_end_the_run(
    sandbox_host: MakeHost, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "COMMAND", (sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"))
    host = sandbox_host()
    result = run(reports(tmp_path, 100, 100), tmp_path / "out", [host], *OPTIONS)
    assert result.code == 1
    assert result.summary["message"].startswith("worker processes die again and again")
    assert "ended by signal 9 (SIGKILL)" in result.summary["message"]
    assert host.stats()["calls"] == 0


def test_a_worker_that_does_not_stop_is_killed(
    sandbox_host: MakeHost, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One worker dies again and again; another one has not even started to listen."""
    stubborn = tmp_path / "stubborn.py"
    stubborn.write_text(
        "import os, pathlib, time\n"
        f"started = pathlib.Path({str(tmp_path / 'started')!r})\n"
        "try:\n    started.mkdir()\nexcept FileExistsError:\n    os._exit(7)\n"
        "time.sleep(600)\n"
    )
    monkeypatch.setattr(pool, "COMMAND", (sys.executable, str(stubborn)))
    monkeypatch.setattr(pool, "STOP_SECONDS", 0.1)
    result = run(reports(tmp_path, 100, 100), tmp_path / "out", [sandbox_host()], *OPTIONS)
    assert result.code == 1
    assert "the last one was ended with exit code 7" in result.summary["message"]

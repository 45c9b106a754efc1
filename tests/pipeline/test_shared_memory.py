"""Runs at the same time, in processes of their own, that share one translation memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import MakeHost

TEXTS = 40
PATIENCE_SECONDS = 120.0


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_two_runs_at_the_same_time_pay_for_each_text_once(sandbox_host: MakeHost, tmp_path: Path) -> None:
    host = sandbox_host(tokens_per_second=100.0)
    reports = tmp_path / "reports.jsonl"
    lines = [json.dumps({"text": f"Le rapport {number} est prêt."}) for number in range(TEXTS)]
    reports.write_text("\n".join(lines))
    running = []
    for name in ("one", "two"):
        arguments = ["--input", str(reports), "--output", str(tmp_path / name), "--hosts", host.url]
        more = ["--memory", str(tmp_path / "memory.sqlite"), "--progress", "off"]
        running.append(
            subprocess.Popen(
                [sys.executable, "-m", "pipeline", *arguments, *more],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
    origins: dict[str, int] = {}
    for process in running:
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
        assert process.returncode == 0, err
        summary = json.loads(out)
        assert summary["ok"] == TEXTS
        for origin, count in summary["origins"].items():
            origins[origin] = origins.get(origin, 0) + count
    assert origins == {"generated": TEXTS, "memory": TEXTS}
    assert host.stats()["calls"] == TEXTS

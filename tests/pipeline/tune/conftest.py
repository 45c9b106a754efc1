from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.cli import main
from tests.conftest import ROOT
from tests.pipeline.tune.fake_ollama import VARIABLE, FakeMachine

PRIVATE_NAME = "Dupont"
TEXTS = [
    f"Monsieur {PRIVATE_NAME} numéro {number} signale que la pompe de la chaudière fuit depuis lundi matin, et que la "
    "pression est tombée dans tout le bâtiment."
    for number in range(40)
]

Tune = Callable[..., tuple[int, Any, str]]
"""Runs the command: ``tune(*options)`` returns the exit code, the JSON on stdout (None without), and stderr."""


@pytest.fixture
def records(tmp_path: Path) -> str:
    path = tmp_path / "records.parquet"
    pq.write_table(pa.table({"text": TEXTS}), path)
    return str(path)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeMachine:
    folder = tmp_path / "machine"
    folder.mkdir()
    monkeypatch.setenv(VARIABLE, str(folder))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PATH", str(folder / "bin"), prepend=":")
    for name in ("CUDA_VISIBLE_DEVICES", "OLLAMA_HOSTS", "OLLAMA_HOST"):
        monkeypatch.delenv(name, raising=False)
    return FakeMachine(folder)


@pytest.fixture
def tune(records: str, capsys: pytest.CaptureFixture[str]) -> Tune:
    def run(*options: str) -> tuple[int, Any, str]:
        capsys.readouterr()
        code = main(["tune", "--input", records, "--tune_seconds", "60", *options])
        captured = capsys.readouterr()
        told = captured.out if "table" in options else json.loads(captured.out) if captured.out else None
        return code, told, captured.err

    return run

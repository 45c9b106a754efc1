"""Outputs of real runs, and what an evaluation of them prints."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline import cli
from pipeline.evaluate.command import evaluate
from pipeline.evaluate.options import EVALUATE
from pipeline.sandbox.translate import translate
from tests.conftest import MakeHost
from tests.pipeline.evaluate.outputs import Command, Translated, sentences, write


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Command:
    """A run of the pipeline; its output directory."""

    def start(source: Path, output: Path, url: str, *more: str) -> str:
        arguments = ["--input", str(source), "--output", str(output), "--hosts", url]
        code = cli.main([*arguments, "--progress", "off", "--memory", "off", *more])
        assert code in (0, 3), capsys.readouterr().err
        capsys.readouterr()
        return str(output)

    return start


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Command:
    """What an evaluation prints."""

    def start(output: str, *more: str, reference: str = "reference_en") -> str:
        capsys.readouterr()
        assert evaluate(EVALUATE.parse(["--output", output, "--reference_column", reference, *more], {})) == 0
        return capsys.readouterr().out

    return start


@pytest.fixture
def translated(run: Command, sandbox_host: MakeHost, tmp_path: Path) -> Translated:
    """The output of a run whose references are made of the translations that the host will give."""

    def make(rows: int, references: Callable[[list[str]], list[str | None]]) -> str:
        texts = sentences(rows)
        source = write(tmp_path / "a.parquet", texts, references([translate(text or "") for text in texts]))
        return run(source, tmp_path / "out", sandbox_host().url, "--text_column", "body", "--unit_rows", "20")

    return make

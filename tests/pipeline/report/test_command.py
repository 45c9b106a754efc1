from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.cli import main
from tests.pipeline.console.restored_logging import restored_logging
from tests.pipeline.report.outputs import outcome, write_rows
from transforms.sink.output_directory import OutputDirectory


@pytest.fixture(autouse=True)
def _logging() -> object:
    with restored_logging():
        yield


def test_the_page_is_written_and_named_on_stdout(output: OutputDirectory, capsys: pytest.CaptureFixture[str]) -> None:
    write_rows(output, [outcome(), outcome("failed", error="refusal: no")])
    assert main(["report", "--output", str(output)]) == 0
    page = Path(capsys.readouterr().out.strip())
    assert page == Path(output.url) / "_report.html"
    assert "La vanne" not in page.read_text("utf-8")
    assert main(["report", "--output", str(output), "--report-texts", "1"]) == 0
    assert "La vanne 1" in page.read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["report"], "missing --output"),
        (["report", "--output", "."], "no parts of a translation found"),
        (["report", "--output", ".", "--report_texts", "501"], "501"),
    ],
)
def test_mistakes_are_usage_errors(
    arguments: list[str],
    words: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    assert words in capsys.readouterr().err


def test_the_help_says_that_texts_are_private(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "--help"]) == 0
    assert "no text of a row unless --report_texts" in capsys.readouterr().out

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


def test_a_directory_without_parts_is_a_usage_error(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["report", "--output", "."]) == 2
    assert "no parts of a translation found" in capsys.readouterr().err

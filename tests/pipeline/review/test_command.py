"""A review from the failed rows of a run to the next runs, and mistakes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.cli import main
from tests.conftest import MakeHost
from tests.pipeline.console.restored_logging import restored_logging
from tests.pipeline.report.outputs import outcome, write_rows
from tests.pipeline.review.test_exchange import fill_in
from transforms.sink.output_directory import OutputDirectory

TEXTS = ["La vanne du bâtiment nord a été remplacée.", "La pompe OPAQUE du bâtiment sud est en panne."]
ENGLISH = "The OPAQUE pump of the south building is out of order."


@pytest.fixture(autouse=True)
def _logging() -> Iterator[None]:
    with restored_logging():
        yield


def rows_of(output: Path) -> list[dict[str, object]]:
    (part,) = output.glob("part-*.parquet")
    rows: list[dict[str, object]] = pq.ParquetFile(part).read().to_pylist()
    return rows


def test_a_human_translation_holds_for_later_runs_of_every_model(
    tmp_path: Path, sandbox_host: MakeHost, capsys: pytest.CaptureFixture[str]
) -> None:
    host = sandbox_host(models=["mistral", "gemma3"], faults=[{"kind": "echo", "marker": "OPAQUE"}])
    pq.write_table(pa.table({"text": TEXTS}), tmp_path / "in.parquet")
    output = tmp_path / "out"
    run = ["--input", str(tmp_path / "in.parquet"), "--output", str(output), "--hosts", host.url, "--progress", "off"]
    run += ["--max_failed_ratio", "1"]
    assert main(run) == 0
    assert [row["text_en_status"] for row in rows_of(output)] == ["ok", "failed"]

    exported = tmp_path / "review.csv"
    assert main(["review", "--output", str(output), "--export", str(exported), "--failed_only"]) == 0
    fill_in(exported, ENGLISH)
    capsys.readouterr()
    assert main(["review", "--output", str(output), "--apply", str(exported)]) == 0
    assert "translations kept: 1" in capsys.readouterr().out
    reviewed = rows_of(output)[1]
    assert (reviewed["text_en"], reviewed["text_en_status"], reviewed["text_en_origin"]) == (ENGLISH, "ok", "human")

    host.control(reset=True)
    assert main(run) == 0
    assert host.stats()["calls"] == 0
    assert rows_of(output)[1] == reviewed
    assert main([*run, "--overwrite", "--model", "gemma3"]) == 0
    assert host.stats()["calls"] == 1
    first, second = rows_of(output)
    assert (first["text_en_origin"], first["text_en_model"]) == ("generated", "gemma3")
    assert (second["text_en"], second["text_en_origin"], second["text_en_model"]) == (ENGLISH, "human", None)


def test_nothing_filled_in_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = OutputDirectory(str(tmp_path / "out"))
    output.prepare()
    part = write_rows(output, [outcome("failed", error="refusal: no")])
    before = Path(output.url, part).read_bytes()
    exported = str(tmp_path / "review.xliff")
    assert main(["review", "--output", str(output), "--export", exported]) == 0
    assert main(["review", "--output", str(output), "--apply", exported]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "nothing was changed"
    assert Path(output.url, part).read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--output", "x", "--export", "a.csv"], "no parts of a translation found"),
        (["--output", "x", "--apply", "missing.csv"], "cannot read missing.csv"),
    ],
)
def test_mistakes_are_usage_errors(
    arguments: list[str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["review", *arguments]) == 2
    assert words in capsys.readouterr().err


def test_without_a_terminal_the_user_is_told_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = OutputDirectory(str(tmp_path / "out"))
    output.prepare()
    write_rows(output, [outcome("failed", error="refusal: no")])
    assert main(["review", "--output", str(output)]) == 2
    assert "use --export FILE and --apply FILE" in capsys.readouterr().err

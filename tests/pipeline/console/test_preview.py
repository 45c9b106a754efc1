"""The preview of the first rows, read from real parts."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.console.preview import MOST_CHARACTERS, MOST_ROWS, WIDTH, show_preview
from transforms.sink.columns import column_name


def part(path: Path, texts: list[str]) -> str:
    rows = len(texts)
    columns = {
        "text": texts,
        column_name("text", "translation"): [f"translation {number}" for number in range(rows)],
        column_name("text", "status"): ["ok"] * rows,
        column_name("text", "flags"): pa.array([[]] * rows, pa.list_(pa.string())),
        column_name("text", "error"): pa.nulls(rows, pa.string()),
        column_name("text", "host"): ["http://gpu0:11434"] * rows,
        column_name("text", "total_duration_ns"): [1_500_000_000] * rows,
    }
    pq.write_table(pa.table(columns), path)
    return str(path)


def test_long_texts_are_cut_and_short_ones_are_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exact, long = "é" * MOST_CHARACTERS, "à" * (MOST_CHARACTERS + 1)
    show_preview([part(tmp_path / "a.parquet", [exact, long])], ["text"], 2)
    shown = capsys.readouterr().err
    assert shown.count("é") == shown.count("à") == MOST_CHARACTERS
    assert shown.count("…") == 1
    assert max(map(len, shown.splitlines())) == WIDTH


def test_only_the_first_rows_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parts = [part(tmp_path / f"{name}.parquet", ["texte"] * 15) for name in "ab"]
    show_preview(parts, ["text"], 18)
    assert capsys.readouterr().err.count("texte") == 18
    show_preview(parts, ["text"], 100)
    shown = capsys.readouterr().err
    assert shown.count("texte") == MOST_ROWS
    assert "1.50" in shown
    assert "gpu0:11434" in shown


def test_parts_that_are_not_needed_are_not_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    show_preview([part(tmp_path / "a.parquet", ["texte"] * 5), str(tmp_path / "no such part")], ["text"], 5)
    assert capsys.readouterr().err.count("texte") == 5

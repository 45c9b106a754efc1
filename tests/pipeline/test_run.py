"""Whole runs in this process, against real loopback hosts and real files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.host_speeds import MOST_REQUESTS
from pipeline.sandbox.faults import Fault
from tests.conftest import MakeHost
from tests.pipeline.runs import Run, output_of, records, sentence
from transforms.fleet.host.probe import MAX_AT_ONCE


def test_rows_come_out_in_order_with_their_own_translation(sandbox_host: MakeHost, run: Run, tmp_path: Path) -> None:
    hosts = [sandbox_host(), sandbox_host()]
    source = records(tmp_path, 300)
    result = run(source, tmp_path / "out", hosts, "--unit_rows", "70")
    assert result.code == 0
    table = output_of(tmp_path / "out")
    assert table.column("id").to_pylist() == list(range(300))
    for row in table.to_pylist():
        assert str(row["id"]) in row["text_en"].split()
        assert row["text_en_status"] == "ok"
        assert row["text_en_host"] in {host.url for host in hosts}
        durations = [row[f"text_en_{name}_duration_ns"] for name in ("load", "prompt_eval", "eval", "queue")]
        assert row["text_en_total_duration_ns"] >= sum(durations)
    assert result.summary["rows"] == result.summary["ok"] == 300
    assert result.summary["origins"] == {"generated": 300}
    assert sum(host["rows"] for host in result.summary["hosts"].values()) == 300
    assert json.loads((tmp_path / "out" / "_summary.json").read_text())["rows_in"] == 300
    assert "remplacé" not in result.err, "row text was logged"


def test_failed_rows_are_marked_kept_and_counted(sandbox_host: MakeHost, run: Run, tmp_path: Path) -> None:
    host = sandbox_host(faults=[Fault("length", marker="numéro 7 "), Fault("empty", marker="numéro 8 ")])
    source, output = records(tmp_path, 40), tmp_path / "out"
    result = run(source, output, [host])
    assert result.code == 3
    rows = output_of(output).to_pylist()
    assert [row["id"] for row in rows if row["text_en_status"] == "failed"] == [7, 8]
    assert rows[7]["text_en"] is None
    assert rows[7]["text_en_error"].startswith("output_truncated: ")
    assert rows[8]["text_en_error"].startswith("empty_output: ")
    letters = [json.loads(line) for path in output.glob("_dead_letter/*") for line in path.read_text().splitlines()]
    assert [(letter["row"], letter["error_class"]) for letter in letters] == [
        (7, "output_truncated"),
        (8, "empty_output"),
    ]
    assert run(source, tmp_path / "more", [host], "--max_failed_ratio", "0.1").code == 0


def test_json_lines_with_bad_ones_and_two_columns(sandbox_host: MakeHost, run: Run, tmp_path: Path) -> None:
    source = tmp_path / "tickets.jsonl"
    lines = [
        json.dumps({"id": i, "subject": sentence(i), "body": None if i == 3 else sentence(100 + i)}) for i in range(20)
    ]
    lines[5] = '{"id": 5, "subject": "BROKEN'
    source.write_text("\n".join(lines) + "\n")
    options = ("--text_column", "subject", "--text_column", "body", "--max_failed_ratio", "0.1")
    result = run(source, tmp_path / "out", [sandbox_host()], *options)
    assert result.code == 0
    rows = output_of(tmp_path / "out").to_pylist()
    assert len(rows) == 20
    assert rows[5]["id"] is None
    assert rows[5]["subject_en_status"] == rows[5]["body_en_status"] == "failed"
    assert (rows[3]["body_en"], rows[3]["body_en_status"], rows[3]["subject_en_status"]) == (None, "skipped", "ok")
    assert "104" in rows[4]["body_en"]
    assert result.summary["failed"] == 1
    assert "BROKEN" in next((tmp_path / "out" / "_dead_letter").iterdir()).read_text()


def test_output_on_a_file_system_without_rename(sandbox_host: MakeHost, run: Run, tmp_path: Path) -> None:
    source = records(tmp_path, 30)
    result = run(source, "memory://english/run", [sandbox_host()])
    assert result.code == 0
    fs = fsspec.filesystem("memory")
    parts = [path for path in fs.ls("/english/run", detail=False) if "part-" in path]
    assert len(parts) == 1
    with fs.open(parts[0]) as file:
        assert pq.ParquetFile(file).metadata.num_rows == 30
    assert run(source, "memory://english/run", [sandbox_host()]).summary["units_skipped"] == 1
    fs.rm("/english", recursive=True)


def test_dry_run_sends_only_made_up_texts_and_writes_nothing(sandbox_host: MakeHost, run: Run, tmp_path: Path) -> None:
    host = sandbox_host(tokens_per_second=2000.0)
    result = run(records(tmp_path, 30), tmp_path / "out", [host], "--dry_run")
    assert result.code == 0
    line = result.summary
    assert {name: line[name] for name in ("files", "units", "units_left", "rows", "rows_left", "texts_requested")} == {
        "files": 1, "units": 1, "units_left": 1, "rows": 30, "rows_left": 30, "texts_requested": 30,
    }  # fmt: skip
    least, most = line["estimated_seconds_range"]
    assert 0 < least < line["estimated_seconds"] < most
    assert line["hosts"][host.url]["slots"] >= 1
    assert line["unusable_hosts"] == {}
    stats = host.stats(with_requests=True)
    assert stats["calls"] <= 2 * MAX_AT_ONCE + MOST_REQUESTS  # a quick host seems to have many slots
    assert "remplacé la pompe numéro" not in json.dumps(stats), "a text of the user was sent"
    assert not list((tmp_path / "out").glob("part-*"))


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())])
def test_a_text_that_is_no_utf8_is_a_failed_row_and_stays_as_it_is(
    kind: Any, sandbox_host: MakeHost, run: Run, tmp_path: Path
) -> None:
    values = [b"Le caf\xe9 est chaud ce matin.", b"Le chat dort sur la table.", None]
    plain = pa.large_string() if kind == pa.large_string() else pa.string()
    buffers = pa.array(values, pa.large_binary() if kind == pa.large_string() else pa.binary()).buffers()
    column = pa.Array.from_buffers(plain, 3, buffers)
    column = column.dictionary_encode() if pa.types.is_dictionary(kind) else column
    source, output = tmp_path / "a.parquet", tmp_path / "out"
    # A time that Python has no value for, as pandas writes them, is in nobody's way either.
    pq.write_table(pa.table({"text": column, "at": pa.array([1, 2, 3], pa.timestamp("ns"))}), source)
    result = run(source, output, [sandbox_host()], "--limit", "5", "--max_failed_ratio", "0.5")
    assert result.code == 0
    found = output_of(output)
    assert found["text_en_status"].to_pylist() == ["failed", "ok", "skipped"]
    assert found["text_en_error"][0].as_py() == "bad_text: text is not UTF-8 at byte 7"
    assert found["text"].cast(plain).cast(pa.binary()).to_pylist() == values
    assert found["at"].cast(pa.int64()).to_pylist() == [1, 2, 3]
    [letter] = [json.loads(line) for path in output.glob("_dead_letter/*") for line in path.read_text().splitlines()]
    assert (letter["row"], letter["column"], letter["error_class"]) == (0, "text", "bad_text")
    again = run(source, output, [sandbox_host()], "--retry_failed", "--max_failed_ratio", "0.5")
    assert (again.summary["requests"], again.summary["failed"]) == (0, 1)


def test_what_a_text_and_a_column_contain_is_no_markup_for_the_terminal(
    sandbox_host: MakeHost, run: Run, tmp_path: Path
) -> None:
    name, text = "[/red]", "Le fichier C:\\[/nope] est \x1b[31mrouge\x1b[0m ce matin."
    source = tmp_path / "a.parquet"
    pq.write_table(pa.table({name: [text]}), source)
    result = run(source, tmp_path / "out", [sandbox_host()], "--limit", "1")
    assert result.code == 0
    assert "\x1b" not in result.err
    assert "[/red]" in result.err
    assert "[/nope]" in result.err


@pytest.mark.parametrize("name", ["reports.parquet", "reports.jsonl"])
def test_limit_takes_the_first_rows_and_shows_them(sandbox_host: MakeHost, run: Run, tmp_path: Path, name: str) -> None:
    source = records(tmp_path, 100)
    if name.endswith("jsonl"):
        source = tmp_path / name
        source.write_text("".join(json.dumps({"id": i, "text": sentence(i)}) + "\n" for i in range(100)))
    host = sandbox_host()
    result = run(source, tmp_path / "out", [host], "--limit", "25", "--unit_rows", "20")
    assert result.code == 0
    assert result.summary["rows"] == 25
    assert output_of(tmp_path / "out").column("id").to_pylist() == list(range(25))
    assert "English" in result.err
    assert run(source, tmp_path / "out", [host], "--unit_rows", "20").summary["rows"] == 100
    assert host.stats()["calls"] == 100, "the memory knows the five rows of the part that was cut"


def test_a_row_that_comes_back_partly_says_so(sandbox_host: MakeHost, run: Run, tmp_path: Path) -> None:
    paragraphs = [f"Paragraphe {k}. " + "La phrase décrit la situation du chantier. " * 20 for k in range(12)]
    source = tmp_path / "long.parquet"
    pq.write_table(pa.table({"text": ["\n\n".join(paragraphs), "\n\n".join(paragraphs[:4])]}), source)
    host = sandbox_host(faults=[Fault("done_false", marker="Paragraphe 7")])
    result = run(source, tmp_path / "out", [host])
    assert result.code == 0
    first, second = output_of(tmp_path / "out").to_pylist()
    assert (first["text_en_status"], second["text_en_status"]) == ("partial", "ok")
    assert first["text_en_error"].startswith("generation_aborted: ")
    assert "Paragraphe 7. " in first["text_en"]
    assert "Paragraphe 1. " not in first["text_en"]
    assert first["text_en_chunks"] > 1
    assert "chunked" in first["text_en_flags"]
    assert result.summary["partial"] == 1

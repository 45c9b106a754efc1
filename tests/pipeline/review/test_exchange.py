from __future__ import annotations

import csv
import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.review.apply import Decision
from pipeline.review.exchange import XLIFF, export_rows, import_decisions
from pipeline.review.rows import ReviewRow
from transforms.errors import UsageError

ROWS = [
    ReviewRow(
        part="part-a-00000000-00000.parquet",
        row=3,
        column="body",
        source='Il a dit «\xa0"oui"\xa0»,\nmerci',
        english="He <said>",
        rejected=True,
        status="failed",
        flags=("echo", "x"),
        error="echo: all",
    ),
    ReviewRow("part-b-00000000-00001.parquet", 0, "title", "Vanne", "", False, "warn"),
]


def fill_in(path: Path, english: str) -> None:
    """Do what a person does with the first row of an exported file."""
    if path.suffix == ".csv":
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))
        rows[0]["translation"] = english
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys())
            writer.writeheader()
            writer.writerows(rows)
    elif path.suffix == ".jsonl":
        lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        lines[0]["translation"] = english
        path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    else:
        tree = ElementTree.parse(path)  # noqa: S314 - our own
        target = next(tree.iter(f"{{{XLIFF}}}target"))
        target.text = english
        target.set("state", "translated")
        tree.write(path, encoding="utf-8")


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "xliff"])
def test_only_what_a_person_filled_in_comes_back(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"review.{suffix}"
    assert export_rows(ROWS, str(path)) == 2
    assert import_decisions(str(path)) == []
    fill_in(path, 'He said "yes",\nthanks')
    assert import_decisions(str(path)) == [Decision(ROWS[0].part, 3, "body", ROWS[0].source, 'He said "yes",\nthanks')]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_every_text_survives_json_lines(tmp_path: Path, text: str) -> None:
    path = tmp_path / "review.jsonl"
    export_rows([ReviewRow("part", 0, "body", text, "", False, "warn")], str(path))
    fill_in(path, "yes")
    assert import_decisions(str(path))[0].source == text


def test_xliff_shows_candidates_and_reasons(tmp_path: Path) -> None:
    path = tmp_path / "review.xliff"
    export_rows([*ROWS, ReviewRow("part", 1, "body", "a\x00b", "\x1b[2J", False, "warn")], str(path))
    root = ElementTree.parse(path).getroot()  # noqa: S314 - our own
    files = [file.get("original") for file in root]
    assert files == [ROWS[0].part, ROWS[1].part, "part"]
    assert next(root.iter(f"{{{XLIFF}}}target")).text == "He <said>"
    assert next(root.iter(f"{{{XLIFF}}}note")).text == "failed; echo, x; echo: all"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "id,text\n1,x\n"),
        ("a.jsonl", "{"),
        ("a.jsonl", "[1]"),
        ("a.xliff", "<x/>"),
        ("a.xliff", "<x"),
        ("a.xliff", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'),
    ],
)
def test_other_files_are_usage_errors(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(UsageError, match="is not a file that review has exported"):
        import_decisions(str(tmp_path / name))


@pytest.mark.parametrize("name", ["review.txt", "missing/review.csv"])
def test_other_places_are_usage_errors(tmp_path: Path, name: str) -> None:
    for work in (lambda path: export_rows(ROWS, path), import_decisions):
        with pytest.raises(UsageError, match="review"):
            work(str(tmp_path / name))

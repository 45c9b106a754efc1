"""The sample data is what its README says."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

FOLDER = Path(__file__).resolve().parents[1] / "sample_data"


def lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (FOLDER / name).read_text("utf-8").splitlines()]


def test_twenty_records_in_each_of_twelve_domains_all_different() -> None:
    records = lines("records.jsonl")
    assert Counter(record["category"] for record in records).most_common()[-1][1] == 20
    assert len({record["category"] for record in records}) == 12
    assert len({record["report_id"] for record in records}) == len(records) == 240
    assert len({record["body"] for record in records}) == 240


def test_references_keep_the_numbers() -> None:
    pairs = [(record["body"], record["reference_en"]) for record in lines("records.jsonl") if record["reference_en"]]
    assert len(pairs) >= 60
    kept = 0
    for body, reference in pairs:
        digits = set("".join(re.findall(r"\d", reference)))
        kept += set("".join(re.findall(r"\d", body))) <= digits
    assert kept >= 0.8 * len(pairs)
    assert all(len(re.findall("[éèàç]", reference)) <= 6 for _, reference in pairs)


def test_the_parquet_file_is_built_from_the_json_lines() -> None:
    command = [sys.executable, str(FOLDER / "build.py"), "--check"]
    assert subprocess.run(command, check=False).returncode == 0
    file = pq.ParquetFile(FOLDER / "records.parquet")
    assert file.metadata.num_row_groups == 4
    types = {field.name: field.type for field in file.schema_arrow}
    assert types["amount_eur"] == pa.decimal128(10, 2)
    assert types["created_at"] == pa.timestamp("us", "Europe/Paris")
    assert pa.types.is_dictionary(types["category"])
    assert len(types) == 12


def test_the_hard_cases_are_there() -> None:
    cases = {case["name"]: case["text"] for case in lines("edge_cases.jsonl")}
    assert len(cases) >= 35
    assert cases["null"] is None
    assert cases["empty"] == ""
    assert not cases["spaces"].strip()
    assert 29_000 < len(cases["long report"]) < 32_000
    assert cases["long report"].count("\n\n") > 50
    assert 4_500 < len(cases["long line"]) <= 5_000
    assert "\n" not in cases["long line"]
    assert cases["duplicate a"] == cases["duplicate b"]
    marks = {
        "lone surrogate": "\ud83d",
        "nul": "\x00",
        "byte order mark": "\ufeff",
        "decomposed accents": "\u0301",
        "french quotes": "\u202f",
        "source tag": "</source>",
        "think tag": "<think>",
        "placeholders": "{{civilite}}",
        "mojibake": "Ã©",
    }
    assert all(mark in cases[name] for name, mark in marks.items())

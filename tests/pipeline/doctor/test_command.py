from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.conftest import MakeHost
from tests.pipeline.doctor.conftest import Doctor


def test_json_has_all_of_it_and_an_estimate(doctor: Doctor, sandbox_host: MakeHost, tmp_path: Path) -> None:
    texts = ["a" * 100] * 50 + [None] + ["b" * 300] * 49
    pq.write_table(pa.table({"text": pa.array(texts, pa.string())}), tmp_path / "in.parquet")
    urls = f"{sandbox_host(tokens_per_second=200.0).url},http://127.0.0.1:9"
    code, out, _ = doctor("--hosts", urls, "--json", "--input", str(tmp_path / "in.parquet"))
    told = json.loads(out)
    assert (code, told["ok"], len(told["hosts"])) == (1, False, 2)
    assert told["hosts"][0]["speed"]["slots"] == 4
    assert told["hosts"][1]["problem"] == "connection refused"
    estimate = told["estimate"]
    assert (estimate["rows"], estimate["characters"]) == (100, 5000 + 49 * 300)
    seconds = estimate["characters"] / told["hosts"][0]["speed"]["characters_per_second"]
    assert estimate["hours"] == pytest.approx(seconds / 3600)
    table = doctor("--hosts", urls, "--input", str(tmp_path / "in.parquet"))[1]
    assert "100 rows, 100 texts, about 19,700 characters: about a minute or less" in table


def test_an_input_that_is_missing_is_told_before_any_host_is_asked(doctor: Doctor, sandbox_host: MakeHost) -> None:
    host = sandbox_host()
    code, out, err = doctor("--hosts", host.url, "--input", "nowhere.parquet")
    assert (code, out) == (2, "")
    assert "--input nowhere.parquet does not exist" in err
    assert host.stats()["calls"] == 0

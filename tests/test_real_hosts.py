"""The same job on real Ollama hosts; runs only where they are named.

TRANSLATE_TEST_HOSTS=gpu0,gpu1 TRANSLATE_TEST_MODEL=mistral python -m pytest -m real_hosts
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

HOSTS = os.environ.get("TRANSLATE_TEST_HOSTS", "")
MODEL = os.environ.get("TRANSLATE_TEST_MODEL", "mistral")
SAMPLE_DATA = Path(__file__).resolve().parents[1] / "sample_data"


@pytest.mark.real_hosts
@pytest.mark.timeout(1800)
@pytest.mark.skipif(not HOSTS, reason="TRANSLATE_TEST_HOSTS names no hosts")
def test_sample_records_on_real_hosts(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "pipeline",
        "--input",
        str(SAMPLE_DATA / "records.parquet"),
        "--text_column",
        "body",
    ]
    options = ["--output", str(tmp_path), "--hosts", HOSTS, "--model", MODEL, "--limit", "60", "--progress", "off"]
    done = subprocess.run([*command, *options], stdout=subprocess.PIPE, check=False)
    assert done.returncode in (0, 3)
    summary = json.loads(done.stdout)
    assert summary["rows"] == 60
    rows = pq.read_table(next(tmp_path.glob("part-*.parquet"))).to_pylist()
    translated = [row for row in rows if row["body_en_status"] in ("ok", "warn")]
    assert len(translated) >= 50
    for row in translated:
        assert row["body_en"].strip()
        assert row["body_en_done_reason"] == "stop"
        assert 0 <= row["body_en_queue_duration_ns"] <= row["body_en_total_duration_ns"]
        assert row["body_en_prompt_eval_count"] + row["body_en_eval_count"] <= 4096
    assert all(host["rows"] > 0 for host in summary["hosts"].values()), "a host was left idle"

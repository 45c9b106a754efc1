"""The examples of ``Translate`` run as they stand."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.conftest import ROOT, MakeHost

EXAMPLES = ROOT / "examples" / "library"
TEXTS = ["La pompe est en panne depuis hier soir.", "La vanne du bâtiment est fermée ce matin."]


def run_python(*arguments: str) -> None:
    """Run Python with this project importable; its log is in the failure's message."""
    environment = os.environ | {"PYTHONPATH": f"{ROOT}:{os.environ.get('PYTHONPATH', '')}"}
    ended = subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr[-3000:]


def rows_of(folder: Path, name: str) -> list[dict[str, object]]:
    """The JSON lines of all shards of an output."""
    lines = [line for shard in sorted(folder.glob(f"{name}*")) for line in shard.read_text().splitlines()]
    return [json.loads(line) for line in lines]


@pytest.mark.slow
def test_a_parquet_file_within_a_pipeline_of_ones_own(sandbox_host: MakeHost, tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": [1, 2], "body": TEXTS}), tmp_path / "reports.parquet")
    run_python(str(EXAMPLES / "parquet.py"), str(tmp_path / "reports.parquet"), str(tmp_path), sandbox_host().url)
    rows = rows_of(tmp_path, "rows")
    assert {row["id"]: row["body_en_status"] for row in rows} == {1: "ok", 2: "ok"}
    assert rows_of(tmp_path, "dead_letters") == []


@pytest.mark.slow
def test_beam_yaml(sandbox_host: MakeHost, tmp_path: Path) -> None:
    pytest.importorskip("docstring_parser", reason="Beam YAML is not installed: pip install 'apache-beam[yaml]'")
    (tmp_path / "reports.csv").write_text("id,body\n" + "".join(f"{n},{text}\n" for n, text in enumerate(TEXTS)))
    variables = {
        "input": str(tmp_path / "reports.csv"),
        "output": str(tmp_path / "english"),
        "hosts": sandbox_host().url,
    }
    run_python(
        *("-m", "apache_beam.yaml.main", "--runner=FnApiRunner"),
        f"--yaml_pipeline_file={EXAMPLES / 'translate.yaml'}",
        f"--jinja_variables={json.dumps(variables)}",
    )
    rows = rows_of(tmp_path, "english")
    assert {row["id"]: row["status"] for row in rows} == {0: "ok", 1: "ok"}

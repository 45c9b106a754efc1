"""Good translations come through as they are: the sample data's references and the clean corpus, over real HTTP."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.cli import main
from tests.conftest import MakeHost
from tests.pipeline.console.restored_logging import restored_logging
from tests.transforms.text.clean_pairs import clean_pairs
from transforms.text.flags import HARD
from transforms.text.request.repeated_characters import shorten
from transforms.text.request.sanitize import sanitize

SAMPLE_REFERENCES = 72


def test_a_host_that_translates_well_is_asked_once_for_each_text(sandbox_host: MakeHost, tmp_path: Path) -> None:
    # A dot leader is sent in a short form, for which this host has no translation.
    pairs = list({pair.french: pair for pair in clean_pairs() if not shorten(pair.french).changed}.values())
    assert len(pairs) >= 600
    host = sandbox_host(translations=[(sanitize(pair.french).strip(), pair.english) for pair in pairs])
    source, output = tmp_path / "pairs.parquet", tmp_path / "out"
    pq.write_table(pa.table({"text": [pair.french for pair in pairs]}), source)
    with restored_logging():
        assert main(["--input", str(source), "--output", str(output), "--hosts", host.url, "--progress", "off"]) == 0
    rows = pa.concat_tables(map(pq.read_table, sorted(output.glob("part-*.parquet")))).to_pylist()
    wrong = {row["text"]: row["text_en_flags"] for row in rows if HARD & set(row["text_en_flags"])}
    assert not wrong
    assert Counter(row["text_en_status"] for row in rows)["ok"] >= 0.98 * len(pairs)
    changed = [
        (pair.english, row["text_en"])
        for pair, row in zip(pairs, rows, strict=True)
        if row["text_en"].strip() != pair.english.strip()
    ]
    assert not changed
    assert sum(row["text_en_attempts"] for row in rows) <= 1.02 * len(pairs)
    assert {pair.french for pair in pairs[-SAMPLE_REFERENCES:]} <= {row["text"] for row in rows}

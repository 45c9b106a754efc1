from __future__ import annotations

import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline.review.apply import Decision
from pipeline.review.decisions import all_rows, keep
from pipeline.review.exchange import export_rows, import_decisions
from tests.pipeline.report.outputs import outcome, write_rows
from tests.pipeline.review.test_exchange import fill_in
from transforms.engine.human_translations import human_key
from transforms.memory.addresses import open_store
from transforms.sink.output_directory import MEMORY_FILE, OutputDirectory

FAILED = outcome("failed", error="untranslated: all", flags=("untranslated", "src_short"))


def decision(part: str, row: int, english: str = "The valve.", source: str | None = None) -> Decision:
    return Decision(part, row, "body", source or f"La vanne {row} a été remplacée.", english)


def table_of(output: OutputDirectory, part: str) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = pq.ParquetFile(f"{output.url}/{part}").read().to_pylist()
    return rows


def test_a_part_changes_where_it_was_decided_and_nowhere_else(output: OutputDirectory) -> None:
    warned = outcome("warn", flags=("line_count",))
    part = write_rows(output, [outcome(), FAILED, FAILED, warned], candidates={1: "Valve", 2: "Valve"})
    before, footer = table_of(output, part), output.existing_parts()[part]
    schema = pq.read_schema(f"{output.url}/{part}")
    assert footer is not None
    assert keep(output, [decision(part, 1), decision(part, 3, "Lines\nkept")], "auto") == 2
    after, changed = table_of(output, part), output.existing_parts()[part]
    assert changed is not None
    assert [after[0], after[2]] == [before[0], before[2]]
    assert after[1] == before[1] | {
        "body_en": "The valve.",
        "body_en_status": "ok",
        "body_en_flags": ["src_short"],
        "body_en_error": None,
        "body_en_origin": "human",
        "body_en_attempts": 0,
        "body_en_chunks": 0,
        **dict.fromkeys([name for name in before[1] if name.endswith(("_ns", "_count"))]),
        **dict.fromkeys(["body_en_model", "body_en_model_digest", "body_en_host", "body_en_done_reason"]),
    }
    assert (after[3]["body_en"], after[3]["body_en_flags"]) == ("Lines\nkept", [])
    assert dict(changed.statistics.statuses) == {"ok": 3, "failed": 1}
    assert dict(changed.statistics.origins) == {"generated": 1, "human": 2}
    assert dict(changed.statistics.flags) == {"untranslated": 1, "src_short": 2}
    assert dict(changed.statistics.failed_rows) == {"untranslated": 1}
    assert (changed.dead_letters, changed.recipe, changed.schema) == (1, footer.recipe, footer.schema)
    assert pq.read_schema(f"{output.url}/{part}").remove_metadata() == schema.remove_metadata()
    letters = Path(output.url, "_dead_letter", part.replace(".parquet", ".jsonl")).read_text().splitlines()
    assert len(letters) == 1
    keep(output, [decision(part, 2)], "auto")
    assert not list(Path(output.url, "_dead_letter").glob("*.jsonl"))


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "xliff"] if sys.version_info >= (3, 11) else ["jsonl", "xliff"])
def test_texts_that_a_format_cannot_hold_are_recognised(output: OutputDirectory, tmp_path: Path, suffix: str) -> None:
    source = "Vanne\x00 \x1b[1m{row}\r\nouverte\r"
    part = write_rows(output, [FAILED], source=source)
    path = tmp_path / f"review.{suffix}"
    export_rows(all_rows(output, ("failed",))[0], str(path))
    fill_in(path, "The valve is open.")
    assert keep(output, import_decisions(str(path)), "auto") == 1
    assert table_of(output, part)[0]["body_en"] == "The valve is open."
    store = open_store(f"{output.url}/{MEMORY_FILE}")
    try:
        assert store.look_up([human_key(source.format(row=0))])
    finally:
        store.close()


def test_a_second_review_replaces_the_first(output: OutputDirectory) -> None:
    part = write_rows(output, [FAILED])
    for english in ("The valve.", "The gate valve."):
        keep(output, [decision(part, 0, english)], "auto")
    changed = output.existing_parts()[part]
    assert changed is not None
    assert table_of(output, part)[0]["body_en"] == "The gate valve."
    assert dict(changed.statistics.origins) == {"human": 1}

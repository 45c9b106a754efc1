"""Files that did not change are planned without being read."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from transforms.source import plan
from transforms.source.discovery import list_sources
from transforms.source.json_scan import scan
from transforms.source.parquet_footer import read_footer
from transforms.source.plan import InputPlan, plan_inputs
from transforms.source.plan_cache import PlanCache


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = [{"text": "x", "n": number, "deep": [{"a": [1, "b"]}], "é": None} for number in range(25)]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows) + "no JSON\n")
    (tmp_path / "b.jsonl").write_text('{"text": "x", "n": 0.5}\n', encoding="utf-16")
    pq.write_table(pa.table({"text": ["x"] * 40, "n": range(40)}), tmp_path / "c.parquet", row_group_size=20)
    return tmp_path


def planned(folder: Path, cache: PlanCache, **options: Any) -> InputPlan:
    return plan_inputs(list_sources([str(folder)]), options.pop("unit_rows", 10), cache=cache, **options)


def again(cache: PlanCache) -> PlanCache:
    return PlanCache.from_bytes(cache.to_bytes())


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that planning has read."""
    read: list[str] = []

    def noted(function: Any) -> Any:
        def call(source: Any, *more: Any) -> Any:
            read.append(Path(source.url).name)
            return function(source, *more)

        return call

    monkeypatch.setattr(plan, "scan", noted(scan))
    monkeypatch.setattr(plan, "read_footer", noted(read_footer))
    return read


def test_a_second_planning_reads_nothing_and_finds_the_same(
    folder: Path, reads: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    cache = PlanCache()
    first = planned(folder, cache)
    assert sorted(reads) == ["a.jsonl", "b.jsonl", "c.parquet"]
    assert cache.changed
    said = caplog.messages.copy()
    caplog.clear()
    reads.clear()
    stored = again(cache)
    second = planned(folder, stored)
    assert reads == []
    assert second == first
    assert list(map(str, second.schemas.values())) == list(map(str, first.schemas.values()))
    assert not stored.changed
    assert [each for each in caplog.messages if "not JSON objects" in each] == [
        each for each in said if "not JSON objects" in each
    ]


def test_a_file_that_changed_or_is_new_is_read(folder: Path, reads: list[str]) -> None:
    cache = PlanCache()
    planned(folder, cache)
    reads.clear()
    (folder / "a.jsonl").write_text('{"text": "y"}\n')
    (folder / "d.jsonl").write_text('{"text": "y"}\n')
    found = planned(folder, again(cache))
    assert sorted(reads) == ["a.jsonl", "d.jsonl"]
    assert found.rows == 1 + 1 + 40 + 1


@pytest.mark.parametrize(
    "options", [{"unit_rows": 11}, {"schema_override": {"n": pa.string()}}, {"text_encoding": "cp1252"}]
)
def test_options_that_change_a_scan_make_it_anew(folder: Path, reads: list[str], options: dict[str, Any]) -> None:
    cache = PlanCache()
    planned(folder, cache)
    reads.clear()
    planned(folder, again(cache), **options)
    assert sorted(reads) == ["a.jsonl", "b.jsonl"]


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\x1f\x8b\x08broken"])
def test_a_damaged_cache_is_an_empty_one(folder: Path, reads: list[str], content: bytes) -> None:
    planned(folder, PlanCache.from_bytes(content))
    assert len(reads) == 3


def test_a_file_whose_changes_nobody_tells_is_read_each_time(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    fs = fsspec.filesystem("memory")
    fs.pipe("/cache/a.jsonl", b'{"text": "x"}\n')
    try:
        [source] = list_sources(["memory://cache/a.jsonl"])
        unknown = type(source)(source.url, "jsonl", None, source.size_bytes, "size=14 version=unknown")
        cache = PlanCache()
        plan_inputs([unknown], 10, cache=cache)
        assert not cache.changed
    finally:
        fs.rm("/cache", recursive=True)

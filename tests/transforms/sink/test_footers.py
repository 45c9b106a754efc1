"""Footers: reading and writing, and the decision whether a part is complete."""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.sink.part_batches import INPUT, RECIPE, SCHEMA, unit_of
from transforms import __version__
from transforms.sink.footers import PartFooter, is_done, read_footer, without_own_entries
from transforms.sink.recipe import Recipe
from transforms.sink.statistics import COUNTERS, HostStatistics, Statistics
from transforms.source.work_units import WorkUnit

File = TypeVar("File", Path, io.BytesIO)

counts = st.integers(0, 1 << 40)
counters = st.dictionaries(st.text(max_size=5), counts.filter(bool), max_size=3).map(Counter)
# Multiples of one eighth add up exactly in any order.
hosts = st.builds(
    HostStatistics, counts, counts, counts, counts, st.integers(0, 1 << 30).map(lambda n: n / 8), counters
)
statistics = st.builds(
    Statistics,
    rows=counts,
    requests=counts,
    repeated_requests=counts,
    hosts=st.dictionaries(st.sampled_from(["http://a", "http://b", "http://ü"]), hosts),
    **dict.fromkeys(COUNTERS, counters),
)


def footer_of(unit: WorkUnit, recipe: Recipe = RECIPE, found: Statistics | None = None) -> PartFooter:
    return PartFooter.of(unit, recipe, found or Statistics(unit.rows, Counter(ok=unit.rows)), 3, SCHEMA, "5f" * 16)


def write(file: File, footer: PartFooter, rows: int, schema: Any = SCHEMA) -> File:
    with pq.ParquetWriter(file, schema) as writer:
        writer.write_table(pa.Table.from_pylist([{"id": row} for row in range(rows)], schema))
        writer.add_key_value_metadata(footer.to_metadata())
    return file


@given(statistics, st.text(), st.integers(0, 1 << 62))
def test_metadata_preserve_the_footer(found: Statistics, text: str, at: int) -> None:
    recipe = replace(RECIPE, prompt_text=text, model_digest=None)
    unit = replace(unit_of(2, 7), start=at, stop=at + 2)
    footer = footer_of(unit, recipe, replace(found, rows=2, statuses=Counter(ok=1, failed=1)))
    file = io.BytesIO()
    write(file, footer, 2)
    assert read_footer(file) == footer


def test_metadata_are_readable_json(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", footer_of(unit_of(4)), 4)
    metadata = pq.ParquetFile(path).metadata.metadata
    values = {name: json.loads(metadata[f"translate.{name}".encode()]) for name in ("recipe", "source", "statistics")}
    assert values["recipe"]["model"] == "mistral"
    assert values["source"] == {
        "url": "/data/reports.parquet", "fingerprint": "size=1000 mtime_ns=7", "unit": 0, "start": 0, "stop": 4,
        "rows": 4,
    }  # fmt: skip
    assert values["statistics"]["rows"] == 4
    assert metadata[b"translate.dead_letters"] == b"3"
    assert metadata[b"translate.version"].decode() == __version__


@pytest.mark.parametrize("source", ["path", "file"])
def test_a_damaged_or_other_file_has_no_footer(tmp_path: Path, source: str) -> None:
    whole = write(tmp_path / "whole.parquet", footer_of(unit_of(4)), 4).read_bytes()
    end = int.from_bytes(whole[-8:-4], "little")
    cases = {
        "nothing": b"",
        "text": b"no Parquet at all, but longer than a footer",
        "half": whole[: len(whole) // 2],
        "without end": whole[:-4],
        "garbled footer": whole[: -end - 8] + b"\xff" * end + whole[-8:],
        "garbled recipe": whole.replace(b'{"model"', b'{"model_'),
        "garbled statistics": whole.replace(b'"statuses"', b'"_tatuses"'),
        "garbled schema": re.sub(rb"(translate\.schema.....)[A-Za-z0-9+/]{40}", rb"\1" + b"A" * 40, whole, flags=re.S),
    }
    for name, content in cases.items():
        path = tmp_path / "case.parquet"
        path.write_bytes(content)
        assert content != whole, name
        with path.open("rb") as file:
            assert read_footer(file if source == "file" else path) is None, name


def test_foreign_and_incomplete_parts_have_no_footer(tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": [1]}), tmp_path / "foreign.parquet")
    assert read_footer(tmp_path / "foreign.parquet") is None
    assert read_footer(write(tmp_path / "short.parquet", footer_of(unit_of(4)), 3)) is None


def test_an_unreadable_file_is_an_error_and_not_an_incomplete_part(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_footer(tmp_path / "none.parquet")


def moved(change: Callable[[WorkUnit], WorkUnit]) -> tuple[WorkUnit, Recipe, Any]:
    return change(unit_of(4)), RECIPE, INPUT


@pytest.mark.parametrize(
    ("unit", "recipe", "schema"),
    [
        moved(lambda unit: replace(unit, source=replace(unit.source, url="/data/others.parquet"))),
        moved(lambda unit: replace(unit, source=replace(unit.source, fingerprint="size=1001 mtime_ns=7"))),
        moved(lambda unit: replace(unit, number=1)),
        moved(lambda unit: replace(unit, start=1)),
        moved(lambda unit: replace(unit, stop=5)),
        moved(lambda unit: replace(unit, rows=5)),
        (unit_of(4), replace(RECIPE, model="llama3"), INPUT),
        (unit_of(4), RECIPE, pa.schema([("id", pa.int32()), ("body", pa.string())])),
        (unit_of(4), RECIPE, pa.schema([("id", pa.int64()), ("body", pa.string()), ("more", pa.null())])),
        (unit_of(4), RECIPE, pa.schema([("body", pa.string()), ("id", pa.int64())])),
    ],
)
def test_a_part_with_other_rows_recipe_or_columns_is_not_done(unit: WorkUnit, recipe: Recipe, schema: Any) -> None:
    footer = footer_of(unit_of(4))
    assert is_done(footer, unit_of(4), RECIPE, INPUT)
    assert not is_done(footer, unit, recipe, schema)


def test_details_that_do_not_affect_the_rows_are_ignored() -> None:
    unit = unit_of(4)
    listed = replace(unit, source=replace(unit.source, size_bytes=7))
    assert is_done(footer_of(unit), listed, replace(RECIPE, model_digest=None), INPUT.with_metadata({"pandas": "{}"}))


def test_types_that_parquet_stores_differently_still_match(tmp_path: Path) -> None:
    seconds = pa.schema([("at", pa.timestamp("s")), ("kind", pa.dictionary(pa.int8(), pa.string())), *SCHEMA])
    planned = pa.schema([*seconds][:4])
    footer = PartFooter.of(unit_of(0), RECIPE, Statistics(), 0, seconds)
    read = read_footer(write(tmp_path / "a.parquet", footer, 0, seconds))
    assert read is not None
    assert pq.read_schema(tmp_path / "a.parquet").field("at").type == pa.timestamp("ms")
    assert is_done(read, unit_of(0), RECIPE, planned)


def test_own_metadata_entries_of_an_input_are_dropped() -> None:
    assert without_own_entries({b"pandas": b"{}", b"translate.recipe": b"{}", b"translated": b"yes"}) == {
        b"pandas": b"{}",
        b"translated": b"yes",
    }
    assert without_own_entries(None) == {}


def test_footers_of_one_schema_share_it_so_that_thousands_take_little_memory() -> None:
    again = pa.schema(list(SCHEMA))
    first, second = (PartFooter.of(unit_of(0), RECIPE, Statistics(), 0, schema) for schema in (SCHEMA, again))
    assert first.schema is second.schema
    assert PartFooter.of(unit_of(0), RECIPE, Statistics(), 0, SCHEMA.with_metadata({"a": "b"})).schema.metadata is None

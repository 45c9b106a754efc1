"""What is in the Parquet file of a part: row groups, encodings, and the input columns with all their types."""

from __future__ import annotations

import datetime
import decimal
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.transforms.sink.part_batches import (
    RECIPE,
    SCHEMA,
    batches_of,
    translated,
    unit_of,
    write_part,
)
from transforms.sink.columns import ADDED, column_name, output_schema
from transforms.sink.footers import read_footer
from transforms.sink.output_directory import OutputDirectory
from transforms.sink.parts import ROW_GROUP_BYTES


def test_order_holds_over_row_groups_too(output: OutputDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transforms.sink.parts.ROW_GROUP_ROWS", 100)
    batches = batches_of(1000, 30)
    random.Random(5).shuffle(batches)
    parquet = pq.ParquetFile(Path(output.url, write_part(output, batches).name))
    assert parquet.read().column("id").to_pylist() == list(range(1000))
    assert [parquet.metadata.row_group(n).num_rows for n in range(parquet.num_row_groups)] == [120] * 8 + [40]


def test_a_row_group_ends_with_the_batch_that_fills_it(
    output: OutputDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transforms.sink.parts.ROW_GROUP_ROWS", 100)
    parquet = pq.ParquetFile(Path(output.url, write_part(output, batches_of(300, 50)).name))
    assert [parquet.metadata.row_group(n).num_rows for n in range(parquet.num_row_groups)] == [100] * 3


def test_a_damaged_page_is_found_by_its_checksum(output: OutputDirectory) -> None:
    path = Path(output.url, write_part(output, batches_of(100)).name)
    content = bytearray(path.read_bytes())
    column = pq.ParquetFile(path).metadata.row_group(0).column(1)
    content[column.data_page_offset + column.total_compressed_size - 3] ^= 1
    path.write_bytes(content)
    with pytest.raises(OSError, match="CRC"):
        pq.ParquetFile(path, page_checksum_verification=True).read(["body"])


def test_a_usual_part_is_one_row_group_and_compressed(output: OutputDirectory) -> None:
    parquet = pq.ParquetFile(Path(output.url, write_part(output, batches_of(5000)).name))
    assert parquet.num_row_groups == 1
    group = parquet.metadata.row_group(0)
    columns = {group.column(n).path_in_schema: group.column(n) for n in range(group.num_columns)}
    assert {column.compression for column in columns.values()} == {"ZSTD"}
    assert columns["id"].statistics.max == 4999
    with_dictionary = {name for name, column in columns.items() if "RLE_DICTIONARY" in column.encodings}
    added = ("status", "error", "origin", "model", "model_digest", "host", "done_reason", "flags")
    few = {column_name("body", name) for name in added} - {"body_en_flags"} | {"body_en_flags.list.element"}
    assert with_dictionary == few


def test_long_texts_end_a_row_group_by_bytes(output: OutputDirectory) -> None:
    batches = batches_of(120, 8, characters=400_000)
    parquet = pq.ParquetFile(Path(output.url, write_part(output, batches).name))
    groups = [parquet.metadata.row_group(n) for n in range(parquet.num_row_groups)]
    assert sum(group.num_rows for group in groups) == 120
    assert len(groups) == 3
    batch_bytes = 8 * 400_000 + 8_000
    assert all(group.total_byte_size <= ROW_GROUP_BYTES + batch_bytes for group in groups)


def every_type(rows: int) -> Any:
    """A table with a column of each kind that Parquet can hold."""
    numbers = list(range(rows))
    columns = {
        "body": pa.array([f"Texte {n}" for n in numbers]),
        "none": pa.nulls(rows),
        "flag": pa.array([n % 3 == 0 or None for n in numbers]),
        "small": pa.array(numbers, pa.uint8()),
        "real": pa.array([float("nan") if n == 3 else n / 7 for n in numbers]),
        "half": pa.array([n / 2 for n in numbers], pa.float16()),
        "price": pa.array([decimal.Decimal(n).scaleb(-2) for n in numbers], pa.decimal128(12, 2)),
        "at": pa.array([1_700_000_000_123_456 + n for n in numbers], pa.timestamp("us", "Europe/Paris")),
        "exact": pa.array([1_700_000_000_123_456_789 + n for n in numbers], pa.timestamp("ns")),
        "day": pa.array([datetime.date(2026, 1, 1 + n % 28) for n in numbers]),
        "clock": pa.array(numbers, pa.time64("us")),
        "took": pa.array(numbers, pa.duration("ms")),
        "raw": pa.array([bytes([n, 255]) for n in numbers]),
        "key": pa.array([bytes([n, 0]) for n in numbers], pa.binary(2)),
        "large": pa.array(["é"] * rows, pa.large_string()),
        "view": pa.array(["a longer text than twelve bytes"] * rows, pa.string_view()),
        "tags": pa.array([["a", None, str(n)] if n % 2 else None for n in numbers]),
        "pair": pa.array([[n, n] for n in numbers], pa.list_(pa.int8(), 2)),
        "place": pa.array([{"city": "Lyon", "inner": {"n": n}} for n in numbers]),
        "map": pa.array([[("k", n)] for n in numbers], pa.map_(pa.string(), pa.int32())),
        "id": pa.array([bytes([n] * 16) for n in numbers], pa.uuid()),
    }
    return pa.table(columns).combine_chunks().to_batches()[0]


@pytest.mark.parametrize("copied", [False, True])
def test_all_input_columns_come_first_with_their_types_and_values(
    output: OutputDirectory, monkeypatch: pytest.MonkeyPatch, copied: bool
) -> None:
    if copied:
        monkeypatch.setattr("transforms.sink.parts.SLACK_BYTES", -(1 << 40))
    table = every_type(40)
    schema = output_schema(table.schema, ("body",))
    batches = translated(unit_of(40), [table.slice(start, 7) for start in range(0, 40, 7)])
    result = pq.read_table(Path(output.url, write_part(output, batches[::-1], schema).name))
    assert result.schema.equals(schema)
    before, after = table.to_pylist(), result.select(table.schema.names).combine_chunks().to_batches()[0].to_pylist()
    assert repr(after) == repr(before)
    assert result.column("body_en").to_pylist()[:9] == [f"Text {n}" for n in (*range(7), 0, 1)]


@pytest.mark.parametrize("index", [pa.int8(), pa.int32()])
@pytest.mark.parametrize("rows", [10, 3000])
def test_each_batch_may_have_a_dictionary_of_its_own(output: OutputDirectory, rows: int, index: Any) -> None:
    kinds: list[list[str | None]] = [["nord", "sud"], ["sud", "est", "ouest"], ["ouest"], ["nord", None, "est"]]
    batches: list[Any] = []
    expected: list[str | None] = []
    kind = pa.dictionary(index, pa.string())
    schema = pa.schema([("body", pa.string()), ("region", kind), ("regions", pa.list_(kind))])
    for names in kinds:
        values = [names[n % len(names)] for n in range(rows)]
        expected += values
        lists = pa.array([[value, value] for value in values], pa.list_(kind))
        batches.append(pa.record_batch([["x"] * rows, pa.array(values).dictionary_encode().cast(kind), lists], schema))
    made = translated(unit_of(4 * rows), batches)
    path = Path(output.url, write_part(output, made, output_schema(schema, ("body",))).name)
    table = pq.read_table(path)
    assert table.schema.field("region").type == kind
    assert table.column("region").to_pylist() == expected
    assert table.column("regions").to_pylist() == [[value, value] for value in expected]
    assert "RLE_DICTIONARY" in pq.ParquetFile(path).metadata.row_group(0).column(1).encodings


def test_a_large_dictionary_does_not_make_small_row_groups(output: OutputDirectory) -> None:
    names = pa.array([f"site {n}".ljust(200) for n in range(20_000)])
    kind = pa.dictionary(pa.int32(), pa.string())
    schema = pa.schema([("body", pa.string()), ("site", kind)])
    sites = [
        pa.DictionaryArray.from_arrays(pa.array(range(at, at + 20), pa.int32()), names) for at in range(0, 800, 20)
    ]
    pieces = [pa.record_batch([["x"] * 20, site], schema) for site in sites]
    name = write_part(output, translated(unit_of(800), pieces), output_schema(schema, ("body",))).name
    parquet = pq.ParquetFile(Path(output.url, name))
    assert parquet.num_row_groups == 1
    assert parquet.read().column("site").to_pylist() == names.to_pylist()[:800]


def test_a_part_opens_in_duckdb_and_pandas_with_plain_types(output: OutputDirectory) -> None:
    path = Path(output.url, write_part(output, batches_of(10)).name)
    part = duckdb.read_parquet(str(path)).filter("id = 7")
    assert part.project("body_en, body_en_flags, body_en_total_duration_ns").fetchall() == [("Text 7", ["numbers"], 57)]
    frame = pd.read_parquet(path)
    assert frame.loc[7, "body_en"] == "Text 7"
    assert str(frame.dtypes["body_en_total_duration_ns"]) == "int64"


def test_the_footer_tells_all_and_foreign_metadata_stay(output: OutputDirectory) -> None:
    batches = batches_of(100)
    first = Path(output.url, write_part(output, batches).name)
    metadata = {**pq.read_schema(first).metadata, b"translate.of_an_older_program": b"x", b"owner": b"archive"}
    again = SCHEMA.with_metadata(metadata)
    batches = [replace(batch, unit=unit_of(100, 1)) for batch in batches]
    second = Path(output.url, write_part(output, batches, again).name)
    footer = read_footer(second)
    assert footer is not None
    assert (footer.number, footer.rows, footer.recipe, footer.statistics.rows) == (1, 100, RECIPE, 100)
    assert footer.schema.metadata is None
    assert pq.ParquetFile(second).metadata.metadata[b"owner"] == b"archive"
    content = second.read_bytes()
    assert content.count(b"translate.recipe") == content.count(b"translate.source") == 1
    assert b"older_program" not in content


def test_the_added_columns_are_all_there(output: OutputDirectory) -> None:
    table = pq.read_table(Path(output.url, write_part(output, batches_of(3)).name))
    assert table.column_names == ["id", "body", *(column_name("body", name) for name in ADDED)]

"""Parts: every row once and in order, whatever the order of batches; whole or absent, whatever fails."""

from __future__ import annotations

import datetime
import decimal
import gc
import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fsspec.registry import _registry
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.sink.file_limit import files_up_to
from tests.transforms.sink.part_batches import (
    RECIPE,
    SCHEMA,
    FaultyFileSystem,
    batches_of,
    input_rows,
    translated,
    unit_of,
    write_part,
)
from transforms.errors import RunFailed
from transforms.sink import dead_letters
from transforms.sink.columns import ADDED, column_name, output_schema
from transforms.sink.dead_letters import DeadLetter
from transforms.sink.footers import read_footer
from transforms.sink.output_directory import OutputDirectory
from transforms.sink.parts import ROW_GROUP_BYTES, PartWriter, TranslatedBatch
from transforms.sink.published import take_published
from transforms.sink.statistics import Statistics

ROOT = Path(__file__).parents[3]


@pytest.fixture
def output(tmp_path: Path) -> OutputDirectory:
    made = OutputDirectory(str(tmp_path / "out"))
    made.prepare()
    return made


def files(output: OutputDirectory) -> list[str]:
    root = Path(output.url)
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def letter(row: int, raw: bytes | None = None) -> DeadLetter:
    return DeadLetter(row, None if raw else "body", "bad_line" if raw else "loop", "why", raw=raw)


def written(writer: PartWriter, batches: list[TranslatedBatch]) -> PartWriter:
    for batch in batches:
        writer.add(batch)
    return writer


@settings(max_examples=40)
@given(data=st.data(), rows=st.integers(0, 60), batch_rows=st.integers(1, 20))
def test_any_order_of_batches_makes_the_same_part(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, rows: int, batch_rows: int
) -> None:
    output = OutputDirectory(str(tmp_path_factory.getbasetemp() / "orders"))
    output.prepare()
    batches = batches_of(rows, batch_rows)
    result = write_part(output, batches)
    path = Path(output.url, result.name)
    in_order = path.read_bytes()
    path.unlink()
    shuffled = data.draw(st.permutations(batches))
    assert write_part(output, shuffled) == result
    assert path.read_bytes() == in_order
    total = Statistics()
    for batch in batches:
        total.add(batch.statistics)
    assert result.statistics == total
    assert result.rows == total.rows == rows
    assert pq.read_table(path).column("id").to_pylist() == list(range(rows))
    assert files(output) == [result.name]


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


def test_a_run_that_has_lost_the_lock_publishes_nothing(output: OutputDirectory) -> None:
    def lost() -> None:
        raise RunFailed("another run has taken over the output")

    batches = translated(unit_of(20), [input_rows(0, 20)], {0: [letter(7)]})
    writer = written(PartWriter(output, batches[0].unit, RECIPE, SCHEMA, check_lock=lost), batches)
    with pytest.raises(RunFailed, match="another run has taken over"):
        writer.commit()
    assert files(output) == []


def test_the_footers_of_published_parts_are_remembered_for_the_launcher(output: OutputDirectory) -> None:
    batches = batches_of(20)
    result = written(PartWriter(output, batches[0].unit, RECIPE, SCHEMA, "5e" * 16), batches).commit()
    footers = take_published("5e" * 16)
    assert footers == {result.name: read_footer(Path(output.url, result.name))}


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


def test_a_unit_without_rows_is_a_part_without_rows(output: OutputDirectory) -> None:
    result = write_part(output, batches_of(0))
    assert result.rows == 0
    table = pq.read_table(Path(output.url, result.name))
    assert table.num_rows == 0
    assert table.schema.equals(SCHEMA)
    assert read_footer(Path(output.url, result.name)) is not None


@pytest.mark.parametrize("kept", [slice(0, -1), slice(1, None), slice(0, 0), slice(0, None, 2)])
def test_missing_batches_make_no_part(output: OutputDirectory, kept: slice) -> None:
    batches = batches_of(100, 20)
    writer = PartWriter(output, batches[0].unit, RECIPE, SCHEMA)
    written(writer, batches[kept])
    assert not writer.complete
    with pytest.raises(RunFailed, match=r"100 rows were planned for part-reports-.*-00000\.parquet, but \d+ were read"):
        writer.commit()
    assert files(output) == []


def test_a_unit_without_an_end_makes_no_part(output: OutputDirectory) -> None:
    batches = batches_of(100, 20)
    with pytest.raises(RunFailed, match="100 rows were planned"):
        write_part(output, [*batches[:-1], replace(batches[-1], last=False)])
    assert files(output) == []


@pytest.mark.parametrize("planned", [99, 101])
def test_other_rows_than_planned_make_no_part(output: OutputDirectory, planned: int) -> None:
    writer = PartWriter(output, unit_of(planned), RECIPE, SCHEMA)
    written(writer, batches_of(100, 20))
    assert writer.complete
    with pytest.raises(RunFailed, match=f"{planned} rows were planned for .*, but 100 were read"):
        writer.commit()
    assert files(output) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda batches: [batches[0], batches[0]], "batch 0 of .* was added twice"),
        (lambda batches: [batches[2], batches[2]], "batch 2 of .* was added twice"),
        (lambda batches: [*batches, replace(batches[-1], index=9)], "batch 9 of .* follows the last one"),
        (lambda batches: [replace(batches[0], index=9), *batches], "has batches after the last"),
        (lambda batches: [replace(batches[0], statistics=Statistics(19))], "has 20 rows, its statistics have 19"),
    ],
)
def test_batches_that_contradict_each_other_are_an_error(output: OutputDirectory, change: Any, said: str) -> None:
    batches = batches_of(100, 20)
    writer = PartWriter(output, batches[0].unit, RECIPE, SCHEMA)
    with pytest.raises(ValueError, match=said):
        written(writer, change(batches))
    writer.discard()
    assert files(output) == []


def test_dead_letters_come_with_the_part_and_are_stale_after_a_part_without_them(
    output: OutputDirectory,
) -> None:
    unit = unit_of(60)
    pieces = [input_rows(start, 20) for start in (0, 20, 40)]
    batches = translated(unit, pieces, {2: [letter(50), letter(41, b"{bad")], 0: [letter(7)]})
    result = write_part(output, [batches[number] for number in (2, 0, 1)])
    name = f"_dead_letter/{result.name.removesuffix('.parquet')}.jsonl"
    assert files(output) == [name, result.name]
    lines = [json.loads(line) for line in Path(output.url, name).read_text().splitlines()]
    assert [(line["row"], line.get("raw")) for line in lines] == [(7, None), (41, "{bad"), (50, None)]
    footer = read_footer(Path(output.url, result.name))
    assert footer is not None
    assert footer.dead_letters == 3
    found = output.names_in("_dead_letter")
    assert dead_letters.stale_files(found, {result.name: footer.dead_letters}) == []
    write_part(output, translated(unit, pieces))
    again = read_footer(Path(output.url, result.name))
    assert again is not None
    assert dead_letters.stale_files(found, {result.name: again.dead_letters}) == [name]


def test_a_part_is_not_published_without_its_dead_letters(output: OutputDirectory) -> None:
    Path(output.url, "_dead_letter").write_text("a file in the way")
    batches = translated(unit_of(20), [input_rows(0, 20)], {0: [letter(7)]})
    with pytest.raises(RunFailed, match=r"cannot write .*_dead_letter/part-"):
        write_part(output, batches)
    assert files(output) == ["_dead_letter"]


def test_discarding_leaves_nothing_also_while_a_file_is_open(
    output: OutputDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transforms.sink.parts.ROW_GROUP_ROWS", 40)
    batches = translated(unit_of(100), [input_rows(start, 20) for start in range(0, 100, 20)], {0: [letter(7)]})
    writer = written(PartWriter(output, batches[0].unit, RECIPE, SCHEMA), batches[:3])
    assert len(files(output)) == 2
    writer.discard()
    assert files(output) == []
    writer.discard()


def test_no_file_is_open_before_a_row_group_is_full(output: OutputDirectory) -> None:
    def open_files() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    before = open_files()
    writers = []
    for number in range(20):
        batches = batches_of(1000, 50, number)
        writers.append(written(PartWriter(output, batches[0].unit, RECIPE, SCHEMA), batches))
    assert open_files() == before
    for writer in writers:
        writer.commit()
    assert open_files() == before
    assert len(output.existing_parts()) == 20


@pytest.mark.parametrize("first", [0, 1])
def test_small_slices_do_not_keep_large_batches_in_memory(output: OutputDirectory, first: int) -> None:
    """Neither in order, nor while the first one is awaited."""
    unit = unit_of(64 * 31)
    writer = PartWriter(output, unit, RECIPE, SCHEMA)
    before = pa.total_allocated_bytes()
    for index in range(first, 31):
        large = input_rows(64 * index, 6400, 300)  # 2 MB
        (batch,) = translated(unit, [large.slice(0, 64)])
        writer.add(replace(batch, index=index, last=index == 30))
        del large, batch
    assert writer.complete == (first == 0)
    assert pa.total_allocated_bytes() - before < 10_000_000
    writer.discard()


def test_memory_is_bounded_by_the_row_group_and_not_by_the_part(output: OutputDirectory) -> None:
    rows = 200
    unit = unit_of(rows)
    writer = PartWriter(output, unit, RECIPE, SCHEMA)
    before = pa.total_allocated_bytes()
    most = 0
    for number in range(rows):
        (batch,) = translated(unit, [input_rows(number, 1, 1_000_000)])
        writer.add(replace(batch, index=number, last=number == rows - 1))
        del batch
        most = max(most, pa.total_allocated_bytes() - before)
    writer.commit()
    assert most < 3 * ROW_GROUP_BYTES


HALF_WRITTEN = """
import signal
from tests.transforms.sink.part_batches import RECIPE, SCHEMA, batches_of
from transforms.sink.output_directory import OutputDirectory
from transforms.sink.parts import PartWriter

output = OutputDirectory({url!r})
output.prepare()
batches = batches_of(300, 10, characters=100)
import transforms.sink.parts
transforms.sink.parts.ROW_GROUP_ROWS = 100
writer = PartWriter(output, batches[0].unit, RECIPE, SCHEMA)
for batch in batches[:-1]:
    writer.add(batch)
print("half", flush=True)
signal.pause()
"""


@pytest.mark.parametrize("limit", [0, 4000, 9000])
def test_a_full_disk_leaves_no_part_and_nothing_half_written(
    output: OutputDirectory, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit strikes in the first row group, in a later one, or in the footer."""
    monkeypatch.setattr("transforms.sink.parts.ROW_GROUP_ROWS", 100)
    batches = batches_of(300, 10, characters=100)
    writer = PartWriter(output, batches[0].unit, RECIPE, SCHEMA)
    with files_up_to(limit):
        with pytest.raises(RunFailed, match=r"cannot write .*File too large"):
            written(writer, batches).commit()
        writer.discard()
        assert files(output) == []
        del writer
        gc.collect()  # an error while it is deleted would be a warning now, and so an error


def test_a_process_killed_while_writing_leaves_no_part_and_the_next_run_cleans_up(output: OutputDirectory) -> None:
    command = [sys.executable, "-c", HALF_WRITTEN.format(url=output.url)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"half\n"
        (left,) = files(output)
        assert Path(output.url, left).stat().st_size > 1000
        OutputDirectory(output.url).prepare()
        assert files(output) == [left], "the file of a living process was removed"
        os.kill(process.pid, signal.SIGKILL)
    assert files(output) == [left]
    assert left.startswith("_state/")
    assert output.existing_parts() == {}
    OutputDirectory(output.url).prepare()
    assert files(output) == []


@pytest.fixture
def faulty(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[OutputDirectory]:
    monkeypatch.setitem(_registry, "faulty", FaultyFileSystem)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    output = OutputDirectory("faulty://out/english")
    output.prepare()
    yield output
    FaultyFileSystem.store.clear()
    FaultyFileSystem.pseudo_dirs[:] = [""]


def test_a_failed_upload_leaves_no_part_and_the_next_try_makes_it(
    faulty: OutputDirectory, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    batches = translated(unit_of(20), [input_rows(0, 20)], {0: [letter(7)]})
    with monkeypatch.context() as fault:
        fault.setattr(FaultyFileSystem, "fail_put", OSError("connection lost"))
        with pytest.raises(RunFailed, match=r"cannot write faulty://out/english/.*: connection lost"):
            write_part(faulty, batches)
    assert faulty.existing_parts() == {}
    assert [path for path in FaultyFileSystem.store if "part" in path] == []
    assert not list(tmp_path.iterdir())
    result = write_part(faulty, batches)
    footer = faulty.existing_parts()[result.name]
    assert footer is not None
    assert footer.rows == 20
    assert not list(tmp_path.iterdir())


def test_the_added_columns_are_all_there(output: OutputDirectory) -> None:
    table = pq.read_table(Path(output.url, write_part(output, batches_of(3)).name))
    assert table.column_names == ["id", "body", *(column_name("body", name) for name in ADDED)]

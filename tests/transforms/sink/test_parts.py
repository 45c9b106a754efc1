"""Parts: every row once and in order, whatever the order of batches; incomplete ones are refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.sink.part_batches import (
    RECIPE,
    SCHEMA,
    batches_of,
    files,
    input_rows,
    letter,
    translated,
    unit_of,
    write_part,
    written,
)
from transforms.errors import RunFailed
from transforms.sink import dead_letters
from transforms.sink.footers import read_footer
from transforms.sink.output_directory import OutputDirectory
from transforms.sink.parts import ROW_GROUP_BYTES, PartWriter
from transforms.sink.published import take_published
from transforms.sink.statistics import Statistics


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


def test_the_footers_of_published_parts_are_remembered_for_the_launcher(output: OutputDirectory) -> None:
    batches = batches_of(20)
    result = written(PartWriter(output, batches[0].unit, RECIPE, SCHEMA, "5e" * 16), batches).commit()
    footers = take_published("5e" * 16)
    assert footers == {result.name: read_footer(Path(output.url, result.name))}


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

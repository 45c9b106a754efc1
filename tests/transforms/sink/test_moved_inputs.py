"""Moved inputs: no row stands twice, and no translation of a deleted or copied file is lost."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from tests.transforms.sink.part_batches import RECIPE, SCHEMA, input_rows, translated, write_part
from transforms.errors import RunFailed
from transforms.sink.footers import PartFooter, read_footer
from transforms.sink.moved_inputs import MovedParts, find_moved, is_gone, replaced_parts, rows_digest
from transforms.sink.output_directory import OutputDirectory
from transforms.sink.statistics import Statistics
from transforms.source.work_units import SourceFile, WorkUnit


def unit_of(path: Path, fingerprint: str = "same", rows: int = 10, number: int = 0) -> WorkUnit:
    source = SourceFile(str(path), "parquet", None, 1000, fingerprint)
    return WorkUnit(source, number, number * rows, (number + 1) * rows, rows)


def write(output: OutputDirectory, unit: WorkUnit, first: int = 0, batches: Sequence[int] = ()) -> PartFooter:
    """Write the part of a unit, with rows from ``first``."""
    sizes = batches or [unit.rows]
    pieces = []
    for size in sizes:
        pieces.append(input_rows(first, size))
        first += size
    write_part(output, translated(unit, pieces), SCHEMA)
    footer = read_footer(Path(output.url, unit.part_name))
    assert footer is not None
    return footer


def footers(*units: WorkUnit) -> dict[str, PartFooter | None]:
    return {unit.part_name: PartFooter.of(unit, RECIPE, Statistics(unit.rows), 0, SCHEMA) for unit in units}


def test_a_file_is_moved_if_it_is_gone_and_has_a_counterpart(tmp_path: Path) -> None:
    old, new, there = tmp_path / "old.parquet", tmp_path / "new.parquet", tmp_path / "there.parquet"
    there.touch()
    parts = {**footers(unit_of(old), unit_of(old, number=1), unit_of(there)), "part-broken": None}
    planned = [unit_of(new), unit_of(new, number=1)]
    moved = find_moved(parts, planned, planned)
    assert moved == MovedParts({unit_of(old, number=n).part_name: unit_of(new, number=n).part_name for n in (0, 1)}, ())
    assert find_moved(footers(unit_of(new)), planned, planned) == MovedParts({}, ()), "it is planned"
    other = footers(unit_of(old, "other"), unit_of(old, "other", 7, 1))
    assert find_moved(other, planned, planned) == MovedParts({}, (unit_of(old).part_name,)), "7 rows are not planned"
    assert find_moved(other, planned, []) == MovedParts({}, ()), "nothing new was written"
    assert find_moved(footers(unit_of(old, rows=0)), [unit_of(new, rows=0)], []) == MovedParts({}, ())


def test_only_a_place_that_answers_says_that_a_file_is_gone(tmp_path: Path) -> None:
    (tmp_path / "there").touch()
    assert is_gone(str(tmp_path / "gone"))
    assert is_gone("memory://bucket/gone")
    assert not is_gone(str(tmp_path / "there"))
    assert not is_gone("nosuch://bucket/gone")
    assert not is_gone(f"{tmp_path}/{'x' * 300}"), "its name is too long to tell"
    assert not is_gone("http://127.0.0.1:1/gone")


def test_a_part_is_replaced_only_by_one_with_the_same_rows(tmp_path: Path, output: OutputDirectory) -> None:
    old, new = unit_of(tmp_path / "old.parquet"), unit_of(tmp_path / "new.parquet")
    before, planned = {old.part_name: write(output, old)}, {new.part_name: write(output, new, batches=[3, 7])}
    moved = MovedParts({old.part_name: new.part_name}, ())
    assert replaced_parts(output, moved, before, planned, planned) == [old.part_name]
    assert replaced_parts(output, moved, before, {}, {}) == [], "the new part is not there yet"
    changed = {new.part_name: write(output, new, first=1)}
    assert replaced_parts(output, moved, before, changed, changed) == []


def test_a_copy_replaces_as_many_parts_as_it_has_rows_for(tmp_path: Path, output: OutputDirectory) -> None:
    old = [unit_of(tmp_path / f"old{number}.parquet", "old") for number in range(3)]
    new = [unit_of(tmp_path / f"new{number}.parquet", "new") for number in range(2)]
    before = {unit.part_name: write(output, unit) for unit in old}
    written = {new[0].part_name: write(output, new[0]), new[1].part_name: write(output, new[1], first=100)}
    moved = MovedParts({}, tuple(before))
    assert replaced_parts(output, moved, before, written, written) == [old[0].part_name]
    assert replaced_parts(output, moved, before, written, {}) == []
    taken = MovedParts({old[0].part_name: new[0].part_name}, (old[1].part_name, old[2].part_name))
    assert replaced_parts(output, taken, before, written, written) == [old[0].part_name]


def test_the_digest_depends_on_the_inputs_rows_only(tmp_path: Path, output: OutputDirectory) -> None:
    one, two = unit_of(tmp_path / "a.parquet"), unit_of(tmp_path / "b.parquet", "other", number=3)
    first, second = write(output, one, batches=[10]), write(output, two, batches=[1, 9])
    digest = rows_digest(output, one.part_name, first)
    assert digest == rows_digest(output, two.part_name, second)
    assert digest != rows_digest(output, two.part_name, write(output, two, first=1))
    assert rows_digest(output, one.part_name, first, rows=5) is not None
    Path(output.url, one.part_name).write_bytes(b"PAR1")
    with pytest.raises(RunFailed, match="cannot read"):
        rows_digest(output, one.part_name, first)


def test_the_digest_takes_all_kinds_of_values(tmp_path: Path, output: OutputDirectory) -> None:
    values = pa.table({"id": [1, 2], "body": ["a", None]}).to_batches()[0]
    unit = replace(unit_of(tmp_path / "a.parquet"), stop=2, rows=2)
    write_part(output, translated(unit, [values]), SCHEMA)
    name = unit.part_name
    footer = read_footer(Path(output.url, name))
    shutil.copy(f"{output.url}/{name}", f"{output.url}/copy")
    assert rows_digest(output, name, footer) == rows_digest(output, "copy", footer)

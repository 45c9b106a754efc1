"""What is left of a plan, what is obsolete, and what is refused."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.plan import RunPlan
from pipeline.resume import compare
from tests.transforms.sink.part_batches import INPUT, RECIPE, SCHEMA
from transforms.errors import UsageError
from transforms.sink.footers import PartFooter
from transforms.sink.output_directory import OutputDirectory
from transforms.sink.recipe import Recipe
from transforms.sink.statistics import Statistics
from transforms.source.work_units import SourceFile, WorkUnit

OTHER = replace(RECIPE, model="llama3")


@pytest.fixture
def source(tmp_path: Path) -> SourceFile:
    path = tmp_path / "in" / "reports.parquet"
    path.parent.mkdir()
    path.touch()
    return SourceFile(str(path), "parquet", None, 1000, "size=1000 mtime_ns=7")


@pytest.fixture
def plan(source: SourceFile, tmp_path: Path) -> RunPlan:
    """Two units of ten rows."""
    groups = tuple((WorkUnit(source, number, number * 10, number * 10 + 10, 10),) for number in (0, 1))
    schemas = {source.url: INPUT}
    return RunPlan(
        groups,
        ("body",),
        schemas,
        (str(tmp_path / "in"),),
        {source.url: SCHEMA},
        OutputDirectory(str(tmp_path / "out")),
    )


def footer(unit: WorkUnit, recipe: Recipe = RECIPE, failed: int = 0, run_id: str = "before") -> PartFooter:
    statistics = Statistics(unit.rows, Counter(ok=unit.rows - failed, failed=failed))
    return PartFooter.of(unit, recipe, statistics, 0, SCHEMA, run_id)


def elsewhere(plan: RunPlan, path: str, number: int = 0) -> WorkUnit:
    unit = plan.units[number]
    return replace(unit, source=replace(unit.source, url=path, fingerprint="size=5 mtime_ns=5"))


def test_complete_parts_are_not_left(plan: RunPlan) -> None:
    first, second = plan.units
    resumption = compare(plan, RECIPE, {first.part_name: footer(first), second.part_name: None}, overwrite=False)
    assert resumption.left == (second,)
    assert (resumption.obsolete, resumption.removed, resumption.retried) == ((), (), frozenset())


def test_a_part_is_new_by_its_run_and_not_by_its_content(plan: RunPlan) -> None:
    first, second = plan.units
    resumption = compare(plan, RECIPE, {first.part_name: footer(first)}, overwrite=True)
    assert not resumption.is_new(first.part_name, footer(first))
    assert resumption.is_new(first.part_name, footer(first, run_id="now"))
    assert resumption.is_new(second.part_name, footer(second))


def test_failed_rows_are_left_if_they_are_retried(plan: RunPlan) -> None:
    first, second = plan.units
    parts = {first.part_name: footer(first, failed=1), second.part_name: footer(second)}
    assert compare(plan, RECIPE, parts, overwrite=False).left == ()
    resumption = compare(plan, RECIPE, parts, overwrite=False, retry_failed=True)
    assert resumption.left == (first,)
    assert resumption.retried == {first.part_name}


def test_parts_of_other_slices_and_of_deleted_files_are_obsolete(plan: RunPlan, tmp_path: Path) -> None:
    first, second = plan.units
    slice_ = replace(second, number=7)
    deleted = elsewhere(plan, str(tmp_path / "in" / "deleted.parquet"))
    named = elsewhere(plan, str(tmp_path / "deleted, but named by itself.parquet"))
    parts = {unit.part_name: footer(unit) for unit in (first, slice_, deleted, named)}
    resumption = compare(plan, RECIPE, parts, overwrite=False)
    assert set(resumption.obsolete) == {slice_.part_name, deleted.part_name}
    assert resumption.removed == (deleted.source.url,)
    assert set(compare(plan, RECIPE, parts, overwrite=True).obsolete) == {*resumption.obsolete, first.part_name}


def test_another_recipe_is_refused_and_never_blocks_for_ever(plan: RunPlan, tmp_path: Path) -> None:
    first, _ = plan.units
    there = tmp_path / "there.parquet"
    there.touch()
    gone, present = elsewhere(plan, str(tmp_path / "gone.parquet")), elsewhere(plan, str(there))
    liar = elsewhere(plan, "nosuch://bucket/reports.parquet")
    for unit in (first, gone, present, liar):
        with pytest.raises(UsageError, match="made with other settings: model: mistral now, llama3 before") as caught:
            compare(plan, RECIPE, {unit.part_name: footer(unit, OTHER)}, overwrite=False)
        assert ("name these inputs, too" in str(caught.value)) == (unit is not first)
    parts = {unit.part_name: footer(unit, OTHER) for unit in (first, gone, present)}
    assert set(compare(plan, RECIPE, parts, overwrite=True).obsolete) == {first.part_name, gone.part_name}
    kept = {gone.part_name: footer(gone)}
    assert compare(plan, RECIPE, kept, overwrite=True).obsolete == (), "it has the same recipe"


def test_a_limit_that_would_discard_rows_is_refused(plan: RunPlan) -> None:
    first, second = plan.units
    parts = {unit.part_name: footer(unit) for unit in (first, second)}
    limited = replace(plan, groups=((first,),))
    with pytest.raises(UsageError, match="holds 20 translated rows of this input, of which --limit would keep 10"):
        compare(limited, RECIPE, parts, overwrite=False, limited=True)
    assert compare(limited, RECIPE, parts, overwrite=True, limited=True).left == (first,)
    assert compare(plan, RECIPE, parts, overwrite=False, limited=True).left == ()

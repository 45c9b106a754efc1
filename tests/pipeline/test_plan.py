from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.options.run import RunOptions
from pipeline.plan import RunPlan, make_plan
from transforms.errors import UsageError


def planned(tmp_path: Path, **more: object) -> RunPlan:
    return make_plan(RunOptions(input=(str(tmp_path / "in"),), output=str(tmp_path / "out"), unit_rows=10, **more))  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def _files(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    pq.write_table(pa.table({"id": range(30), "text": ["Bonjour."] * 30}), tmp_path / "in" / "a.parquet")
    (tmp_path / "in" / "b.jsonl").write_text('{"id": 1, "text": "Merci."}\n' * 5)


def test_all_files_are_cut_into_units_with_schemas_in_and_out(tmp_path: Path) -> None:
    plan = planned(tmp_path)
    assert (plan.rows, [unit.rows for unit in plan.units], plan.text_columns) == (35, [10, 10, 10, 5], ("text",))
    assert set(plan.schemas) == set(plan.output_schemas) == {unit.source.url for unit in plan.units}
    assert all("text_en" in schema.names for schema in plan.output_schemas.values())


@pytest.mark.parametrize(("limit", "rows"), [(7, [7]), (10, [10]), (31, [10, 10, 10, 1]), (100, [10, 10, 10, 5])])
def test_a_limit_keeps_the_first_rows(tmp_path: Path, limit: int, rows: list[int]) -> None:
    plan = planned(tmp_path, limit=limit)
    assert [unit.rows for unit in plan.units] == rows
    last = plan.units[-1]
    if last.source.format == "parquet":
        assert last.stop - last.start == last.rows


def test_mistakes_are_found_before_the_output_is_made(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="corps"):
        planned(tmp_path, text_column=("corps",))
    assert not (tmp_path / "out").exists()

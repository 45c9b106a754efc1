"""Planning over all input files: units, one schema for JSON lines, text columns, and what is said of differences."""

from __future__ import annotations

import gzip
import json
import logging
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from transforms.errors import UsageError
from transforms.source.discovery import list_sources
from transforms.source.plan import InputPlan, plan_inputs
from transforms.source.schema_option import parse_schema
from transforms.source.unit_reader import read_group


def jsonl(path: Path, *rows: Any) -> Path:
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path


def parquet(path: Path, columns: dict[str, Any], rows_per_group: int = 1000) -> Path:
    pq.write_table(pa.table(columns), path, row_group_size=rows_per_group)
    return path


def planned(*inputs: Path, unit_rows: int = 10, text: Sequence[str] = (), schema: str = "") -> InputPlan:
    sources = list_sources([str(path) for path in inputs])
    return plan_inputs(sources, unit_rows, text, parse_schema(schema) if schema else None)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The warnings logged so far."""
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def test_a_plan_of_several_kinds_of_files(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows = [{"id": number, "text": "Bonjour"} for number in range(25)]
    jsonl(tmp_path / "b.jsonl", *rows)
    (tmp_path / "c.jsonl.gz").write_bytes(gzip.compress((tmp_path / "b.jsonl").read_bytes()))
    parquet(tmp_path / "a.parquet", {"id": range(40), "text": ["Bonjour"] * 40}, 20)
    found = planned(tmp_path)
    names = [(unit.source.stem, unit.number, unit.rows) for unit in found.units]
    assert names == [
        *[("a", number, 10) for number in range(4)],
        ("b", 0, 10),
        ("b", 1, 10),
        ("b", 2, 5),
        ("c", 0, 25),
    ]
    assert [len(group) for group in found.groups] == [2, 2, 1, 1, 1, 1]
    assert found.rows == 90
    assert found.text_columns == ("text",)
    assert list(found.schemas) == [str(tmp_path / name) for name in ("a.parquet", "b.jsonl", "c.jsonl.gz")]
    assert warnings(caplog) == []
    assert len({unit.part_name for unit in found.units}) == 8


@pytest.mark.parametrize("letter", ["a", "é", "😀"])
def test_the_part_of_a_file_with_the_longest_name_can_be_made(letter: str, tmp_path: Path) -> None:
    name = letter * (247 // len(letter.encode()))
    parquet(tmp_path / f"{name}.parquet", {"text": ["Bonjour"] * 25}, 20)
    found = planned(tmp_path)
    for unit in found.units:
        assert unit.part_name.startswith(f"part-{letter * 50}")
        (tmp_path / unit.part_name).touch()


def test_the_same_files_give_the_same_plan(tmp_path: Path) -> None:
    jsonl(tmp_path / "b.jsonl", *[{"text": "x", "n": number} for number in range(25)])
    parquet(tmp_path / "a.parquet", {"text": ["Bonjour"] * 40, "n": [1] * 40}, 20)
    assert planned(tmp_path) == planned(tmp_path / "b.jsonl", tmp_path / "a.parquet", tmp_path / "b.jsonl")


def test_all_json_lines_files_have_one_schema(tmp_path: Path) -> None:
    jsonl(tmp_path / "a.jsonl", {"text": None, "n": 1, "site": {"floor": 1}})
    jsonl(tmp_path / "b.jsonl", {"text": "x", "n": 0.5, "site": {"name": "x"}, "more": True})
    found = planned(tmp_path)
    site = pa.struct([("floor", pa.int64()), ("name", pa.string())])
    schema = pa.schema({"text": pa.string(), "n": pa.float64(), "site": site, "more": pa.bool_()})
    assert list(found.schemas.values()) == [schema, schema]
    assert len(pickle.dumps(found.schemas)) < 2 * len(pickle.dumps(schema))


def test_conflicts_and_bad_lines_are_warned_of_in_a_line_each(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = jsonl(
        tmp_path / "a.jsonl", {"text": "SECRET", "id": 1}, {"text": "SECRET", "id": 2}, {"id": "SECRET"}, "SECRET"
    )
    planned(path)
    said = warnings(caplog)
    assert len(said) == 2
    assert said[0] == (
        f"{path}: 1 of 4 lines are not JSON objects; their rows will be marked failed "
        "(the first is row 4: line is not JSON: Expecting value at character 1)"
    )
    assert said[1].startswith("column id has values of several kinds (2 integer, 1 string)")
    assert "SECRET" not in "".join(said)


def test_given_types_override_and_settle_conflicts(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = jsonl(tmp_path / "a.jsonl", {"text": "x", "code": 1}, {"text": "x", "code": "b"})
    [schema] = planned(path, schema="code:string,cod:int8").schemas.values()
    assert schema.equals(pa.schema({"text": pa.string(), "code": pa.string(), "cod": pa.int8()}))
    [warning] = warnings(caplog)
    assert warning == ("--schema names column cod, which no row has: it will be null; did you mean code?")


def test_a_schema_without_json_lines_is_said_to_have_no_effect(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    planned(parquet(tmp_path / "a.parquet", {"text": ["x"]}), schema="code:string")
    assert "no effect" in warnings(caplog)[0]


def test_parquet_files_that_differ_keep_their_schemas_and_are_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("a", "b", "c"):
        parquet(tmp_path / f"{name}.parquet", {"text": ["x"], "id": pa.array([1], pa.int64())})
    parquet(tmp_path / "d.parquet", {"text": ["x"], "id": pa.array([1], pa.int8()), "day": ["x"]})
    found = planned(tmp_path)
    assert found.schemas[str(tmp_path / "d.parquet")].field("id").type == pa.int8()
    [warning] = warnings(caplog)
    a, d = tmp_path / "a.parquet", tmp_path / "d.parquet"
    assert warning == (
        "input files differ, and so will their parts: "
        f"column id is int64 in {a} and 2 more, int8 in {d}; column day is string in {d}, missing in {a} and 2 more"
    )


def test_a_text_column_missing_in_one_file_is_refused_with_the_file(tmp_path: Path) -> None:
    parquet(tmp_path / "a.parquet", {"text": ["x"], "body": ["x"]})
    parquet(tmp_path / "b.parquet", {"body": ["x"]})
    with pytest.raises(UsageError, match=r"b\.parquet has no column text: its text columns are body"):
        planned(tmp_path)
    assert planned(tmp_path, text=["body"]).text_columns == ("body",)
    jsonl(tmp_path / "c.jsonl", {"body": 1})
    with pytest.raises(UsageError, match=r"column body of .*c\.jsonl is int64, not text"):
        planned(tmp_path, text=["body"])


def test_files_without_rows_are_no_mistake(tmp_path: Path) -> None:
    jsonl(tmp_path / "a.jsonl")
    parquet(tmp_path / "b.parquet", {"text": pa.array([], pa.string()), "id": pa.array([], pa.int64())})
    found = planned(tmp_path)
    assert [unit.rows for unit in found.units] == [0, 0]
    assert found.schemas[str(tmp_path / "a.jsonl")] == pa.schema({"text": pa.string()})
    assert planned(tmp_path / "a.jsonl", text=["body", "title"]).text_columns == ("body", "title")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('[{"text": "x"}, {"text": "y"}]', r"no line of .*a\.json is a JSON object"),
        ('[\n{"text": "x"},\n{"text": "y"}\n]\n', r"a\.json is a JSON array over several lines.*jq -c '\.\[\]'"),
        ('[{"text": "x"},\n{"text": "y"}]', r"a\.json is a JSON array over several lines"),
        ('{\n  "text": "x"\n}', r"a\.json is JSON with objects over several lines.*jq -c \."),
    ],
)
def test_json_that_is_not_lines_is_refused_with_the_remedy(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(content)
    with pytest.raises(UsageError, match=rf"{said}.*"):
        planned(path)


def test_a_file_that_cannot_be_read_is_refused_by_name(tmp_path: Path) -> None:
    good = jsonl(tmp_path / "a.jsonl", {"text": "x"})
    (tmp_path / "b.jsonl.gz").write_bytes(b"not gzip")
    (tmp_path / "c.parquet").write_bytes(b"not Parquet")
    with pytest.raises(UsageError, match=r"cannot read .*b\.jsonl\.gz"):
        planned(good, tmp_path / "b.jsonl.gz")
    with pytest.raises(UsageError, match=r"cannot read .*c\.parquet"):
        planned(good, tmp_path / "c.parquet")


def test_the_text_column_is_found_whatever_file_comes_first(tmp_path: Path) -> None:
    parquet(tmp_path / "a.parquet", {"body": pa.nulls(2), "id": [1, 2]})
    parquet(tmp_path / "b.parquet", {"body": ["x", "y"], "id": [1, 2]})
    found = planned(tmp_path)
    assert found.text_columns == ("body",)
    assert found.schemas[str(tmp_path / "a.parquet")].field("body").type == pa.null()


def test_folder_names_are_columns_unless_the_files_have_them(tmp_path: Path) -> None:
    for month, columns in (("01", {"text": ["x"]}), ("02", {"text": ["x"], "year": ["MMXXIV"]})):
        folder = tmp_path / "year=2024" / f"month={month}"
        folder.mkdir(parents=True)
        parquet(folder / "part-0.parquet", columns)
        jsonl(folder / "more.jsonl", {"text": "x"})
    found = planned(tmp_path)
    first, second = (found.schemas[str(tmp_path / f"year=2024/month={month}/part-0.parquet")] for month in ("01", "02"))
    assert first.equals(pa.schema({"text": pa.string(), "year": pa.int64(), "month": pa.string()}))
    assert second.equals(pa.schema({"text": pa.string(), "year": pa.string(), "month": pa.string()}))
    names = [unit.part_name.rpartition("-")[0].rpartition("-")[0] for unit in found.units]
    assert names == [f"part-year=2024-month={month}-{stem}" for month in ("01", "02") for stem in ("more", "part-0")]
    values = [
        batch.records.to_pylist()
        for group in found.groups
        for batch in read_group(group, found.schemas[group[0].source.url], 9)
    ]
    assert values == [
        [{"text": "x", "year": 2024, "month": "01"}],
        [{"text": "x", "year": 2024, "month": "01"}],
        [{"text": "x", "year": 2024, "month": "02"}],
        [{"text": "x", "year": "MMXXIV", "month": "02"}],
    ]


def test_types_that_arrow_cannot_keep_are_warned_of_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("a", "b"):
        duckdb.sql(
            "COPY (SELECT 'x' AS text, INTERVAL 3 MONTH AS wait, TIMETZ '10:00:00+02' AS at, "
            f"{{'i': INTERVAL 1 DAY}} AS s) TO '{tmp_path}/{name}.parquet'"
        )
    planned(tmp_path)
    a = tmp_path / "a.parquet"
    assert warnings(caplog) == [
        f"{a}: column wait is INTERVAL and becomes bytes of fixed length 12",
        f"{a}: column at is TIME with a time zone and becomes TIME",
        f"{a}: column s.i is INTERVAL and becomes bytes of fixed length 12",
    ]


def test_files_in_memory_are_planned() -> None:
    fs = fsspec.filesystem("memory")
    fs.pipe("/plan/a.jsonl", b'{"text": "x"}\n' * 25)
    try:
        found = plan_inputs(list_sources(["memory://plan"]), 10)
    finally:
        fs.rm("/plan", recursive=True)
    assert [unit.rows for unit in found.units] == [10, 10, 5]

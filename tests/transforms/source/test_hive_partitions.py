"""Columns in folder names."""

from __future__ import annotations

import pyarrow as pa
import pytest

from transforms.source.hive_partitions import (
    add_partition_columns,
    add_partition_fields,
    file_schema,
    partition_types,
    partitions_of,
)
from transforms.source.work_units import SourceFile


def source(*partitions: tuple[str, str | None]) -> SourceFile:
    return SourceFile("/x.parquet", "parquet", None, 1, "", partitions)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/in/a.parquet", ()),
        ("/in/year=2024/month=01/a.parquet", (("year", "2024"), ("month", "01"))),
        ("/x=1/in/day=3/a=b.parquet", (("day", "3"),)),
        ("/city=Besan%C3%A7on%2FDoubs/a.parquet", (("city", "Besançon/Doubs"),)),
        ("/k=__HIVE_DEFAULT_PARTITION__/v=/a.parquet", (("k", None), ("v", None))),
        ("/a=b=c/a.parquet", (("a", "b=c"),)),
        ("/=x/a.parquet", ()),
        ("/k=1/k=2/a.parquet", (("k", "2"),)),
    ],
)
def test_the_folders_directly_above_a_file_are_its_partitions(
    path: str, found: tuple[tuple[str, str | None], ...]
) -> None:
    assert partitions_of(path) == found


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "-20", "0", None], pa.int64()),
        (["01", "2"], pa.string()),
        (["9" * 18], pa.int64()),
        (["9" * 19], pa.string()),
        (["-0"], pa.string()),
        ([None], pa.string()),
        (["2024-01-01"], pa.string()),
    ],
)
def test_a_partition_is_a_number_only_if_the_number_has_the_same_text(
    values: list[str | None], kind: pa.DataType
) -> None:
    assert partition_types([source(("k", value)) for value in values]) == {"k": kind}


def test_partition_columns_come_last_and_those_of_the_file_win() -> None:
    types = {"year": pa.int64(), "text": pa.string()}
    each = source(("year", "2024"), ("text", "folder"))
    own = pa.schema({"text": pa.string()}, {"origin": "here"})
    schema = add_partition_fields(own, each, types)
    assert schema.names == ["text", "year"]
    assert file_schema(schema).equals(own)
    records = pa.RecordBatch.from_pylist([{"text": "x"}, {"text": None}], own)
    whole = add_partition_columns(records, each, schema)
    assert whole.schema.equals(schema, check_metadata=True)
    assert whole.to_pylist() == [{"text": "x", "year": 2024}, {"text": None, "year": 2024}]
    assert add_partition_columns(records, source(), own) is records
    nothing = add_partition_columns(records.slice(0, 0), source(("year", None)), add_partition_fields(own, each, types))
    assert nothing.num_rows == 0

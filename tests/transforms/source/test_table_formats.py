"""Folders that a table format manages are refused by its name."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from transforms.errors import UsageError
from transforms.source.discovery import list_sources
from transforms.source.table_formats import managed_tables

TABLES = {
    "Delta Lake": "_delta_log/00000000000000000000.json",
    "Iceberg": "metadata/v1.metadata.json",
    "Hudi": ".hoodie/hoodie.properties",
}


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("given", ["table", "table/data", "table/*.parquet", "table/**/*.parquet", ".", "t*", "table/"])
def test_a_managed_table_is_refused_however_it_is_reached(tmp_path: Path, kind: str, given: str) -> None:
    table = tmp_path / "table"
    for name in ("a.parquet", "data/b.parquet"):
        (table / name).parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table({"text": ["x"]}), table / name)
    (table / TABLES[kind]).parent.mkdir(parents=True)
    (table / TABLES[kind]).write_text("{}")
    with pytest.raises(UsageError, match=rf"{table} is a {kind} table, .* name the files"):
        list_sources([str(tmp_path / given)])
    assert len(list_sources([str(table / "a.parquet"), str(table / "data/b.parquet")])) == 2


def test_names_that_only_resemble_those_of_a_table_format_are_nothing_special() -> None:
    assert managed_tables(["/in/metadata/a.jsonl", "/in/delta_log/x.json", "/metadata.json"]) == {}

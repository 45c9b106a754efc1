"""Columns that stand in folder names, as Hive and Spark write them: ``year=2024/month=01/part-0.parquet``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote

import pyarrow as pa

from transforms.source.work_units import SourceFile

NULL_NAME = "__HIVE_DEFAULT_PARTITION__"
_KEY = b"translate.partition_columns"
"""In a schema's metadata: its partition columns, a JSON list of names."""

_INTEGER = re.compile(r"0|-?[1-9]\d{0,17}")


def partitions_of(path: str) -> tuple[tuple[str, str | None], ...]:
    """Return the name and value of each ``name=value`` folder directly above a file, outermost first.

    Names and values are percent-decoded. The value of ``__HIVE_DEFAULT_PARTITION__`` is null.

    >>> partitions_of("/reports/year=2024/month=01/part-0.parquet")
    (('year', '2024'), ('month', '01'))
    """
    found: dict[str, str | None] = {}
    for folder in reversed(path.split("/")[:-1]):
        name, equals, value = folder.partition("=")
        if not equals or not name or unquote(name) in found:
            break
        found[unquote(name)] = None if value in (NULL_NAME, "") else unquote(value)
    return tuple(reversed(found.items()))


def partition_types(sources: Iterable[SourceFile]) -> dict[str, pa.DataType]:
    """Return the type of each partition column: int64 if an integer of all its values gives the same text, else string.

    So ``year=2024`` is a number, while the zero of ``month=01`` is kept. A column has one type for all files.
    """
    values: dict[str, set[str | None]] = {}
    for source in sources:
        for name, value in source.partitions:
            values.setdefault(name, set()).add(value)
    return {name: pa.int64() if _are_integers(known) else pa.string() for name, known in values.items()}


def _are_integers(values: Iterable[str | None]) -> bool:
    texts = [value for value in values if value is not None]
    return bool(texts) and all(map(_INTEGER.fullmatch, texts))


def add_partition_fields(schema: pa.Schema, source: SourceFile, types: Mapping[str, pa.DataType]) -> pa.Schema:
    """Return the schema of a file with its partition columns at the end; columns that the file has itself win."""
    added = [name for name, _ in source.partitions if name not in schema.names]
    if not added:
        return schema
    metadata = {**(schema.metadata or {}), _KEY: json.dumps(added).encode()}
    return pa.schema([*schema, *(pa.field(name, types[name]) for name in added)], metadata)


def file_schema(schema: pa.Schema) -> pa.Schema:
    """Return a schema that ``add_partition_fields`` has made, without the partition columns."""
    added = json.loads((schema.metadata or {}).get(_KEY, b"[]"))
    return pa.schema(list(schema)[: len(schema) - len(added)], schema.metadata)


def add_partition_columns(records: pa.RecordBatch, source: SourceFile, schema: pa.Schema) -> pa.RecordBatch:
    """Return a file's rows in its whole schema: the fields that they lack are partition columns."""
    missing = list(schema)[records.num_columns :]
    if not missing:
        return records
    values = dict(source.partitions)
    columns = list(records.columns)
    for field in missing:
        text = values[field.name]
        value = int(text) if text is not None and pa.types.is_integer(field.type) else text
        columns.append(pa.repeat(pa.scalar(value, field.type), records.num_rows))
    return pa.RecordBatch.from_arrays(columns, schema=schema)

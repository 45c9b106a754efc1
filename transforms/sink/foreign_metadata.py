"""Footer entries of the input that describe its schema: extended by the added columns, or dropped.

Spark, parquet-avro, pandas and Hugging Face trust such an entry more than the file: copied unchanged, it would hide
the translations. Entries whose format is unknown here are dropped. All other entries are the user's and stay.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import pyarrow as pa

from transforms.sink.footers import without_own_entries

Entry: TypeAlias = dict[str, Any]

_AVRO_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DESCRIBES_A_SCHEMA = re.compile(
    rb"(.*[._:-])(schema|row\.metadata|descriptor|thrift\.class|proto\.class|struct)|thrift\.class|scrooge\.class",
    re.IGNORECASE,
)

_SPARK = {
    pa.string(): "string",
    pa.large_string(): "string",
    pa.int32(): "integer",
    pa.int64(): "long",
    pa.float64(): "double",
    pa.bool_(): "boolean",
}
_AVRO = {**_SPARK, pa.int32(): "int"}
_PANDAS = {
    pa.string(): "unicode",
    pa.large_string(): "unicode",
    pa.int32(): "int32",
    pa.int64(): "int64",
    pa.float64(): "float64",
    pa.bool_(): "bool",
}
_HUGGING_FACE = {**_PANDAS, pa.string(): "string", pa.large_string(): "large_string"}


class _Unknown(Exception):
    """The entry is not in the format that its key promises, or the format cannot describe a column."""


def part_metadata(schema: pa.Schema, first_row: int = 0, rows: int | None = None) -> dict[bytes, bytes]:
    """Return the key-value metadata for a part.

    Args:
        schema: Schema of the output, with the metadata of the input file.
        first_row: Row of the input file that the part begins with.
        rows: Number of rows in the part; None if unknown, then a row range of pandas is dropped.
    """
    entries = {}
    for key, value in without_own_entries(schema.metadata).items():
        extend = _FORMATS.get(key)
        if extend is not None:
            try:
                extended = extend(json.loads(value), schema)
                if key == b"pandas":
                    _set_row_range(extended, first_row, rows)
                entries[key] = json.dumps(extended).encode()
            except (_Unknown, ValueError, KeyError, TypeError, AttributeError, RecursionError):
                continue
        elif not _DESCRIBES_A_SCHEMA.fullmatch(key):
            entries[key] = value
    return entries


def _missing(described: list[str], schema: pa.Schema) -> list[pa.Field]:
    """Return the fields that an entry does not describe yet."""
    if len(set(schema.names)) < len(schema.names) or not set(described) <= set(schema.names):
        raise _Unknown
    return [field for field in schema if field.name not in set(described)]


def _value_type(kind: pa.DataType, names: Mapping[pa.DataType, str]) -> tuple[str, bool]:
    """Return the name of a type, or of a list's elements, and whether it is a list."""
    is_list = pa.types.is_list(kind)
    plain = kind.value_type if is_list or pa.types.is_dictionary(kind) else kind
    if plain not in names:
        raise _Unknown
    return names[plain], is_list


def _spark(entry: Entry, schema: pa.Schema) -> Entry:
    """Extend Spark's JSON of a ``StructType``."""
    for field in _missing([each["name"] for each in entry["fields"]], schema):
        name, is_list = _value_type(field.type, _SPARK)
        kind = {"type": "array", "elementType": name, "containsNull": True} if is_list else name
        entry["fields"].append({"name": field.name, "type": kind, "nullable": True, "metadata": {}})
    return entry


def _avro(entry: Entry, schema: pa.Schema) -> Entry:
    """Extend an Avro record schema."""
    if entry["type"] != "record":
        raise _Unknown
    for field in _missing([each["name"] for each in entry["fields"]], schema):
        name, is_list = _value_type(field.type, _AVRO)
        if not _AVRO_NAME.fullmatch(field.name):
            raise _Unknown
        kind = {"type": "array", "items": ["null", name]} if is_list else name
        entry["fields"].append({"name": field.name, "type": ["null", kind], "default": None})
    return entry


def _pandas(entry: Entry, schema: pa.Schema) -> Entry:
    """Extend the description of a data frame's columns."""
    for field in _missing([each.get("field_name", each["name"]) for each in entry["columns"]], schema):
        name, is_list = _value_type(field.type, _PANDAS)
        entry["columns"].append(
            {
                "name": field.name,
                "field_name": field.name,
                "pandas_type": f"list[{name}]" if is_list else name,
                "numpy_type": "object" if is_list or name == "unicode" else name,
                "metadata": None,
            }
        )
    return entry


def _set_row_range(entry: Entry, first_row: int, rows: int | None) -> None:
    """Let the range index of a data frame, which is stored as its bounds only, count the part's own rows."""
    for number, index in enumerate(entry["index_columns"]):
        if isinstance(index, dict):
            if rows is None or index["kind"] != "range":
                raise _Unknown
            start = index["start"] + first_row * index["step"]
            entry["index_columns"][number] = {**index, "start": start, "stop": start + rows * index["step"]}


def _hugging_face(entry: Entry, schema: pa.Schema) -> Entry:
    """Extend the features of a data set."""
    features = entry["info"]["features"]
    for field in _missing(list(features), schema):
        name, is_list = _value_type(field.type, _HUGGING_FACE)
        value = {"dtype": name, "_type": "Value"}
        features[field.name] = {"feature": value, "_type": "Sequence"} if is_list else value
    return entry


_FORMATS: Mapping[bytes, Callable[[Entry, pa.Schema], Entry]] = {
    b"org.apache.spark.sql.parquet.row.metadata": _spark,
    b"parquet.avro.schema": _avro,
    b"avro.schema": _avro,
    b"pandas": _pandas,
    b"huggingface": _hugging_face,
}

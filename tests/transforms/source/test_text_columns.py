"""Which columns are translated."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from transforms.errors import UsageError
from transforms.source.text_columns import choose_text_columns, may_choose, read_texts

DICTIONARY = pa.dictionary(pa.int32(), pa.string())
DOC = pa.struct([("body", pa.string())])


@pytest.mark.parametrize(
    ("columns", "wanted", "chosen"),
    [
        ({"id": pa.int64(), "text": pa.string(), "title": pa.string()}, (), ("text",)),
        ({"id": pa.int64(), "body": pa.large_string()}, (), ("body",)),
        ({"body": pa.string_view(), "category": DICTIONARY}, (), ("body",)),
        ({"a": pa.string(), "b": pa.string(), "c": DICTIONARY}, ("c", "a", "c"), ("c", "a")),
    ],
)
def test_the_choice(columns: dict[str, Any], wanted: tuple[str, ...], chosen: tuple[str, ...]) -> None:
    assert choose_text_columns(pa.schema(columns), wanted, "x.parquet") == chosen


@pytest.mark.parametrize(
    ("columns", "wanted", "said"),
    [
        ({"id": pa.int64(), "score": pa.float64()}, (), ["x.parquet", "no text column", "id (int64), score (double)"]),
        ({}, (), ["no text column", "its columns are none"]),
        ({"subject": pa.string(), "message": pa.string()}, (), ["subject, message", "--text_column"]),
        ({"category": DICTIONARY}, (), ["category", "--text_column"]),
        ({"text": pa.int64(), "body": pa.string()}, (), ["column text of x.parquet is int64, not text", "body"]),
        ({"corpus": pa.string(), "id": pa.int64()}, ("corps",), ["no column corps", "corpus", "did you mean corpus?"]),
        ({"id": pa.int64(), "body": pa.string()}, ("id",), ["column id of x.parquet is int64, not text", "body"]),
        ({"blob": pa.binary()}, ("blob",), ["column blob of x.parquet is binary, not text", "--text_encoding utf-8"]),
        ({"tags": pa.list_(pa.string())}, ("tags",), ["column tags of x.parquet is list<", "unnest(tags) AS text"]),
        ({"doc": DOC}, ("doc.body",), ["no column doc.body, only doc (struct<body", "doc.body AS body", "COPY"]),
        ({"doc": DOC}, ("doc",), ["column doc of x.parquet is struct<body", "make doc.body a column first"]),
        ({"doc": DOC, "id": pa.int64()}, (), ["no text column", "make doc.body a column first"]),
        ({"body ": pa.string(), "": pa.string()}, ("body",), ["columns are 'body ', ''", "did you mean 'body '?"]),
        ({"n": pa.dictionary(pa.int8(), pa.int64())}, ("n",), ["dictionary"]),
    ],
)
def test_what_cannot_be_chosen_is_said_with_the_candidates(
    columns: dict[str, Any], wanted: tuple[str, ...], said: list[str]
) -> None:
    with pytest.raises(UsageError) as caught:
        choose_text_columns(pa.schema(columns), wanted, "x.parquet")
    assert [part for part in said if part not in str(caught.value)] == []


@pytest.mark.parametrize("wanted", [("text",), ()])
def test_a_name_that_two_columns_have_is_refused(wanted: tuple[str, ...]) -> None:
    schema = pa.schema([pa.field("text", pa.string()), pa.field("text", pa.string())])
    with pytest.raises(UsageError, match="2 columns named text"):
        choose_text_columns(schema, wanted, "x.parquet")


def test_a_column_of_bytes_may_be_chosen_if_its_encoding_is_known() -> None:
    schema = pa.schema({"text": pa.binary(), "title": pa.string()})
    assert choose_text_columns(schema, (), "x.parquet", has_encoding=True) == ("text",)
    with pytest.raises(UsageError, match="--text_encoding"):
        choose_text_columns(schema, (), "x.parquet")


def test_a_column_without_a_type_is_text_if_it_is_wanted() -> None:
    schema = pa.schema({"text": pa.null(), "title": pa.string()})
    assert choose_text_columns(schema, (), "x.parquet") == ("text",)
    assert may_choose(schema)
    assert not may_choose(pa.schema({"body": pa.null()}))


@pytest.mark.parametrize(
    "kind", [pa.binary(), pa.large_binary(), pa.binary_view(), pa.dictionary(pa.int8(), pa.binary())]
)
def test_bytes_are_read_in_their_encoding(kind: pa.DataType) -> None:
    values = ["Été".encode("cp1252"), None, b"", b"\x81"]
    column = pa.array(values).dictionary_encode() if pa.types.is_dictionary(kind) else pa.array(values, kind)
    assert read_texts(column, "cp1252") == (["Été", None, "", None], {3: "text is not CP1252 at byte 1"})
    assert read_texts(column)[0] == [None, None, "", None]

"""Which columns are translated."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from transforms.errors import UsageError
from transforms.source.text_columns import choose_text_columns

DICTIONARY = pa.dictionary(pa.int32(), pa.string())


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
        ({"blob": pa.binary()}, ("blob",), ["blob", "binary"]),
        ({"tags": pa.list_(pa.string())}, ("tags",), ["tags", "list<item: string>"]),
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

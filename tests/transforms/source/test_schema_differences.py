"""Differences between the schemas of files, in words."""

from __future__ import annotations

import pyarrow as pa

from transforms.source.schema_differences import differences

A = pa.schema([("id", pa.int64()), ("text", pa.string())])


def test_files_of_one_schema_do_not_differ() -> None:
    twice = pa.schema([("id", pa.int64()), ("id", pa.string())])
    assert list(differences({})) == []
    assert list(differences({"a": A, "b": A})) == []
    assert list(differences({"a": twice})) == []
    assert list(differences({"a": twice, "b": twice})) == []


def test_types_and_missing_columns_are_named_with_their_files() -> None:
    other = pa.schema([("id", pa.int8()), ("text", pa.string()), ("id", pa.string())])
    [said] = differences({"a": A, "b": A, "c": other, "d": pa.schema([("text", pa.string())])})
    assert said == (
        "input files differ, and so will their parts: "
        "column id is int64 in a and 1 more, int8 and string in c, missing in d"
    )


def test_only_the_first_of_many_columns_are_named() -> None:
    many = pa.schema([(f"c{number}", pa.int8()) for number in range(9)])
    [said] = differences({"a": A, "b": many})
    assert said.endswith("; and 6 more")

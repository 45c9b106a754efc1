"""Types inferred from JSON values."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.errors import UsageError
from transforms.source import json_schema
from transforms.source.json_schema import KindCounts, described, misfit, resolve, shape_of, unusable
from transforms.source.json_values import parse_line

scalars = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text("aé", max_size=2)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
)
rows_of_values = st.lists(st.dictionaries(st.sampled_from("xyz"), values), max_size=8)


def seen(*given_values: Any) -> KindCounts:
    found = KindCounts()
    for value in given_values:
        found.add(shape_of(value))
    return found


def infer(*given_values: Any) -> tuple[pa.DataType, int]:
    return resolve(seen(*given_values))


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([], pa.string()),
        ([None, None], pa.string()),
        ([None, True], pa.bool_()),
        ([None, 1, -(2**63), 2**63 - 1], pa.int64()),
        ([1, 2.5], pa.float64()),
        ([2**53, -(2**53), 0.5], pa.float64()),
        ([2**63], pa.uint64()),
        ([1, 2**64 - 1], pa.uint64()),
        ([-1, 2**63], pa.decimal128(38, 0)),
        ([10**37, 1], pa.decimal128(38, 0)),
        ([1.0, float("nan")], pa.float64()),
        (["2024-03-01", None], pa.string()),
        ([[], None], pa.list_(pa.string())),
        ([[1], [None, 2.5], []], pa.list_(pa.float64())),
        ([[[1]], []], pa.list_(pa.list_(pa.int64()))),
        ([{"b": 1}, {"a": "x", "b": None}], pa.struct([("b", pa.int64()), ("a", pa.string())])),
        ([[{"a": 1}], [{"b": True}]], pa.list_(pa.struct([("a", pa.int64()), ("b", pa.bool_())]))),
        ([{}, None], pa.string()),
        (["x", {}], pa.string()),
        ([{}, {"a": {}}], pa.struct([("a", pa.string())])),
    ],
)
def test_the_type_of_values_that_agree(values: list[Any], kind: pa.DataType) -> None:
    assert infer(*values) == (kind, 0)


@pytest.mark.parametrize(
    ("values", "kind", "misfits"),
    [
        ([1, 2, "x"], pa.int64(), 1),
        (["x", "y", {"a": 1}], pa.string(), 1),
        ([{}, {}, 1], pa.string(), 1),
        ([True, 1], pa.int64(), 1),
        ([[1], [2], ["a"]], pa.list_(pa.int64()), 1),
        ([{"a": 1}, {"a": [1]}, {"a": [1]}], pa.struct([("a", pa.list_(pa.int64()))]), 1),
        ([2**53 + 1, 0.5, 1.5], pa.float64(), 1),
        ([2**53 + 1, 2**54 + 1, 0.5], pa.int64(), 1),
        ([10**38], pa.string(), 1),
        ([10**38, 5], pa.int64(), 1),
    ],
)
def test_of_values_that_do_not_agree_most_are_kept_and_the_others_counted(
    values: list[Any], kind: pa.DataType, misfits: int
) -> None:
    assert infer(*values) == (kind, misfits)


def test_a_number_beyond_a_double_fits_no_number() -> None:
    shapes = [shape_of(parse_line(b'{"a": ' + text + b"}")["a"]) for text in (b"1e400", b"-1e400", b"Infinity", b"NaN")]
    assert shapes == ["overflow", "overflow", "number", "number"]


@given(rows_of_values, rows_of_values, rows_of_values)
def test_adding_is_associative_and_does_not_depend_on_order(one: list[Any], two: list[Any], three: list[Any]) -> None:
    together = seen(*one, *two, *three)
    left, right, backwards = seen(*one), seen(*two), seen(*three)
    right.merge(seen(*three))
    left.merge(right)
    backwards.merge(seen(*two))
    backwards.merge(seen(*one))
    assert together == left == backwards
    assert _sorted(resolve(together)[0]) == _sorted(resolve(backwards)[0])


@given(rows_of_values)
def test_seeing_the_same_twice_changes_no_type(rows: list[Any]) -> None:
    assert infer(*rows)[0] == infer(*rows, *rows)[0]


@given(rows_of_values)
def test_no_more_values_are_misfits_than_were_counted(rows: list[Any]) -> None:
    kind, misfits = infer(*rows)
    found = [misfit(shape_of(row), kind, "x") for row in rows]
    assert sum(reason is not None for reason in found) <= misfits


def _sorted(kind: Any) -> Any:
    """The type with fields in the order of their names."""
    if pa.types.is_list(kind):
        return pa.list_(_sorted(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct(sorted(((field.name, _sorted(field.type)) for field in kind), key=lambda named: named[0]))
    return kind


@pytest.mark.parametrize(
    ("value", "kind", "reason"),
    [
        ("a", pa.int64(), "column id is string, not int64"),
        (True, pa.int64(), "column id is boolean, not int64"),
        (2**63, pa.int64(), "column id is integer beyond int64, not int64"),
        (1, pa.string(), "column id is integer, not string"),
        (1, pa.bool_(), "column id is integer, not bool"),
        ([1], pa.list_(pa.string()), "column id[] is integer, not string"),
        ({"a": 1}, pa.struct([("a", pa.string())]), "column id.a is integer, not string"),
        ({"b": 1}, pa.struct([("a", pa.string())]), "column id has a field that the schema lacks"),
        ([], pa.struct([("a", pa.string())]), "column id is list, not struct<a: string>"),
        ({"a": 1}, pa.string(), "column id is object, not string"),
    ],
)
def test_the_reason_names_place_and_kind_but_no_value(value: Any, kind: Any, reason: str) -> None:
    assert misfit(shape_of(value), kind, "id") == reason


def test_what_no_column_can_hold() -> None:
    deep: Any = 1
    for _ in range(json_schema.MAX_DEPTH - 1):
        deep = [deep]
    assert unusable(shape_of(deep)) is None
    assert "deep" in str(unusable(shape_of({"a": deep})))
    assert "surrogate" in str(unusable(shape_of([{"\ud800": 1}])))


def test_objects_whose_keys_are_data_have_no_type_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_schema, "MAX_FIELDS", 3)
    found = seen({"a": 1, "b": 1}, {"c": 1})
    assert pa.types.is_struct(resolve(found)[0])
    found.merge(seen({"d": 1}))
    assert resolve(found) == (pa.string(), 3)
    other = seen({"a": 1})
    other.merge(found)
    assert resolve(other) == (pa.string(), 4)


def test_too_many_columns_are_refused_with_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_schema, "MAX_FIELDS", 3)
    rows, more = KindCounts(), KindCounts()
    rows.add_row(shape_of({"a": 1, "b": 1, "c": 1}), 5)
    more.add_row(shape_of({"d": 1}), 1)
    with pytest.raises(UsageError, match=r"more than 3 different keys.*split the input"):
        rows.merge_rows(more)


def test_the_kinds_of_a_column_are_shown_in_words() -> None:
    assert described(seen(1, -1, 2**60, "x", None, {"a": 1}).kinds) == "3 integer, 1 string, 1 object"

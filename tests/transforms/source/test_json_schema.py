"""Types inferred from JSON values."""

from __future__ import annotations

import re
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.errors import UsageError
from transforms.source import json_schema
from transforms.source.json_schema import KindCounts, misfit, resolve, shape_of, unusable

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


def infer(*given_values: Any) -> tuple[Any, list[str]]:
    remarks: list[str] = []
    return resolve(seen(*given_values), "x", remarks), remarks


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([], pa.string()),
        ([None, None], pa.string()),
        ([None, True], pa.bool_()),
        ([None, 1, -(2**63), 2**63 - 1], pa.int64()),
        ([1, 2.5], pa.float64()),
        ([2**63], pa.float64()),
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
def test_the_type_of_values(values: list[Any], kind: Any) -> None:
    assert infer(*values)[0] == kind


@pytest.mark.parametrize(
    ("values", "kind", "said"),
    [
        ([1, 2, "x"], pa.int64(), "x is number in 2 rows, but also 1 string"),
        (["x", "y", {"a": 1}], pa.string(), "x is string in 2 rows, but also 1 object"),
        ([{}, {}, 1], pa.string(), "x is string in 2 rows, but also 1 number"),
        ([True, 1], pa.int64(), "x is number in 1 rows, but also 1 boolean"),
        ([[1], [2], ["a"]], pa.list_(pa.int64()), r"x\[\] is number in 2 rows, but also 1 string"),
        ([{"a": 1}, {"a": [1]}, {"a": [1]}], pa.struct([("a", pa.list_(pa.int64()))]), r"x\.a is list in 2 rows"),
    ],
)
def test_the_majority_wins_and_the_remark_has_a_remedy(values: list[Any], kind: Any, said: str) -> None:
    found, remarks = infer(*values)
    assert found == kind
    assert len(remarks) == 1
    assert re.search(said, remarks[0])
    assert "--schema 'x:string'" in remarks[0]


@pytest.mark.parametrize("values", [[2**53 + 1, 0.5], [2**63, 1]])
def test_lost_digits_are_said(values: list[Any]) -> None:
    kind, remarks = infer(*values)
    assert kind == pa.float64()
    assert ["lose digits" in remark for remark in remarks] == [True]


def test_integers_that_a_double_holds_are_not_remarked() -> None:
    assert infer(2**53, -(2**53), 0.5) == (pa.float64(), [])


@given(rows_of_values, rows_of_values, rows_of_values)
def test_adding_is_associative_and_does_not_depend_on_order(one: list[Any], two: list[Any], three: list[Any]) -> None:
    together = seen(*one, *two, *three)
    left, right, backwards = seen(*one), seen(*two), seen(*three)
    right.merge(seen(*three))
    left.merge(right)
    backwards.merge(seen(*two))
    backwards.merge(seen(*one))
    assert together == left == backwards
    assert _sorted(resolve(together, "x", [])) == _sorted(resolve(backwards, "x", []))


@given(rows_of_values)
def test_seeing_the_same_twice_changes_no_type(rows: list[Any]) -> None:
    assert infer(*rows)[0] == infer(*rows, *rows)[0]


@given(rows_of_values)
def test_everything_fits_a_type_that_needed_no_remark(rows: list[Any]) -> None:
    kind, remarks = infer(*rows)
    if not any("do not fit" in remark for remark in remarks):
        assert {misfit(shape_of(row), kind, "x") for row in rows} <= {None}
    else:
        assert any(misfit(shape_of(row), kind, "x") for row in rows)


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
    for _ in range(json_schema.MAX_DEPTH):
        deep = [deep]
    assert unusable(shape_of(deep)) is None
    assert "deep" in str(unusable(shape_of({"a": deep})))
    assert "surrogate" in str(unusable(shape_of([{"\ud800": 1}])))


def test_keys_that_are_data_are_refused_with_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_schema, "MAX_FIELDS", 3)
    found = seen({"counts": {"a": 1, "b": 1, "c": 1}})
    with pytest.raises(UsageError, match=r"column counts have more than 3 different keys.*--schema 'counts:string'"):
        found.add(shape_of({"counts": {"d": 1}}))
    with pytest.raises(UsageError, match="in the lines have more than 3"):
        seen({"a": 1, "b": 1, "c": 1, "d": 1})

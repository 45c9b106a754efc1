"""Arrow types inferred from JSON values.

Every value has a *shape*: a small hashable description of its kinds, equal for equal structure. A scan counts distinct
shapes, which is cheap, and adds them up in ``KindCounts``; adding is associative and does not depend on order (save for
the order of fields), so files may be scanned in any grouping. ``resolve`` turns the sum into one type, and ``misfit``
tells from a shape alone whether a value fits a type.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import pyarrow as pa

from transforms.errors import UsageError

MAX_FIELDS = 10_000
"""Of one object; more means that keys are data, and would make as many columns."""

MAX_DEPTH = 64
"""Of nested lists and objects; a Parquet column of that depth is already of no use."""

Shape: TypeAlias = Hashable
"""``_SCALARS``' word for a scalar, (names, shapes) for an object, a set of shapes for a list."""

_EXACT_IN_DOUBLE = 2**53
_WIDE = "wide integer"  # one that a double may not represent
_HUGE = "integer beyond int64"
_SCALARS: dict[type, str] = {str: "string", bool: "boolean", float: "number", type(None): "null"}
_KINDS = ("string", "object", "list", "number", "boolean")
"""What a column can be; of equally frequent ones the first wins."""


def shape_of(value: Any) -> Shape:
    """The shape of a JSON value.

    Raises:
        RecursionError: If the value is nested too deeply.
    """
    kind = type(value)
    scalar = _SCALARS.get(kind)
    if scalar is not None:
        return scalar
    if kind is int:
        if -_EXACT_IN_DOUBLE <= value <= _EXACT_IN_DOUBLE:
            return "integer"
        return _WIDE if -(2**63) <= value < 2**63 else _HUGE
    if kind is dict:
        return tuple(value), tuple([shape_of(item) for item in value.values()])
    if kind is list:
        return frozenset([shape_of(item) for item in value])
    return "number"  # a float that remembers how it was written


def unusable(shape: Shape, depth: int = 0) -> str | None:
    """Why no column can hold a value of this shape, whatever its type; None if one can."""
    if depth > MAX_DEPTH:
        return f"lists and objects are nested more than {MAX_DEPTH} deep"
    inner: Iterator[Shape] = iter(())
    if isinstance(shape, tuple):
        if any(map(_has_surrogate, shape[0])):
            return "a key has a lone surrogate"
        inner = iter(shape[1])
    elif isinstance(shape, frozenset):
        inner = iter(shape)
    return next((reason for item in inner if (reason := unusable(item, depth + 1))), None)


@dataclass
class KindCounts:
    """The values seen at one place of the rows: a column, a field, or the elements of a list.

    Attributes:
        kinds: How many values by kind: a scalar's shape, ``list`` or ``object``.
        elements: Of the lists among them; each distinct shape in a list counts once.
        fields: Of the objects among them, in the order in which they were first seen.
    """

    kinds: Counter[str] = field(default_factory=Counter)
    elements: KindCounts | None = None
    fields: dict[str, KindCounts] = field(default_factory=dict)

    def add(self, shape: Shape, count: int = 1, path: str = "") -> None:
        """Adds ``count`` values of one shape.

        Raises:
            UsageError: If an object gets more than ``MAX_FIELDS`` fields.
        """
        if isinstance(shape, tuple):
            self.kinds["object"] += count
            for name, inner in zip(*shape, strict=True):
                self._field(name, path).add(inner, count, _child(path, name))
        elif isinstance(shape, frozenset):
            self.kinds["list"] += count
            if self.elements is None:
                self.elements = KindCounts()
            for inner in shape:
                self.elements.add(inner, count, f"{path}[]")
        else:
            self.kinds[str(shape)] += count

    def merge(self, other: KindCounts, path: str = "") -> None:
        """Adds all values of ``other``.

        Raises:
            UsageError: As ``add``.
        """
        self.kinds.update(other.kinds)
        if other.elements is not None:
            if self.elements is None:
                self.elements = KindCounts()
            self.elements.merge(other.elements, f"{path}[]")
        for name, seen in other.fields.items():
            self._field(name, path).merge(seen, _child(path, name))

    def _field(self, name: str, path: str) -> KindCounts:
        seen = self.fields.get(name)
        if seen is None:
            if len(self.fields) >= MAX_FIELDS:
                remedy = f"keep them as text with --schema '{_column(path)}:string'" if path else "split the input"
                where = f"column {path}" if path else "the lines"
                raise UsageError(f"JSON objects in {where} have more than {MAX_FIELDS} different keys: {remedy}")
            seen = self.fields[name] = KindCounts()
        return seen


def resolve(seen: KindCounts, path: str, remarks: list[str]) -> Any:
    """The Arrow type for the values seen: null, bool, int64, double, string, list or struct.

    Integers and numbers make a double, and so does an integer beyond int64. Of kinds that can't be reconciled the most
    frequent one wins; values of another kind do not fit. Where there are only nulls, the type is string. Objects
    without any field are text (``{}``), for Parquet has no empty struct.

    Args:
        seen: The values.
        path: Their place, for the remarks.
        remarks: Gets a line for each conflict and each loss of digits.

    Returns:
        A ``pyarrow.DataType``.
    """
    kinds = seen.kinds
    counts = {
        "string": kinds["string"] + (0 if seen.fields else kinds["object"]),
        "object": kinds["object"] if seen.fields else 0,
        "list": kinds["list"],
        "number": kinds["integer"] + kinds[_WIDE] + kinds[_HUGE] + kinds["number"],
        "boolean": kinds["boolean"],
    }
    kind = max(_KINDS, key=lambda name: counts[name])
    if not counts[kind]:
        return pa.string()
    others = [f"{counts[name]} {name}" for name in _KINDS if counts[name] and name != kind]
    if others:
        remarks.append(
            f"column {path} is {kind} in {counts[kind]} rows, but also {' and '.join(others)}: these rows do not fit "
            f"and will be marked failed; to keep all as text, give --schema '{_column(path)}:string'"
        )
    if kind == "object":
        return pa.struct([(name, resolve(inner, _child(path, name), remarks)) for name, inner in seen.fields.items()])
    if kind == "list":
        return pa.list_(resolve(seen.elements or KindCounts(), f"{path}[]", remarks))
    if kind != "number":
        return pa.bool_() if kind == "boolean" else pa.string()
    if not kinds["number"] and not kinds[_HUGE]:
        return pa.int64()
    if lossy := kinds[_WIDE] + kinds[_HUGE]:
        remarks.append(
            f"column {path} has {lossy} integers of more than 53 bits, and values that make it a double: they lose "
            f"digits; to keep these, give --schema '{_column(path)}:string'"
        )
    return pa.float64()


def misfit(shape: Shape, kind: Any, path: str) -> str | None:
    """What keeps a value of this shape from an inferred type; None if it fits.

    Args:
        shape: Of the value.
        kind: A ``pyarrow.DataType`` as ``resolve`` makes them.
        path: The value's place, for the message.
    """
    if shape == "null":
        return None
    if isinstance(shape, tuple) and pa.types.is_struct(kind):
        for name, inner in zip(*shape, strict=True):
            number = kind.get_field_index(name)
            if number < 0:
                return f"column {path} has a field that the schema lacks"
            if reason := misfit(inner, kind.field(number).type, _child(path, name)):
                return reason
        return None
    if isinstance(shape, frozenset) and pa.types.is_list(kind):
        return next((reason for item in shape if (reason := misfit(item, kind.value_type, f"{path}[]"))), None)
    if pa.types.is_string(kind):
        fits = shape in ("string", ((), ()))
    elif pa.types.is_boolean(kind):
        fits = shape == "boolean"
    elif pa.types.is_integer(kind):
        fits = shape in ("integer", _WIDE)
    else:
        fits = pa.types.is_floating(kind) and shape in ("integer", _WIDE, _HUGE, "number")
    return None if fits else f"column {path} is {_kind_name(shape)}, not {kind}"


def _kind_name(shape: Shape) -> str:
    if isinstance(shape, tuple):
        return "object"
    return "list" if isinstance(shape, frozenset) else str(shape)


def _child(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _column(path: str) -> str:
    """The column that a place belongs to."""
    return path.partition(".")[0].partition("[]")[0]


def _has_surrogate(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)

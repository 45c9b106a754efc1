"""Arrow types inferred from JSON values.

Every value has a *shape*: a small hashable description of its kinds, equal for equal structure. A scan counts distinct
shapes, which is cheap, and adds them up in ``KindCounts``; adding is associative and does not depend on order (save for
the order of fields), so files may be scanned in any grouping. ``resolve`` turns the sum into one type, and ``misfit``
says from a shape alone whether a value fits a type.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias, cast

import pyarrow as pa

from transforms.errors import UsageError
from transforms.source.json_values import is_overflow

MAX_FIELDS = 10_000
"""Maximum number of keys of one object. With more, keys are data, and each would become a column."""

MAX_DEPTH = 64
"""Maximum depth of nested lists and objects; few readers of Parquet can use a deeper column."""

MISFIT_RATIO = 0.01
"""A column gets the type of most of its values if fewer rows than this have a value that does not fit."""

Shape: TypeAlias = Hashable
"""A name of ``_SCALARS`` for a scalar, (names, shapes) for an object, a set of shapes for a list."""

JSON_TEXT = pa.string()
_EXACT_IN_DOUBLE = 2**53
_DECIMAL = pa.decimal128(38, 0)
_SCALARS: dict[type, str] = {str: "string", bool: "boolean", type(None): "null"}
_SHOWN = {
    "negative": "integer",
    "int64": "integer",
    "negative int64": "integer",
    "uint64": "integer beyond int64",
    "decimal": "integer beyond uint64",
    "huge": "integer of more than 38 digits",
    "overflow": "number beyond double",
}
_NUMBERS: tuple[tuple[pa.DataType, frozenset[str]], ...] = (
    (pa.int64(), frozenset({"integer", "negative", "int64", "negative int64"})),
    (pa.float64(), frozenset({"integer", "negative", "number"})),
    (pa.uint64(), frozenset({"integer", "int64", "uint64"})),
    (_DECIMAL, frozenset({"integer", "negative", "int64", "negative int64", "uint64", "decimal"})),
)
"""Types of numbers and the kinds that each holds without loss; of types that hold equally many, the first wins."""


def shape_of(value: object) -> Shape:
    """Return the shape of a JSON value.

    Raises:
        RecursionError: The value is nested too deeply.
    """
    kind = type(value)
    scalar = _SCALARS.get(kind)
    if scalar is not None:
        return scalar
    if kind is int:
        number = cast(int, value)
        if 0 <= number <= _EXACT_IN_DOUBLE:
            return "integer"
        return "negative" if -_EXACT_IN_DOUBLE <= number < 0 else _large_integer(number)
    if kind is float and -sys.float_info.max <= cast(float, value) <= sys.float_info.max:
        return "number"
    if isinstance(value, dict):
        return tuple(value), tuple([shape_of(item) for item in value.values()])
    if isinstance(value, list):
        return frozenset([shape_of(item) for item in value])
    assert isinstance(value, float)  # noqa: S101 - JSON has no other kind
    return "overflow" if is_overflow(value) else "number"


def _large_integer(value: int) -> str:
    if -(2**63) <= value < 2**63:
        return "int64" if value > 0 else "negative int64"
    if 0 < value < 2**64:
        return "uint64"
    return "decimal" if abs(value) < 10**38 else "huge"


def keys_of(shape: Shape) -> int | None:
    """Return how many keys the objects of a value have; None if its shape does not say, as of objects in lists."""
    if isinstance(shape, tuple):
        inner = [keys_of(item) for item in shape[1] if not isinstance(item, str)]
        return None if None in inner else len(shape[0]) + sum(filter(None, inner))
    if isinstance(shape, frozenset) and not all(isinstance(item, str) for item in shape):
        return None
    return 0


def unusable(shape: Shape, depth: int = 1) -> str | None:
    """Return why no column can hold a value of this shape, whatever its type; None if one can."""
    if depth > MAX_DEPTH:
        return f"lists and objects are nested more than {MAX_DEPTH} deep"
    inner: Iterator[Shape] = iter(())
    if isinstance(shape, tuple):
        if any(map(has_surrogate, shape[0])):
            return "a key has a lone surrogate"
        inner = iter(shape[1])
    elif isinstance(shape, frozenset):
        inner = iter(shape)
    return next((reason for item in inner if (reason := unusable(item, depth + 1))), None)


@dataclass
class KindCounts:
    """Counts of the values seen at one place of the rows: a column, a field, or the elements of a list.

    Attributes:
        kinds: Number of values by kind: a scalar's shape, ``list``, ``object``, or ``unusable``.
        elements: Counts of the elements of the lists; each distinct shape in a list counts once.
        fields: Counts of the fields of the objects, in the order in which they were first seen.
        has_many_keys: Whether the objects have so many different keys that these are data; ``fields`` is empty then.
    """

    kinds: Counter[str] = field(default_factory=Counter)
    elements: KindCounts | None = None
    fields: dict[str, KindCounts] = field(default_factory=dict)
    has_many_keys: bool = False

    def add(self, shape: Shape, count: int = 1) -> None:
        """Add ``count`` values of one shape."""
        if isinstance(shape, tuple):
            self.kinds["object"] += count
            for name, inner in zip(*shape, strict=True):
                if (seen := self._field(name)) is not None:
                    seen.add(inner, count)
        elif isinstance(shape, frozenset):
            self.kinds["list"] += count
            if self.elements is None:
                self.elements = KindCounts()
            for inner in shape:
                self.elements.add(inner, count)
        else:
            self.kinds[str(shape)] += count

    def add_row(self, shape: Shape, count: int) -> None:
        """Add ``count`` rows of one shape, an object's; keys that can't be columns are ignored.

        Raises:
            UsageError: The rows have more than ``MAX_FIELDS`` different keys.
        """
        assert isinstance(shape, tuple)  # noqa: S101 - rows are objects
        self.kinds["object"] += count
        for name, inner in zip(*shape, strict=True):
            if not has_surrogate(name):
                self._column(name).add("unusable" if unusable(inner) else inner, count)

    def merge(self, other: KindCounts) -> None:
        """Add all values of ``other``."""
        self.kinds.update(other.kinds)
        if other.elements is not None:
            if self.elements is None:
                self.elements = KindCounts()
            self.elements.merge(other.elements)
        if other.has_many_keys:
            self.has_many_keys = True
            self.fields.clear()
        for name, counts in other.fields.items():
            if (seen := self._field(name)) is not None:
                seen.merge(counts)

    def merge_rows(self, other: KindCounts) -> None:
        """Add all rows of ``other``.

        Raises:
            UsageError: As ``add_row``.
        """
        self.kinds.update(other.kinds)
        for name, counts in other.fields.items():
            self._column(name).merge(counts)

    def _field(self, name: str) -> KindCounts | None:
        if self.has_many_keys:
            return None
        if name not in self.fields and len(self.fields) >= MAX_FIELDS:
            self.has_many_keys = True
            self.fields.clear()
            return None
        return self.fields.setdefault(name, KindCounts())

    def _column(self, name: str) -> KindCounts:
        if name not in self.fields and len(self.fields) >= MAX_FIELDS:
            raise UsageError(
                f"the JSON lines have more than {MAX_FIELDS} different keys, and each would be a column: put those "
                "that are data into one object, or split the input"
            )
        return self.fields.setdefault(name, KindCounts())


def resolve(counts: KindCounts) -> tuple[pa.DataType, int]:
    """Return the type that holds most of the values counted, and at most how many values do not fit it.

    It is bool, int64, uint64, decimal128(38, 0), double, string, list or struct. A type holds what it keeps without
    loss. Where there are only nulls, the type is string. Objects without any field are text (``{}``), because Parquet
    has no empty struct.
    """
    kinds = counts.kinds
    objects = kinds["object"]
    total = sum(kinds.values()) - kinds["null"]
    fitting: list[tuple[pa.DataType | None, str, int]] = [
        (pa.string(), "string", kinds["string"] + (0 if counts.fields or counts.has_many_keys else objects)),
        (None, "object", objects if counts.fields else 0),
        (None, "list", kinds["list"]),
        *((kind, "number", sum(kinds[name] for name in names)) for kind, names in _NUMBERS),
        (pa.bool_(), "boolean", kinds["boolean"]),
    ]
    kind, name, fits = max(fitting, key=lambda each: each[2])
    if not fits:
        return pa.string(), total
    misfits = total - fits
    if name == "list":
        element, more = resolve(counts.elements or KindCounts())
        return pa.list_(element), misfits + more
    if name == "object":
        resolved = {field_name: resolve(inner) for field_name, inner in counts.fields.items()}
        fields = [(field_name, inner) for field_name, (inner, _) in resolved.items()]
        return pa.struct(fields), misfits + sum(more for _, more in resolved.values())
    return kind, misfits


def misfit(shape: Shape, kind: pa.DataType, path: str) -> str | None:
    """Return what keeps a value of this shape from an inferred type; None if it fits.

    Args:
        shape: Shape of the value.
        kind: A type as ``resolve`` makes them.
        path: Place of the value, for the message.
    """
    if shape == "null":
        return None
    if isinstance(shape, tuple) and pa.types.is_struct(kind):
        for name, inner in zip(*shape, strict=True):
            number = kind.get_field_index(name)
            if number < 0:
                return f"column {path} has a field that the schema lacks"
            if reason := misfit(inner, kind.field(number).type, f"{path}.{name}"):
                return reason
        return None
    if isinstance(shape, frozenset) and pa.types.is_list(kind):
        return next((reason for item in shape if (reason := misfit(item, kind.value_type, f"{path}[]"))), None)
    if pa.types.is_string(kind):
        fits = shape in ("string", ((), ()))
    elif pa.types.is_boolean(kind):
        fits = shape == "boolean"
    else:
        fits = any(kind == number and shape in kinds for number, kinds in _NUMBERS)
    return None if fits else f"column {path} is {kind_name(shape)}, not {kind}"


def kind_name(shape: Shape) -> str:
    """Return the kind of a value as a message names it."""
    if isinstance(shape, tuple):
        return "object"
    return "list" if isinstance(shape, frozenset) else _SHOWN.get(str(shape), str(shape))


def described(kinds: Counter[str]) -> str:
    """Return the kinds of a column's values and their numbers, the most frequent first."""
    shown: Counter[str] = Counter()
    for kind, count in kinds.items():
        if kind != "null":
            shown[kind_name(kind)] += count
    return ", ".join(f"{count} {kind}" for kind, count in shown.most_common())


def has_surrogate(text: str) -> bool:
    """Return whether a text has a lone surrogate, which UTF-8 can't hold."""
    return any("\ud800" <= character <= "\udfff" for character in text)

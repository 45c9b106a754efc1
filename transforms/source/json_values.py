"""JSON values made into what Arrow takes for a type, without loss; a value that can't be is a ``Misfit``."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import pyarrow as pa

_SURROGATES = re.compile("[\ud800-\udfff]")
_DECIMAL = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,3})?")
_FLOAT32_MAX = 3.4028235677973366e38  # above it, rounding gives infinity


class Misfit(ValueError):
    """A line, or a value in it, that does not fit; the message is the reason, without the value."""


class ExactNumber(float):
    """A JSON number with a fraction or exponent, as it was written: a double may have lost digits of it."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> ExactNumber:
        """The number that ``text`` says."""
        number = super().__new__(cls, text)
        number.text = text
        return number


def convert(value: Any, kind: Any, path: str) -> Any:
    """A JSON value as a Python value that ``pyarrow.array`` takes for ``kind`` and keeps as it is.

    Strings: any other JSON value becomes its JSON text; a lone surrogate, which UTF-8 can't hold, becomes U+FFFD.
    Times and dates: from ISO 8601 strings. Decimals: from strings and numbers. Integers: also from numbers without
    a fraction. Floats: from integers and numbers.

    Args:
        value: As ``json`` reads it, numbers as ``ExactNumber`` where digits matter.
        kind: A ``pyarrow.DataType``.
        path: The value's place, for the message.

    Raises:
        Misfit: If the value can't be converted without loss.
    """
    if value is None:
        return None
    if pa.types.is_string(kind):
        return _SURROGATES.sub("\ufffd", value if isinstance(value, str) else _json_text(value))
    if pa.types.is_struct(kind) and isinstance(value, dict):
        unknown = [name for name in value if kind.get_field_index(name) < 0]
        if unknown:
            raise Misfit(f"column {path} has a field that the schema lacks")
        return {name: convert(item, kind.field(name).type, f"{path}.{name}") for name, item in value.items()}
    if pa.types.is_list(kind) and isinstance(value, list):
        return [convert(item, kind.value_type, f"{path}[]") for item in value]
    if pa.types.is_boolean(kind) and isinstance(value, bool):
        return value
    if pa.types.is_temporal(kind) and isinstance(value, str):
        return _time(value, kind, path)
    if pa.types.is_decimal(kind) and isinstance(value, str | int | float) and not isinstance(value, bool):
        return _decimal(value, kind, path)
    if isinstance(value, int | float) and not isinstance(value, bool):
        if pa.types.is_integer(kind):
            return _integer(value, kind, path)
        if pa.types.is_floating(kind):
            return _float(value, kind, path)
    raise Misfit(f"column {path} is {_name(value)}, not {kind}")


def _time(value: str, kind: Any, path: str) -> int:
    try:
        number: int = pa.scalar(value, pa.string()).cast(kind).value
    except ValueError:
        zone = "" if pa.types.is_date(kind) else " with a zone" if kind.tz else " without a zone"
        raise Misfit(f"column {path} is not an ISO 8601 string{zone} that fits {kind}") from None
    return number


def _decimal(value: str | float, kind: Any, path: str) -> Decimal:
    text = value if isinstance(value, str) else _json_text(value)
    try:
        if not _DECIMAL.fullmatch(text):
            raise Misfit(f"column {path} is not a decimal number")
        number = Decimal(text)
        pa.scalar(number, kind)
    except pa.ArrowInvalid:
        raise Misfit(f"column {path} does not fit {kind} without loss") from None
    return number


def _integer(value: float, kind: Any, path: str) -> int:
    bits = kind.bit_width
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1)) if pa.types.is_signed_integer(kind) else (0, 2**bits)
    if isinstance(value, float):
        # Compared as a double first: an exponent such as 1e999 must not be written out as an integer.
        exact = Decimal(_json_text(value)) if abs(value) <= 2.0**64 else None
        if exact is None or exact != exact.to_integral_value():
            raise Misfit(f"column {path} is a number that is no integer of type {kind}")
        value = int(exact)
    if not low <= value < high:
        raise Misfit(f"column {path} is beyond the range of {kind}")
    return int(value)


def _float(value: float, kind: Any, path: str) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = None
    too_large = number is None or (kind.bit_width == 32 and _FLOAT32_MAX <= abs(number) < float("inf"))
    if number is None or too_large:
        raise Misfit(f"column {path} is beyond the range of {kind}")
    return number


def _json_text(value: Any) -> str:
    if isinstance(value, ExactNumber):
        return value.text
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_json_text(name)}: {_json_text(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_json_text, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _name(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return "string" if isinstance(value, str) else "list" if isinstance(value, list) else "object"

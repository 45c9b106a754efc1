"""JSON text to values, and values to what Arrow takes for a type, without loss; what can't be is a ``Misfit``."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from math import isinf
from typing import Any

import pyarrow as pa

_SURROGATES = re.compile("[\ud800-\udfff]")
_DECIMAL = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,3})?")
_FLOAT32_MAX = 3.4028235677973366e38  # above it, rounding gives infinity
_JSON_SPACE = " \t\r\n"
_MANY_DIGITS = 4000
"""Python refuses to convert integers of a little more digits."""


class Misfit(ValueError):
    """A line, or a value in it, that does not fit; the message is the reason, without the value."""


class NotEncoded(Misfit):
    """A line whose bytes are not in the encoding of the file."""


class ExactNumber(float):
    """A JSON number with a fraction or exponent, as it was written: a double may have lost digits of it."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> ExactNumber:
        """The number that ``text`` says."""
        number = super().__new__(cls, text)
        number.text = text
        return number


def is_overflow(value: float) -> bool:
    """Return whether a JSON number is beyond what a double holds, such as 1e400; a written ``Infinity`` is not."""
    return isinf(value) and not (isinstance(value, ExactNumber) and value.text.endswith("y"))


def _integer_of(text: str) -> int | ExactNumber:
    return int(text) if len(text) <= _MANY_DIGITS else ExactNumber(text)


FAST = json.JSONDecoder(parse_constant=ExactNumber)
"""Reads numbers as ``int`` and ``float``."""

EXACT = json.JSONDecoder(parse_float=ExactNumber, parse_int=_integer_of, parse_constant=ExactNumber)
"""Keeps the text of numbers with a fraction or exponent."""


def parse_line(line: bytes, decoder: json.JSONDecoder = FAST, encoding: str = "utf-8") -> dict[str, Any]:
    """Return the JSON object of a line.

    Args:
        line: Bytes without the line end.
        decoder: ``FAST`` or ``EXACT``.
        encoding: Encoding of the line.

    Raises:
        Misfit: The line has no object.
        RecursionError: The object is nested too deeply.
    """
    try:
        text = line.decode(encoding)
    except UnicodeDecodeError as error:
        raise NotEncoded(f"line is not {encoding.upper()} at byte {error.start + 1}") from None
    if text[:1] != "{":
        text = text.removeprefix("\ufeff").lstrip(_JSON_SPACE)
    try:
        value, end = decoder.raw_decode(text)
    except json.JSONDecodeError as error:
        raise Misfit(f"line is not JSON: {error.msg.removesuffix(' at')} at character {error.pos + 1}") from None
    except ValueError:  # Python's limit of digits
        value, end = EXACT.raw_decode(text)
    if end != len(text) and (more := text[end:].lstrip(_JSON_SPACE)):
        raise Misfit(f"line is not JSON: Extra data at character {len(text) - len(more) + 1}")
    if type(value) is not dict:
        raise Misfit("line is JSON, but not an object")
    return value


def repeated_keys(line: bytes, keys: int) -> list[str]:
    """Return the keys that an object of a line has twice; the last value of each counts.

    Args:
        line: Bytes of the line, in an encoding that is ASCII where ASCII can be.
        keys: Number of keys of all objects that were read from it.
    """
    if line.count(b'":') + line.count(b'" :') == keys:
        return []
    repeated: list[str] = []

    def note(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            names = [name for name, _ in pairs]
            repeated.extend(name for name in found if names.count(name) > 1)
        return found

    text = line.decode("latin-1").removeprefix("\xef\xbb\xbf").lstrip(_JSON_SPACE)
    json.JSONDecoder(object_pairs_hook=note, parse_int=str, parse_float=str, parse_constant=str).raw_decode(text)
    return [name.encode("latin-1", "replace").decode("utf-8", "replace") for name in dict.fromkeys(repeated)]


def count_keys(value: Any) -> int:
    """Return the number of keys of all objects in a value."""
    if isinstance(value, dict):
        return len(value) + sum(count_keys(item) for item in value.values() if isinstance(item, dict | list))
    if isinstance(value, list):
        return sum(count_keys(item) for item in value if isinstance(item, dict | list))
    return 0


def convert(value: Any, kind: pa.DataType, path: str) -> Any:
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
        return _SURROGATES.sub("\ufffd", value) if isinstance(value, str) else json_text(value)
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


def _time(value: str, kind: pa.DataType, path: str) -> int:
    try:
        number: int = pa.scalar(value, pa.string()).cast(kind).value
    except ValueError:
        zone = "" if pa.types.is_date(kind) else " with a zone" if kind.tz else " without a zone"
        raise Misfit(f"column {path} is not an ISO 8601 string{zone} that fits {kind}") from None
    return number


def _decimal(value: str | float, kind: pa.DataType, path: str) -> Decimal:
    text = value if isinstance(value, str) else json_text(value)
    try:
        if not _DECIMAL.fullmatch(text):
            raise Misfit(f"column {path} is not a decimal number")
        number = Decimal(text)
        pa.scalar(number, kind)
    except pa.ArrowInvalid:
        raise Misfit(f"column {path} does not fit {kind} without loss") from None
    return number


def _integer(value: float, kind: pa.DataType, path: str) -> int:
    bits = kind.bit_width
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1)) if pa.types.is_signed_integer(kind) else (0, 2**bits)
    if isinstance(value, float):
        # Compared as a double first: an exponent such as 1e999 must not be written out as an integer.
        exact = Decimal(json_text(value)) if abs(value) <= 2.0**64 else None
        if exact is None or exact != exact.to_integral_value():
            raise Misfit(f"column {path} is a number that is no integer of type {kind}")
        value = int(exact)
    if not low <= value < high:
        raise Misfit(f"column {path} is beyond the range of {kind}")
    return int(value)


def _float(value: float, kind: pa.DataType, path: str) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = None
    too_large = number is None or (kind.bit_width == 32 and _FLOAT32_MAX <= abs(number) < float("inf"))
    if number is None or too_large or (isinstance(value, float) and is_overflow(value)):
        raise Misfit(f"column {path} is beyond the range of {kind}")
    return number


def json_text(value: Any) -> str:
    """Return a value as JSON text, with numbers as they were written and lone surrogates as escapes."""
    return _SURROGATES.sub(lambda match: f"\\u{ord(match[0]):04x}", _text_of(value))


def _text_of(value: Any) -> str:
    if isinstance(value, ExactNumber):
        return value.text
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_text_of(name)}: {_text_of(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_text_of, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _name(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return "string" if isinstance(value, str) else "list" if isinstance(value, list) else "object"

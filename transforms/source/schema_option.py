"""The value of ``--schema``: ``code:string,day:timestamp[us, tz=UTC],site:struct<name: string, floor: int16>``."""

from __future__ import annotations

import difflib
import re
from zoneinfo import ZoneInfo

import pyarrow as pa

from transforms.errors import UsageError

_SIMPLE: dict[str, pa.DataType] = {
    "bool": pa.bool_(),
    "int8": pa.int8(),
    "int16": pa.int16(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "uint8": pa.uint8(),
    "uint16": pa.uint16(),
    "uint32": pa.uint32(),
    "uint64": pa.uint64(),
    "float": pa.float32(),
    "float32": pa.float32(),
    "double": pa.float64(),
    "float64": pa.float64(),
    "string": pa.string(),
    "date32": pa.date32(),
    "timestamp": pa.timestamp("us"),
}
_TYPES = [*_SIMPLE, "decimal128", "list", "struct"]
_SPACE = re.compile(r"\s*")
_WORD = re.compile(r"[A-Za-z_0-9]+")
_NAME = re.compile(r'"[^"]+"|[^":,<>]+')
_UNIT = re.compile(r"\[\s*(s|ms|us|ns)\s*(?:,\s*tz\s*=\s*([^\],\s]+)\s*)?\]")
_DIGITS = re.compile(r"\(\s*(\d{1,3})\s*(?:,\s*(\d{1,3})\s*)?\)")
_OFFSET = re.compile(r"UTC|[+-]\d\d:\d\d")


def parse_schema(text: str) -> dict[str, pa.DataType]:
    """The columns and types that ``text`` names, in Arrow's own notation.

    Types: bool, int8 to int64, uint8 to uint64, float32 (float), float64 (double), string, date32, timestamp[unit] and
    timestamp[unit, tz=zone], decimal128(precision, scale), list<type>, struct<name: type, …>. A name with one of
    ``: , < >`` is written in double quotes.

    Returns:
        ``pyarrow.DataType`` by column, in the order given.

    Raises:
        UsageError: With the position of the first mistake, counted from 1.
    """
    parser = _Parser(text)
    fields = parser.fields(end="")
    return dict(fields)


class _Parser:
    """A recursive descent over the text; ``at`` is the index of the next character."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def fields(self, end: str) -> list[tuple[str, pa.DataType]]:
        """Names and types up to the character ``end``, or the end of the text."""
        found: dict[str, pa.DataType] = {}
        while True:
            self._skip_space()
            start = self.at
            name = self._take(_NAME, "the name of a column" if not end else "the name of a field")
            name = name[1:-1] if name.startswith('"') else name.strip()
            if name in found:
                raise self._mistake(f"{name} is named twice", start)
            self._expect(":", f"':' and a type after {name}")
            found[name] = self.type()
            self._skip_space()
            if end and self.text.startswith(end, self.at):
                self.at += 1
                return list(found.items())
            if not end and self.at == len(self.text):
                return list(found.items())
            self._expect(",", f"',' or '{end}'" if end else "',' before the next column")

    def type(self) -> pa.DataType:
        """One type."""
        self._skip_space()
        start = self.at
        word = self._take(_WORD, f"a type ({', '.join(_TYPES)})")
        if word == "list":
            self._expect("<", "'<' and the type of the elements")
            element = self.type()
            self._expect(">", "'>'")
            return pa.list_(element)
        if word == "struct":
            self._expect("<", "'<' and the fields")
            return pa.struct(self.fields(">"))
        if word == "decimal128":
            return self._decimal()
        if word == "timestamp" and self.text.startswith("[", self.at):
            return self._timestamp()
        if word in _SIMPLE:
            return _SIMPLE[word]
        close = difflib.get_close_matches(word, _TYPES, 1)
        hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(_TYPES)}"
        raise self._mistake(f"unknown type {word}; {hint}", start)

    def _decimal(self) -> pa.DataType:
        start = self.at
        match = _DIGITS.match(self.text, self.at)
        if match is None:
            raise self._mistake("expected the precision and scale of decimal128, such as (10, 2)", start)
        precision, scale = int(match[1]), int(match[2] or 0)
        if not 1 <= precision <= 38 or scale > precision:
            raise self._mistake("a decimal128 has 1 to 38 digits, and no more of them after the point", start)
        self.at = match.end()
        return pa.decimal128(precision, scale)

    def _timestamp(self) -> pa.DataType:
        start = self.at
        match = _UNIT.match(self.text, self.at)
        if match is None:
            raise self._mistake("expected the unit of timestamp, such as [us] or [us, tz=UTC]", start)
        if match[2] is not None and not _is_zone(match[2]):
            raise self._mistake(f"unknown time zone {match[2]}", start)
        self.at = match.end()
        return pa.timestamp(match[1], tz=match[2])

    def _take(self, pattern: re.Pattern[str], what: str) -> str:
        match = pattern.match(self.text, self.at)
        if match is None or not match[0].strip():
            raise self._mistake(f"expected {what}", self.at)
        self.at = match.end()
        return match[0]

    def _expect(self, character: str, what: str) -> None:
        self._skip_space()
        if not self.text.startswith(character, self.at):
            raise self._mistake(f"expected {what}", self.at)
        self.at += 1

    def _skip_space(self) -> None:
        match = _SPACE.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def _mistake(self, what: str, at: int) -> UsageError:
        return UsageError(f"--schema '{self.text}', character {at + 1}: {what}")


def _is_zone(name: str) -> bool:
    if _OFFSET.fullmatch(name):
        return True
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # not found, not a name, or the name of a folder of zones
        return False
    return True

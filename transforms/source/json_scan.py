"""JSON lines at planning: one pass that counts rows, cuts units at line ends, and gathers the kinds of values."""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import pyarrow as pa

from transforms.errors import UsageError
from transforms.source.json_lines import identify, is_blank, is_one_unit, line_encoding, read_lines, refused
from transforms.source.json_schema import (
    JSON_TEXT,
    MISFIT_RATIO,
    KindCounts,
    Shape,
    described,
    keys_of,
    resolve,
    shape_of,
)
from transforms.source.json_values import Misfit, NotEncoded, count_keys, parse_line, repeated_keys
from transforms.source.small_files import digest_of, fetch, is_small
from transforms.source.work_units import SourceFile, WorkUnit

LOG = logging.getLogger(__name__)

_DISTINCT_SHAPES = 1000
"""Number of shapes kept at a time: rows of one origin have a few, but where keys vary freely there is no end."""

_MAX_NOT_ENCODED = 0.5
"""Share of lines that may not be in the encoding of the file; more means that the encoding is another one."""

GIVEN_KEY = b"translate.given_columns"
JSON_KEY = b"translate.json_columns"
"""In a schema's metadata: columns whose types the user has given, and columns of JSON text, as JSON lists of names."""


@dataclass(frozen=True)
class Scan:
    """What one pass over a file has found.

    Attributes:
        units: Units of the file, in order; at least one.
        rows: Number of lines that are not blank.
        unreadable: Number of these lines that are not JSON objects.
        kinds: Counts of the values of the others.
        first_fault: Place and reason of the first unreadable line; empty if there is none.
        repeating: Number of lines that have a key twice.
    """

    units: tuple[WorkUnit, ...]
    rows: int
    unreadable: int
    kinds: KindCounts
    first_fault: str = ""
    repeating: int = 0


def scan(source: SourceFile, unit_rows: int, given: Collection[str], encoding: str | None = None) -> Scan:
    """Count the rows of a file, cut it into units of about ``unit_rows`` rows, and gather the kinds of its values.

    A file that can only be read from its start is one unit. The last unit of a file has half to one and a half times
    the rows of the others.

    Args:
        source: The file.
        unit_rows: Target number of rows in a unit.
        given: Columns whose type is given, so that their values need not be known.
        encoding: Encoding of text that has no byte order mark; None for UTF-8.

    Raises:
        UsageError: The file can't be read, is not JSON lines, or is in another encoding.
    """
    LOG.info("counting the rows of %s (%.1f MB)", source.url, source.size_bytes / 1e6)
    content = None
    if is_small(source):
        with refused(source):
            content = fetch(source)
        source = replace(source, content_digest=digest_of(content))
    source = identify(source, encoding, content)
    counter = _Counter(source, given)
    offset = 0
    cuts = [(0, 0)]  # byte and row at the start of each unit
    with refused(source):
        for lines in read_lines(source, content=content):
            for line in lines:
                offset += len(line) + 1
                if is_blank(line):
                    continue
                counter.count(line)
                if counter.rows - cuts[-1][1] == unit_rows:
                    cuts.append((offset, counter.rows))
            counter.add_up(_DISTINCT_SHAPES)
        counter.add_up()
        if is_one_unit(source):
            cuts = cuts[:1]
    rows = counter.rows
    if len(cuts) > 1 and rows - cuts[-1][1] < unit_rows / 2:
        cuts.pop()
    ends = [*cuts[1:], (source.size_bytes or offset, rows)]
    units = tuple(
        WorkUnit(source, number, start, stop, last_row - first_row, first_row)
        for number, ((start, first_row), (stop, last_row)) in enumerate(zip(cuts, ends, strict=True))
    )
    counter.check_encoding()
    return Scan(units, rows, counter.unreadable, counter.kinds, counter.first_fault, counter.repeating)


@dataclass
class _Rows:
    """Rows of one shape: how many keys each has, if the shape says so, and how many they are."""

    keys: int | None
    count: int = 0


class _Counter:
    """Adds up the lines of one file."""

    def __init__(self, source: SourceFile, given: Collection[str]) -> None:
        self.rows = self.unreadable = self.repeating = 0
        self.first_fault = ""
        self.kinds = KindCounts()
        self._shapes: dict[Shape, _Rows] = {}
        self._source = source
        self._encoding = line_encoding(source)
        self._given = given
        self._not_encoded = 0
        self._first_not_encoded = b""

    def count(self, line: bytes) -> None:
        self.rows += 1
        try:
            row = parse_line(line, encoding=self._encoding)
            values = {name: row[name] for name in self._given if name in row}
            row.update(dict.fromkeys(values))
            shape = shape_of(row)
            seen = self._shapes.get(shape)
            if seen is None:
                seen = self._shapes[shape] = _Rows(keys_of(shape))
            keys = count_keys(row) if seen.keys is None else seen.keys
            if values:
                keys += sum(map(count_keys, values.values()))
            if repeated_keys(line, keys):
                self.repeating += 1
            seen.count += 1
        except (Misfit, RecursionError) as error:
            if self.rows == 1:
                self._check_first(line)
            if isinstance(error, NotEncoded):
                self._not_encoded += 1
                self._first_not_encoded = self._first_not_encoded or line
            self.unreadable += 1
            hint = " (see --text_encoding)" if isinstance(error, NotEncoded) else ""
            self.first_fault = self.first_fault or f"row {self.rows}: {fault(error)}{hint}"

    def add_up(self, more_than: int = 0) -> None:
        """Move the counted shapes into ``kinds`` if there are more than so many."""
        if len(self._shapes) > more_than:
            for shape, rows in self._shapes.items():
                self.kinds.add_row(shape, rows.count)
            self._shapes.clear()

    def _check_first(self, line: bytes) -> None:
        """Refuse JSON that is spread over lines: its last line, or its numbers, would be taken for all of it."""
        text = line.strip().removeprefix(b"\xef\xbb\xbf")
        try:
            json.loads(text)
        except (ValueError, RecursionError):
            if text[:1] == b"[":
                kind, command = "a JSON array over several lines", "jq -c '.[]'"
            elif text == b"{":
                kind, command = "JSON with objects over several lines", "jq -c ."
            else:
                return
            raise UsageError(
                f"{self._source.url} is {kind}, but JSON lines has one object on each line; make that with: {command} "
                "FILE > FILE.jsonl"
            ) from None

    def check_encoding(self) -> None:
        """Refuse a file of which many lines are in another encoding."""
        if self._not_encoded <= self.rows * _MAX_NOT_ENCODED:
            return
        for likely in ("cp1252", "latin-1"):
            try:
                self._first_not_encoded.decode(likely)
            except UnicodeDecodeError:
                continue
            break
        raise UsageError(
            f"{self._not_encoded} of {self.rows} lines of {self._source.url} are not {self._encoding.upper()}: convert "
            f"it, or name its encoding, perhaps --text_encoding {likely}"
        )


def schema_of(
    kinds: KindCounts, rows: int, given: Mapping[str, pa.DataType], text_columns: Collection[str] = ()
) -> tuple[pa.Schema, list[str]]:
    """Return the schema for all files of which ``kinds`` is the sum, and remarks on values that do not fit it.

    A column has the type of most of its values. If the values that do not fit are in fewer than ``MISFIT_RATIO`` of the
    rows, they become null; else the column is text that holds each value as JSON.

    Args:
        kinds: Counts of the rows of all files.
        rows: Number of rows of all files.
        given: Types that the user has given, by column; columns that no row has are added at the end.
        text_columns: Columns that are wanted as text: if any of their values are strings, the others do not fit.
    """
    remarks: list[str] = []
    types: dict[str, pa.DataType] = {}
    as_json: list[str] = []
    for name, counts in kinds.fields.items():
        if name in given:
            types[name] = given[name]
            continue
        types[name], misfits = resolve(counts)
        if name in text_columns and counts.kinds["string"]:
            types[name], misfits = pa.string(), 0
        elif misfits and misfits >= rows * MISFIT_RATIO:
            types[name] = JSON_TEXT
            as_json.append(name)
            remarks.append(
                f"column {name} has values of several kinds ({described(counts.kinds)}): it is kept as JSON text"
            )
        elif misfits:
            remarks.append(
                f"column {name} is {types[name]}, but {misfits} values do not fit ({described(counts.kinds)}): they "
                "will be null, flagged src_misfit, and their lines kept in the dead letters; to keep all as text, "
                f"give --schema '{name}:string'"
            )
    metadata = {}
    if given:
        metadata[GIVEN_KEY] = json.dumps(sorted(given)).encode()
    if as_json:
        metadata[JSON_KEY] = json.dumps(as_json).encode()
    return pa.schema({**types, **given}, metadata or None), remarks


def fault(error: Misfit | RecursionError) -> str:
    """Return what is wrong with a line, without its text."""
    return str(error) if isinstance(error, Misfit) else "lists and objects are nested too deeply"

"""The footer of a part, from which a later run learns whether the part is complete."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from transforms import __version__
from transforms.sink.columns import added_by, column_name, output_schema
from transforms.sink.recipe import Recipe
from transforms.sink.statistics import Statistics
from transforms.source.work_units import WorkUnit

PREFIX = "translate."
KEYS = ("recipe", "source", "statistics", "dead_letters", "version", "schema")
RUN_KEY = PREFIX + "run"


@dataclass(frozen=True)
class PartFooter:
    """Origin and counts of a part.

    Attributes:
        recipe: Recipe of the translations.
        source: Address of the input file, without its secrets.
        fingerprint: Fingerprint of the input file at that time.
        number, start, stop, rows: See ``WorkUnit``.
        statistics_json: Counts over the rows, see ``statistics``. As text they take a third of the memory, which a run
            over thousands of files needs: it has a footer for each part.
        dead_letters: Number of lines in the part's file of dead letters.
        version: Version of the program.
        schema: Schema the part was written with, without metadata. Arrow may read back another one from the file, such
            as milliseconds for seconds.
        run_id: Identifier of the run that wrote the part; empty for a part of an early version.
    """

    recipe: Recipe
    source: str
    fingerprint: str
    number: int
    start: int
    stop: int
    rows: int
    statistics_json: str
    dead_letters: int
    version: str
    schema: pa.Schema
    run_id: str = ""

    @classmethod
    def of(
        cls,
        unit: WorkUnit,
        recipe: Recipe,
        statistics: Statistics,
        dead_letters: int,
        schema: pa.Schema,
        run_id: str = "",
    ) -> PartFooter:
        """Return the footer of a unit's part; ``schema`` is the output's."""
        return cls(
            recipe=recipe,
            source=unit.source.url,
            fingerprint=unit.source.fingerprint,
            number=unit.number,
            start=unit.start,
            stop=unit.stop,
            rows=unit.rows,
            statistics_json=json.dumps(statistics.to_json()),
            dead_letters=dead_letters,
            version=__version__,
            schema=_without_metadata(schema),
            run_id=run_id,
        )

    @property
    def statistics(self) -> Statistics:
        """Counts over the rows; a new object each time."""
        return Statistics.from_json(json.loads(self.statistics_json))

    def recounted(self, statistics: Statistics, dead_letters: int) -> PartFooter:
        """Return the footer of the same part with other counts."""
        return replace(self, statistics_json=json.dumps(statistics.to_json()), dead_letters=dead_letters)

    def to_metadata(self) -> dict[str, str]:
        """Return key-value metadata for the Parquet file: JSON, but for version, run and schema (Arrow IPC, base64)."""
        source = {
            "url": self.source,
            "fingerprint": self.fingerprint,
            "unit": self.number,
            "start": self.start,
            "stop": self.stop,
            "rows": self.rows,
        }
        entries = {
            "recipe": json.dumps(self.recipe.to_json()),
            "source": json.dumps(source),
            "statistics": self.statistics_json,
            "dead_letters": json.dumps(self.dead_letters),
            "version": self.version,
            "schema": base64.b64encode(self.schema.serialize()).decode("ascii"),
        }
        return {**{PREFIX + name: value for name, value in entries.items()}, RUN_KEY: self.run_id}

    def is_consistent(self) -> bool:
        """Return whether types and counts make sense: a footer may be damaged, or be another program's."""
        texts = (self.source, self.fingerprint, self.version, self.run_id)
        numbers = (self.number, self.start, self.stop, self.rows, self.dead_letters)
        statistics = self.statistics
        return (
            all(isinstance(text, str) for text in texts)
            and all(type(number) is int and number >= 0 for number in numbers)
            and statistics.is_consistent()
            and statistics.rows == self.rows
        )


def read_footer(file: str | Path | IO[bytes]) -> PartFooter | None:
    """Read the footer of a Parquet file, a path or an open file.

    Returns:
        None if the file is not a whole part of this program, or its footer contradicts itself or the file: the part is
        written again.

    Raises:
        OSError: The file cannot be read.
    """
    try:
        parquet = pq.read_metadata(file)
        footer = footer_of(parquet.metadata or {})
        if footer is None or footer.rows != parquet.num_rows:
            return None
        return footer if _has_columns(parquet.schema.to_arrow_schema(), footer) else None
    except (pa.ArrowException, ValueError):
        return None
    except OSError as error:
        if error.errno is None:  # Arrow's error for a footer that is not Thrift; errors of the system have a number
            return None
        raise


def footer_of(metadata: Mapping[bytes, bytes]) -> PartFooter | None:
    """Return the footer that ``PartFooter.to_metadata`` has written; None if it is missing or inconsistent."""
    try:
        entries = {name: metadata[(PREFIX + name).encode()] for name in KEYS}
        source = json.loads(entries["source"])
        footer = PartFooter(
            recipe=_recipe(entries["recipe"]),
            source=source["url"],
            fingerprint=source["fingerprint"],
            number=source["unit"],
            start=source["start"],
            stop=source["stop"],
            rows=source["rows"],
            statistics_json=entries["statistics"].decode(),
            dead_letters=int(entries["dead_letters"]),
            version=entries["version"].decode(),
            schema=_schema(entries["schema"]),
            run_id=metadata.get(RUN_KEY.encode(), b"").decode(),
        )
        return footer if footer.is_consistent() else None
    except (pa.ArrowException, KeyError, TypeError, ValueError, AttributeError, RecursionError, OSError):
        return None


def _has_columns(stored: pa.Schema, footer: PartFooter) -> bool:
    """Return whether a file has the columns that its footer names. Parquet may store times in other units."""
    if stored.names != footer.schema.names:
        return False
    columns = added_by(footer.recipe)
    added = {column_name(text, name): kind for text in footer.recipe.text_columns for name, kind in columns.items()}
    if not added.keys() <= set(stored.names):
        return False
    for field, expected in zip(stored, footer.schema, strict=True):
        kind = field.type
        if field.name in added and not _same_type(kind, added[field.name]):
            return False
        if not (pa.types.is_temporal(kind) or pa.types.is_nested(kind)) and not _same_type(kind, expected.type):
            return False
    return True


def _same_type(one: pa.DataType, two: pa.DataType) -> bool:
    """Return whether two types are equal but for the names of list elements, which depend on the Arrow version."""
    if pa.types.is_list(one) and pa.types.is_list(two):
        return bool(one.value_type.equals(two.value_type))
    if pa.types.is_dictionary(one) and pa.types.is_dictionary(two):
        return _same_type(one.value_type, two.value_type)
    return bool(one.equals(two))


def _without_metadata(schema: pa.Schema) -> pa.Schema:
    # Thousands of footers share one object. Older versions of Arrow cannot hash a schema with metadata.
    return _shared(schema.remove_metadata())


@lru_cache(maxsize=64)
def _shared(schema: pa.Schema) -> pa.Schema:
    return schema


@lru_cache(maxsize=64)
def _recipe(content: bytes) -> Recipe:
    # Thousands of parts share one recipe and a few schemas.
    return Recipe.from_json(json.loads(content))


@lru_cache(maxsize=1024)
def _schema(content: bytes) -> pa.Schema:
    return pa.ipc.read_schema(pa.py_buffer(base64.b64decode(content)))


def is_done(footer: PartFooter, unit: WorkUnit, recipe: Recipe, input_schema: pa.Schema) -> bool:
    """Return whether the part with this footer is complete and up to date.

    Args:
        footer: Footer of the existing part.
        unit: Work unit as planned by this run.
        recipe: Recipe of this run.
        input_schema: Current schema of the unit's file; further input files may change that of JSON lines.
    """
    source = unit.source
    planned = (source.url, source.fingerprint, unit.number, unit.start, unit.stop, unit.rows)
    written = (footer.source, footer.fingerprint, footer.number, footer.start, footer.stop, footer.rows)
    if planned != written or not recipe.matches(footer.recipe):
        return False
    wanted = output_schema(input_schema, recipe.text_columns, columns=added_by(recipe))
    return bool(wanted.equals(footer.schema, check_metadata=False))


def without_own_entries(metadata: Mapping[bytes, bytes] | None) -> dict[bytes, bytes]:
    """Return metadata of an input without this program's entries: the input may itself be an output."""
    return {key: value for key, value in (metadata or {}).items() if not key.startswith(PREFIX.encode())}

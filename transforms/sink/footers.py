"""What the footer of a part says about it: by that alone a later run knows whether it is done."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from transforms import __version__
from transforms.sink.columns import output_schema
from transforms.sink.recipe import Recipe
from transforms.sink.statistics import Statistics
from transforms.source.work_units import WorkUnit

PREFIX = "translate."
KEYS = ("recipe", "source", "statistics", "dead_letters", "version", "schema")


@dataclass(frozen=True)
class PartFooter:
    """A part's origin and counts.

    Attributes:
        recipe: What it was made with.
        source: Address of the input file.
        fingerprint: Of the input file as it was.
        number, start, stop, rows: Of the work unit.
        statistics: Of its rows.
        dead_letters: Lines in its file of dead letters.
        version: Of the program.
        schema: The ``pyarrow.Schema`` it was written with, without metadata. (What Arrow reads back from the file may
            differ, such as seconds that became milliseconds.)
    """

    recipe: Recipe
    source: str
    fingerprint: str
    number: int
    start: int
    stop: int
    rows: int
    statistics: Statistics
    dead_letters: int
    version: str
    schema: Any

    @classmethod
    def of(cls, unit: WorkUnit, recipe: Recipe, statistics: Statistics, dead_letters: int, schema: Any) -> PartFooter:
        """The footer of a unit's part; ``schema`` is the output's."""
        return cls(
            recipe=recipe,
            source=unit.source.url,
            fingerprint=unit.source.fingerprint,
            number=unit.number,
            start=unit.start,
            stop=unit.stop,
            rows=unit.rows,
            statistics=statistics,
            dead_letters=dead_letters,
            version=__version__,
            schema=schema.remove_metadata(),
        )

    def to_metadata(self) -> dict[str, str]:
        """Key-value metadata of the Parquet file: JSON, but for the version and the schema (Arrow IPC in base64)."""
        source = {
            "url": self.source,
            "fingerprint": self.fingerprint,
            "unit": self.number,
            "start": self.start,
            "stop": self.stop,
            "rows": self.rows,
        }
        values = {
            "recipe": self.recipe.to_json(),
            "source": source,
            "statistics": self.statistics.to_json(),
            "dead_letters": self.dead_letters,
        }
        told = {PREFIX + name: json.dumps(value) for name, value in values.items()}
        schema = base64.b64encode(self.schema.serialize()).decode("ascii")
        return {**told, PREFIX + "version": self.version, PREFIX + "schema": schema}


def without_own_entries(metadata: Mapping[bytes, bytes] | None) -> dict[bytes, bytes]:
    """Metadata of an input schema, without what an earlier run of this program wrote (the input may be its output)."""
    return {key: value for key, value in (metadata or {}).items() if not key.startswith(PREFIX.encode())}


def read_footer(file: Any) -> PartFooter | None:
    """The footer of a Parquet file, a path or an open file; None if it is no whole part of ours: it is made again.

    Raises:
        OSError: If the file can't be read.
    """
    try:
        parquet = pq.read_metadata(file)
        metadata = parquet.metadata or {}
        told = {name: metadata[(PREFIX + name).encode()] for name in KEYS}
        source = json.loads(told["source"])
        footer = PartFooter(
            recipe=_recipe(told["recipe"]),
            source=source["url"],
            fingerprint=source["fingerprint"],
            number=source["unit"],
            start=source["start"],
            stop=source["stop"],
            rows=source["rows"],
            statistics=Statistics.from_json(json.loads(told["statistics"])),
            dead_letters=int(told["dead_letters"]),
            version=told["version"].decode(),
            schema=_schema(told["schema"]),
        )
    except (pa.ArrowException, KeyError, TypeError, ValueError, AttributeError):
        return None
    except OSError as error:
        if error.errno is None:  # Arrow's, for a footer that is no Thrift; the system's errors have a number
            return None
        raise
    return footer if footer.rows == parquet.num_rows else None


@lru_cache(maxsize=64)
def _recipe(told: bytes) -> Recipe:
    # Thousands of parts share one recipe and a few schemas.
    return Recipe.from_json(json.loads(told))


@lru_cache(maxsize=1024)
def _schema(told: bytes) -> Any:
    return pa.ipc.read_schema(pa.py_buffer(base64.b64decode(told)))


def is_done(footer: PartFooter, unit: WorkUnit, recipe: Recipe, input_schema: Any) -> bool:
    """Whether the part with this footer is what ``unit`` would become.

    Args:
        footer: As it was read.
        unit: As it is planned now.
        recipe: As it is wanted now.
        input_schema: Of the unit's file now; JSON lines may get another one as files are added.
    """
    source = unit.source
    planned = (source.url, source.fingerprint, unit.number, unit.start, unit.stop, unit.rows)
    there = (footer.source, footer.fingerprint, footer.number, footer.start, footer.stop, footer.rows)
    if planned != there or not recipe.matches(footer.recipe):
        return False
    wanted = output_schema(input_schema, recipe.text_columns)
    return bool(wanted.equals(footer.schema, check_metadata=False))

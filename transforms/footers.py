"""What the footer of a part says about it: by that alone a later run knows whether it is done."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from transforms.columns import output_schema
from transforms.recipe import Recipe
from transforms.statistics import Statistics
from transforms.work_units import WorkUnit

PREFIX = "translate."
VERSION = "0.1.0"


@dataclass(frozen=True)
class PartFooter:
    """A part's origin and counts.

    Attributes:
        recipe: What it was made with.
        source: Address of the input file.
        fingerprint: Of the input file as it was.
        number, start, stop, rows: Of the work unit.
        statistics: Of its rows.
        version: Of the program.
        schema_digest: Of the part's schema, as of ``digest_of``.
    """

    recipe: Recipe
    source: str
    fingerprint: str
    number: int
    start: int
    stop: int
    rows: int
    statistics: Statistics
    version: str
    schema_digest: str

    @classmethod
    def of(cls, unit: WorkUnit, recipe: Recipe, statistics: Statistics, schema: Any) -> PartFooter:
        """The footer of a unit's part; ``schema`` is the output's."""
        source = unit.source
        return cls(
            recipe, source.url, source.fingerprint, unit.number, unit.start, unit.stop, unit.rows, statistics, VERSION,
            digest_of(schema),
        )  # fmt: skip

    def to_metadata(self) -> dict[str, str]:
        """Key-value metadata of the Parquet file."""
        unit = {
            "url": self.source,
            "fingerprint": self.fingerprint,
            "unit": self.number,
            "start": self.start,
            "stop": self.stop,
            "rows": self.rows,
        }
        values = {"recipe": self.recipe.to_json(), "source": unit, "statistics": self.statistics.to_json()}
        told = {PREFIX + name: json.dumps(value, ensure_ascii=False) for name, value in values.items()}
        return {**told, PREFIX + "version": self.version, PREFIX + "schema": self.schema_digest}


def digest_of(schema: Any) -> str:
    """64 hex digits for a ``pyarrow.Schema`` without its metadata.

    The schema that is read back from a file may differ from the one it was written with (seconds become milliseconds),
    so that digests are compared.
    """
    return hashlib.sha256(schema.remove_metadata().serialize().to_pybytes()).hexdigest()


def without_ours(metadata: Mapping[bytes, bytes] | None) -> dict[bytes, bytes]:
    """Metadata of an input schema, without what an earlier run of this program wrote (the input may be its output)."""
    return {key: value for key, value in (metadata or {}).items() if not key.startswith(PREFIX.encode())}


def read_footer(file: Any) -> PartFooter | None:
    """The footer of an open file; None if it is no Parquet file, or no part of ours."""
    try:
        parquet = pq.ParquetFile(file)
        metadata = parquet.schema_arrow.metadata or {}
        metadata = {**metadata, **(parquet.metadata.metadata or {})}
        recipe, source, statistics = (
            json.loads(metadata[(PREFIX + name).encode()]) for name in ("recipe", "source", "statistics")
        )
        return PartFooter(
            recipe=Recipe.from_json(recipe),
            source=source["url"],
            fingerprint=source["fingerprint"],
            number=source["unit"],
            start=source["start"],
            stop=source["stop"],
            rows=source["rows"],
            statistics=Statistics.from_json(statistics),
            version=metadata[(PREFIX + "version").encode()].decode(),
            schema_digest=metadata[(PREFIX + "schema").encode()].decode(),
        )
    except (pa.ArrowException, KeyError, TypeError, ValueError):
        # Whatever it is, it is not a whole part; the unit is done again.
        return None


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
    return digest_of(output_schema(input_schema, recipe.text_columns)) == footer.schema_digest

"""The read step: rows of work units, a few at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import apache_beam as beam
import pyarrow as pa

from transforms.errors import RunFailed
from transforms.source import jsonl, parquet
from transforms.source.discovery import check_unchanged
from transforms.source.work_units import Batch, UnitGroup


def read_group(group: UnitGroup, schema: Any, batch_rows: int) -> Iterator[Batch]:
    """The rows of the units of a group, in order; the last batch of each unit says so.

    Args:
        group: Units of one file; those of a Parquet row group are read in one pass.
        schema: The file's ``pyarrow.Schema``; JSON lines are made to fit it, a Parquet file has its own.
        batch_rows: At most so many rows in a batch; fewer if they are large.

    Raises:
        RunFailed: If the file can't be read, or is not the one that was planned; no unit's last batch comes then.
    """
    source = group[0].source
    check_unchanged(source)
    if source.format == "parquet":
        batches = parquet.read_units(group, batch_rows)
    else:
        batches = (batch for unit in group for batch in jsonl.read_unit(unit, schema, batch_rows))
    try:
        for batch in batches:
            if batch.last:
                check_unchanged(source)
            yield batch
    except (OSError, pa.ArrowException) as error:
        check_unchanged(source)
        raise RunFailed(f"cannot read {source.url}: {str(error).splitlines()[0]}") from error


class ReadUnits(beam.DoFn):
    """``UnitGroup`` in, ``Batch`` out, in order within each unit."""

    def __init__(self, schemas: Mapping[str, Any], batch_rows: int) -> None:
        self._schemas = schemas
        self._batch_rows = batch_rows

    def process(self, group: UnitGroup) -> Iterator[Batch]:
        """Reads one group, while the steps after it take its batches."""
        yield from read_group(group, self._schemas[group[0].source.url], self._batch_rows)

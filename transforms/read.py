"""The read step: rows of work units, a few at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import apache_beam as beam
import pyarrow as pa

from transforms.errors import RunFailed
from transforms.file_systems import first_line
from transforms.source.fingerprints import check_unchanged
from transforms.source.hive_partitions import add_partition_columns, file_schema
from transforms.source.json_lines import UNREADABLE
from transforms.source.json_reader import read_unit
from transforms.source.parquet import read_units
from transforms.source.work_units import Batch, UnitGroup


def read_group(group: UnitGroup, schema: pa.Schema, batch_rows: int) -> Iterator[Batch]:
    """Yield the rows of the units of a group, in order; the last batch of each unit is marked as such.

    Args:
        group: Units of one file, as they were planned.
        schema: The file's schema, as it was planned. JSON lines are made to fit it.
        batch_rows: Maximum number of rows in a batch; large rows make smaller batches.

    Raises:
        RunFailed: The file can't be read, or is not the one that was planned; no unit's last batch is yielded then.
    """
    source = group[0].source
    check_unchanged(source)
    if source.format == "parquet":
        batches = read_units(group, schema, batch_rows)
    else:
        batches = _read_lines(group, schema, batch_rows)
    try:
        for batch in batches:
            if batch.last:
                check_unchanged(source)
            yield batch
    except RunFailed:
        check_unchanged(source)  # a file that has changed explains whatever was found in it
        raise
    except UNREADABLE as error:
        check_unchanged(source)
        raise RunFailed(f"cannot read {source.url}: {first_line(error)}") from error


def _read_lines(group: UnitGroup, schema: pa.Schema, batch_rows: int) -> Iterator[Batch]:
    source = group[0].source
    for unit in group:
        for batch in read_unit(unit, file_schema(schema), batch_rows):
            yield replace(batch, records=add_partition_columns(batch.records, source, schema))


class ReadUnits(beam.DoFn):
    """``UnitGroup`` in, ``Batch`` out, in order within each unit."""

    def __init__(self, schemas: Mapping[str, pa.Schema], batch_rows: int) -> None:
        self._schemas = schemas
        self._batch_rows = batch_rows

    def process(self, group: UnitGroup) -> Iterator[Batch]:
        """Read one group, while the steps after it take its batches."""
        yield from read_group(group, self._schemas[group[0].source.url], self._batch_rows)

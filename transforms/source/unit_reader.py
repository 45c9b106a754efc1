"""Read the rows of planned units, a few at a time, and notice a file that has changed since it was planned."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

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
    read = read_units if source.format == "parquet" else _read_lines
    batches = read(group, schema, batch_rows)
    try:
        if source.content_digest is not None:  # it was compared when the content was fetched
            yield from batches
            return
        check_unchanged(source)
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

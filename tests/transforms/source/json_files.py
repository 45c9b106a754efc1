"""JSON lines files for tests, and what is read of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from transforms.source.discovery import list_sources
from transforms.source.json_reader import read_unit
from transforms.source.json_scan import Scan, scan, schema_of
from transforms.source.schema_option import parse_schema
from transforms.source.work_units import Batch, SourceFile


def write(path: Path, data: bytes) -> SourceFile:
    path.write_bytes(data)
    return list_sources([str(path)])[0]


def lines_file(path: Path, lines: Sequence[str | bytes | dict[str, Any]], end: bytes = b"\n") -> SourceFile:
    encoded = [
        line if isinstance(line, bytes) else (line if isinstance(line, str) else json.dumps(line)).encode()
        for line in lines
    ]
    return write(path, b"".join(line + end for line in encoded))


def read(found: Scan, schema: Any, batch_rows: int = 3) -> list[Batch]:
    return [batch for unit in found.units for batch in read_unit(unit, schema, batch_rows)]


def rows_of(batches: Sequence[Batch]) -> list[dict[str, Any]]:
    return [row for batch in batches for row in batch.records.to_pylist()]


def bad_rows(batches: Sequence[Batch]) -> dict[int, tuple[str, bytes]]:
    """Reason and bytes by row, of a file of one unit."""
    return {batch.first_row + bad.row: (bad.reason, bad.raw) for batch in batches for bad in batch.bad_lines}


def everything(
    source: SourceFile, unit_rows: int = 4, schema: str = "", batch_rows: int = 3
) -> tuple[Any, list[Batch], Scan]:
    given_types = parse_schema(schema) if schema else {}
    found = scan(source, unit_rows, given_types)
    inferred, _ = schema_of(found.kinds, found.rows, given_types)
    return inferred, read(found, inferred, batch_rows), found

"""Footers of Parquet files: read at planning, and not believed before they are checked."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from fsspec.caching import caches
from fsspec.implementations.local import LocalFileSystem
from fsspec.spec import AbstractBufferedFile

from transforms.errors import TranslateError, UsageError
from transforms.file_systems import file_system, first_line, sends_ranges
from transforms.source.parquet_pages import MAX_PAGE_BYTES, too_large
from transforms.source.small_files import digest_of, fetch, is_small
from transforms.source.work_units import SourceFile
from transforms.waiting import announced

UNREADABLE = (OSError, pa.ArrowException, ValueError, OverflowError, EOFError)
"""What Arrow raises for damaged files: names that are not UTF-8 are a ValueError, impossible sizes an OverflowError."""

_READ_BYTES = 1 << 18  # for each column at a time
_REMOTE_READ_BYTES = 1 << 20
_OPTIONS = {
    "pre_buffer": False,  # buffered, not whole column chunks ahead
    "page_checksum_verification": True,  # where a file has checksums: damage might else be read as other texts
    "coerce_int96_timestamp_unit": "us",  # nanoseconds end in the year 2262, and Spark can't read them back
    "thrift_string_size_limit": 64 << 20,
    "thrift_container_size_limit": 1_000_000,
}
_MAX_DEPTH = 100
_ROWS_PER_BYTE = 100
_MAX_ROWS_PER_BYTE = 1_000_000
"""Real files have less than one row a byte. Files of nulls may have hundreds, so such a file is counted; more than a
million can't be."""


@dataclass(frozen=True)
class Footer:
    """What planning needs of a file.

    Attributes:
        schema: The file's schema, metadata included.
        group_rows: Number of rows in each of its row groups.
        remarks: What Arrow can't keep of its columns' types, a phrase each.
        content_digest: Of the whole file, if that was fetched; else None.
    """

    schema: pa.Schema
    group_rows: tuple[int, ...]
    remarks: tuple[str, ...] = ()
    content_digest: str | None = None


class KnownSchemas:
    """Schemas of footers, each one object: thousands of files have few different ones."""

    def __init__(self, schemas: Iterable[pa.Schema] = ()) -> None:
        self._lock = threading.Lock()
        self._schemas = {schema.serialize().to_pybytes(): schema for schema in schemas}
        self._remarks: dict[int, tuple[str, ...]] = {}

    def shared(self, schema: pa.Schema) -> pa.Schema:
        """Return the one object that is equal to ``schema``, metadata included."""
        with self._lock:
            return self._schemas.setdefault(schema.serialize().to_pybytes(), schema)

    def remarks(self, schema: pa.Schema, parquet_schema: pq.ParquetSchema) -> tuple[str, ...]:
        """Return what ``lost_types`` says of a shared schema, looked at once."""
        if id(schema) not in self._remarks:
            self._remarks[id(schema)] = tuple(lost_types(parquet_schema, schema))
        return self._remarks[id(schema)]


def read_footer(source: SourceFile, known: KnownSchemas | None = None) -> Footer:
    """Read the end of a file.

    Args:
        source: The file.
        known: Schemas of other files, so that equal ones are one object.

    Raises:
        UsageError: The file can't be read, is not Parquet, or its footer can't be true.
    """
    with refused(source):
        if not sends_ranges(*file_system(source.address)):
            raise UsageError(
                f"cannot read {source.url}: its server does not send parts of files (range requests), which Parquet "
                "needs; download the file first"
            )
    content = None
    if is_small(source):
        with refused(source):
            content = fetch(source)
    with refused(source), open_parquet(source, content) as file:
        group_rows = _checked_rows(source, file)
        schema = file.schema_arrow
        for name in schema.names:
            name.encode()
        if max(map(_depth, schema.types), default=0) > _MAX_DEPTH:
            raise UsageError(f"cannot read {source.url}: its columns are nested more than {_MAX_DEPTH} deep")
        _check_pages(source, file.metadata)
        known = known or KnownSchemas()
        schema = known.shared(schema)
        digest = None if content is None else digest_of(content)
        return Footer(schema, group_rows, known.remarks(schema, file.schema), digest)


@contextmanager
def refused(source: SourceFile) -> Iterator[None]:
    """Turn what Arrow raises inside the context into an error that names the file.

    Raises:
        UsageError: For every error of reading.
    """
    try:
        with announced(f"reading {source.url}"):
            yield
    except TranslateError:
        raise
    except pa.ArrowNotImplementedError as error:
        names = _without_type(source)
        columns = f"column {names[0]}" if len(names) == 1 else f"one of the columns {', '.join(names)}" if names else ""
        place = f"{columns} of {source.url}" if columns else f"{source.url} as Parquet"
        raise UsageError(f"cannot read {place}: {first_line(error)}") from error
    except UNREADABLE as error:
        raise UsageError(f"cannot read {source.url} as Parquet: {first_line(error)}") from error


@contextmanager
def open_parquet(source: SourceFile, content: bytes | None = None) -> Iterator[pq.ParquetFile]:
    """Open a file, with INT96 timestamps as microseconds.

    Args:
        source: The file.
        content: Its bytes, if they are known already.

    Raises:
        OSError, pyarrow.ArrowException, ValueError: The file can't be read, or is not Parquet.
    """
    fs, path = file_system(source.address)
    if isinstance(fs, LocalFileSystem):
        with pa.OSFile(path, "rb") as file, pq.ParquetFile(file, buffer_size=_READ_BYTES, **_OPTIONS) as parquet:
            yield parquet
    elif content is not None or is_small(source):
        whole = fetch(source) if content is None else content
        with pq.ParquetFile(pa.BufferReader(whole), **_OPTIONS) as parquet:
            yield parquet
    else:
        with fs.open(path, "rb") as file:
            if isinstance(file, AbstractBufferedFile):
                # Columns are read in turns: reading ahead (S3: 50 MB) would fetch the same bytes many times.
                file.cache = caches["none"](file.blocksize, file._fetch_range, file.size)
            with pq.ParquetFile(file, buffer_size=_REMOTE_READ_BYTES, **_OPTIONS) as parquet:
                yield parquet


def _without_type(source: SourceFile) -> list[str]:
    """The columns of a file that are bytes of fixed length to Parquet: their writer may have a type for them."""
    fs, path = file_system(source.address)
    tail = fs.cat_file(path, start=-8)
    footer = fs.cat_file(path, start=-8 - int.from_bytes(tail[:4], "little"))
    # Arrow's own entry has the type that can't be read; under another name, it is not looked at.
    footer = footer.replace(b"ARROW:schema", b"OTHER:schema")
    schema = pq.read_metadata(io.BytesIO(b"PAR1" + footer)).schema
    columns = [schema.column(number) for number in range(len(schema))]
    return [
        column.path
        for column in columns
        if column.physical_type == "FIXED_LEN_BYTE_ARRAY" and column.logical_type.type == "NONE"
    ]


def _checked_rows(source: SourceFile, file: pq.ParquetFile) -> tuple[int, ...]:
    """The rows of each row group, if they can be true: a footer may be damaged or forged."""
    metadata = file.metadata
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    rows = tuple(group.num_rows for group in groups)
    if min(rows, default=0) < 0 or sum(rows) != metadata.num_rows:
        raise UsageError(f"cannot read {source.url} as Parquet: the row counts in its footer contradict each other")
    if sum(rows) > _ROWS_PER_BYTE * source.size_bytes:
        lie = f"cannot read {source.url} as Parquet: its footer claims {sum(rows)} rows in {source.size_bytes} bytes"
        if sum(rows) > _MAX_ROWS_PER_BYTE * source.size_bytes:
            raise UsageError(lie)
        for number, claimed in enumerate(rows):
            name = groups[number].column(0).path_in_schema.partition(".")[0]
            counted = sum(batch.num_rows for batch in file.iter_batches(1 << 16, row_groups=[number], columns=[name]))
            if counted != claimed:
                raise UsageError(f"{lie}, but row group {number} has {counted} instead of {claimed}")
    return rows


def _check_pages(source: SourceFile, metadata: pq.FileMetaData) -> None:
    """Refuse pages that would not fit into memory; not in object stores, where each header would be a request."""
    fs, path = file_system(source.address)
    if not isinstance(fs, LocalFileSystem):
        return
    with Path(path).open("rb") as file:
        for name, size in too_large(file, metadata):
            raise UsageError(
                f"cannot read column {name} of {source.url}: it has a page of {size >> 20} MB, more than the "
                f"{MAX_PAGE_BYTES >> 20} MB that are read at once; rewrite the file with smaller values or pages"
            )


def _depth(kind: pa.DataType) -> int:
    depth = 0
    level = [kind]
    while level:
        level = [each.field(number).type for each in level for number in range(each.num_fields)]
        depth += 1
        if depth > _MAX_DEPTH:
            break
    return depth


def lost_types(parquet_schema: pq.ParquetSchema, schema: pa.Schema) -> Iterator[str]:
    """Yield a phrase for each column whose Parquet type changes when Arrow reads and writes it.

    Arrow has no such type (INTERVAL), or drops a part of it (the zone of a TIME). The bytes are kept.

    Args:
        parquet_schema: Schema of a file as Parquet has it.
        schema: Schema of the same file as Arrow reads it.
    """
    buffer = io.BytesIO()
    pq.write_table(schema.empty_table(), buffer)
    written = pq.ParquetFile(buffer).schema
    if len(written) != len(parquet_schema):
        return
    for number in range(len(written)):
        before, after = parquet_schema.column(number), written.column(number)
        if before.physical_type != "INT96" and _meaning(before) != _meaning(after):
            yield f"column {before.path} is {_shown(before)} and becomes {_shown(after)}"


def _meaning(column: Any) -> tuple[Any, ...]:
    described = json.loads(column.logical_type.to_json())
    kind = described.get("Type")
    if kind == "Int" and described.get("isSigned") and described.get("bitWidth") in (32, 64):
        kind = "None"  # the same as an integer without annotation
    if kind in ("Time", "Timestamp"):
        return kind, described.get("isAdjustedToUTC"), described.get("timeUnit")
    return (kind,)


def _shown(column: Any) -> str:
    kind, *more = _meaning(column)
    if kind == "Time" and more[0]:
        return "TIME with a time zone"
    if kind == "Time":
        return "TIME"
    if kind == "None":
        return f"bytes of fixed length {column.length}" if column.length else str(column.physical_type).lower()
    return str(kind).upper()

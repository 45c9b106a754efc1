"""Descriptors of work: an input file, a slice of it, and a few rows read from that slice.

Only groups of ``WorkUnit`` cross Beam's Reshuffle. Rows never do: they stay in one fused stage.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

Format = Literal["parquet", "jsonl"]
Compression = Literal["gzip", "zstd"]

_STEM_BYTES = 224
"""Longest stem of a part's name: file systems allow names of 255 bytes, and the part's name adds to the stem."""


@dataclass(frozen=True)
class SourceFile:
    """One input file.

    Attributes:
        url: The file's identity: an absolute local path, or ``protocol://…`` without secrets. It may be logged.
        format: How rows are stored.
        compression: Compression of the whole file; always None for Parquet.
        size_bytes: Size as the file system lists it.
        fingerprint: Changes whenever the content may have changed (size and modification time, or ETag).
        partitions: Columns that the names of the file's folders give (``year=2024``), outermost first.
        encoding: Encoding of the text of JSON lines.
        signed_url: The address that opens the file, where that is not ``url``. It may hold a secret.
        content_digest: Of the content that was planned, for a file that ``small_files`` fetches whole; else None.
    """

    url: str
    format: Format
    compression: Compression | None
    size_bytes: int
    fingerprint: str
    partitions: tuple[tuple[str, str | None], ...] = ()
    encoding: str = "utf-8"
    signed_url: str | None = None
    content_digest: str | None = None

    @property
    def address(self) -> str:
        """What fsspec opens. Only ``url`` may be shown."""
        return self.signed_url or self.url

    @property
    def stem(self) -> str:
        """The names of the partition folders and the file's name up to its first dot: ``year=2024-calls``."""
        path = self.url.partition("::")[0].partition("?")[0] if "://" in self.url else self.url
        *folders, name = path.rstrip("/").split("/")[-1 - len(self.partitions) :]
        return "-".join([*folders, name.split(".")[0] or name])


@dataclass(frozen=True)
class WorkUnit:
    """A slice of one input file, which becomes one part of the output.

    Attributes:
        source: The input file.
        number: Number of the unit within its file, from 0.
        start: First row (Parquet, within the file) or first byte (JSON lines, at the start of a line).
        stop: One past the last row or byte. A file that can't be entered in the middle, such as a compressed one, is
            one unit from 0 to its size.
        rows: Exact number of rows: planning has counted them.
        rows_before: Number of the file's rows before the unit, for JSON lines; that of Parquet is ``start``.
    """

    source: SourceFile
    number: int
    start: int
    stop: int
    rows: int
    rows_before: int = 0

    @property
    def first_row(self) -> int:
        """Number of the unit's first row within the file, from 0."""
        return self.start if self.source.format == "parquet" else self.rows_before

    @property
    def part_name(self) -> str:
        """``part-<stem>-<8 hex of the input's path>-<unit number>.parquet``: the same for every run and every retry."""
        digest = hashlib.sha256(self.source.url.encode()).hexdigest()[:8]
        stem = self.source.stem.encode()[-_STEM_BYTES:].decode(errors="ignore")
        return f"part-{stem}-{digest}-{self.number:05d}.parquet"


UnitGroup = tuple[WorkUnit, ...]
"""Consecutive units of one file that are read in one pass, as a large Parquet row group is; the element of the
Reshuffle. A group of JSON lines has one unit."""


@dataclass(frozen=True)
class BadLine:
    """A line of JSON lines that could not be parsed; its row in the batch is all null.

    Attributes:
        row: Index within the batch.
        reason: What is wrong with it, without its text.
        raw: Its bytes, without the line end.
    """

    row: int
    reason: str
    raw: bytes


@dataclass(frozen=True)
class MisfitValue:
    """A JSON value that its column can't hold and that is null in the batch, or of a key that is in the line twice.

    Attributes:
        row: Index within the batch.
        column: Top-level key of the value.
        reason: What is wrong with it, without its text.
        raw: Bytes of the whole line, without the line end.
    """

    row: int
    column: str
    reason: str
    raw: bytes


@dataclass(frozen=True)
class Batch:
    """A few consecutive rows of one unit.

    Attributes:
        unit: Where they come from.
        index: Number of the batch within its unit, from 0.
        records: The rows, in the schema of the unit's file.
        last: Whether the unit ends with it. A unit without rows is one empty batch.
        bad_lines: Rows of ``records`` that stand for unreadable lines.
        first_row: Number of the unit's rows before this batch.
        misfits: Values that ``records`` lacks; the other columns of their rows stay.
    """

    unit: WorkUnit
    index: int
    records: pa.RecordBatch
    last: bool
    bad_lines: tuple[BadLine, ...] = ()
    first_row: int = 0
    misfits: tuple[MisfitValue, ...] = ()

"""Descriptors of work: an input file, a slice of it, and a few rows read from that slice.

Only ``WorkUnit`` crosses Beam's Reshuffle; rows never do (design: rows stay in one fused stage).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Literal

Format = Literal["parquet", "jsonl"]
Compression = Literal["gzip", "zstd"]

_STEM_BYTES = 224
"""Of a part's name: an input's name may be as long as file systems allow, 255 bytes, and the part's is longer."""


@dataclass(frozen=True)
class SourceFile:
    """One input file.

    Attributes:
        url: What fsspec opens: an absolute local path, or ``protocol://…``. It is the file's identity.
        format: How rows are stored.
        compression: Of the whole file; always None for Parquet.
        size_bytes: As listed.
        fingerprint: Changes whenever the content may have changed (size and modification time, or ETag).
    """

    url: str
    format: Format
    compression: Compression | None
    size_bytes: int
    fingerprint: str

    @property
    def stem(self) -> str:
        """The file's name up to its first dot: ``calls`` for ``…/calls.jsonl.gz``."""
        name = self.url.rstrip("/").rpartition("/")[2]
        return name.split(".")[0] or name


@dataclass(frozen=True)
class WorkUnit:
    """A slice of one input file, which becomes one part of the output.

    Attributes:
        source: The file.
        number: Of the unit within its file, from 0.
        start: First row (Parquet, within the file) or first byte (JSONL, at the start of a line).
        stop: One past the last row or byte. A compressed file is one unit from 0 to its size.
        rows: Rows in it: exact, because planning has counted them.
    """

    source: SourceFile
    number: int
    start: int
    stop: int
    rows: int

    @property
    def part_name(self) -> str:
        """``part-<stem>-<8 hex of the input's path>-<unit number>.parquet``: the same for every run and every retry."""
        digest = hashlib.sha256(self.source.url.encode()).hexdigest()[:8]
        stem = self.source.stem.encode()[:_STEM_BYTES].decode(errors="ignore")
        return f"part-{stem}-{digest}-{self.number:05d}.parquet"


UnitGroup = tuple[WorkUnit, ...]
"""Consecutive units of one Parquet row group, read in one pass; the element that is reshuffled. JSONL: one unit."""


@dataclass(frozen=True)
class BadLine:
    """A JSONL line that could not be parsed or does not fit the schema; its row in the batch is all null.

    Attributes:
        row: Index within the batch.
        reason: What is wrong with it, without its text.
        raw: Its bytes, without the line end.
    """

    row: int
    reason: str
    raw: bytes


@dataclass(frozen=True)
class Batch:
    """A few consecutive rows of one unit.

    Attributes:
        unit: Where they come from.
        index: Of the batch within its unit, from 0.
        records: The rows, a ``pyarrow.RecordBatch`` in the schema of the unit's file.
        last: Whether the unit ends with it. A unit without rows is one empty batch.
        bad_lines: Rows of ``records`` that stand for unreadable lines.
        first_row: The unit's rows before this batch.
    """

    unit: WorkUnit
    index: int
    records: Any
    last: bool
    bad_lines: tuple[BadLine, ...] = ()
    first_row: int = 0

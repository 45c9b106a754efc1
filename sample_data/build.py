"""Build records.parquet from records.jsonl, the source of truth.

    python sample_data/build.py [--check]

With ``--check`` nothing is written; the exit code is 1 if the Parquet file has different rows or types.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

FOLDER = Path(__file__).resolve().parent
ROWS_PER_GROUP = 60

SCHEMA = pa.schema(
    [
        ("report_id", pa.string()),
        ("title", pa.string()),
        ("body", pa.string()),
        ("category", pa.dictionary(pa.int32(), pa.string())),
        ("site", pa.string()),
        ("author_role", pa.string()),
        ("created_at", pa.timestamp("us", "Europe/Paris")),
        ("priority", pa.int8()),
        ("amount_eur", pa.decimal128(10, 2)),
        ("tags", pa.list_(pa.string())),
        ("metadata", pa.struct([("channel", pa.string()), ("pages", pa.int16())])),
        ("reference_en", pa.string()),
    ]
)


def records() -> Any:
    """The records as a ``pyarrow.Table`` with precise types."""
    rows = [json.loads(line) for line in (FOLDER / "records.jsonl").read_text("utf-8").splitlines()]
    for row in rows:
        row["created_at"] = datetime.fromisoformat(row["created_at"])
        row["amount_eur"] = None if row["amount_eur"] is None else Decimal(row["amount_eur"])
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def main(arguments: list[str]) -> int:
    """Build the file, or check it."""
    target = FOLDER / "records.parquet"
    if "--check" in arguments:
        return int(not target.is_file() or not pq.ParquetFile(target).read().equals(records()))
    pq.write_table(records(), target, row_group_size=ROWS_PER_GROUP, compression="zstd")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Files of numbered rows, their plans, and what was read of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq

from transforms.source.discovery import list_sources
from transforms.source.plan import InputPlan, plan_inputs
from transforms.source.unit_reader import read_group
from transforms.source.work_units import Batch


def write(address: str, count: int) -> None:
    """``count`` rows with an id and a text, in the format that the name says."""
    rows = [{"id": number, "text": f"Texte n° {number}"} for number in range(count)]
    with fsspec.open(address, "wb") as file:
        if address.endswith(".parquet"):
            pq.write_table(pa.Table.from_pylist(rows), file, row_group_size=20)
        else:
            file.write("".join(json.dumps(row) + "\n" for row in rows).encode())


def planned(*inputs: str) -> InputPlan:
    return plan_inputs(list_sources(inputs), 10)


def batches_of(found: InputPlan, batch_rows: int = 4) -> Iterator[Batch]:
    for group in found.groups:
        yield from read_group(group, found.schemas[group[0].source.url], batch_rows)


def ids(batches: Any) -> list[int]:
    return [number for batch in batches for number in batch.records.column("id").to_pylist()]

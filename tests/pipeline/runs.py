"""Inputs and results of whole runs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

Run = Callable[..., "Result"]


class Result:
    """A run's exit code, its one line on stdout, and its stderr."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def summary(self) -> dict[str, Any]:
        (line,) = self.out.splitlines()
        return dict(json.loads(line))


def sentence(number: int) -> str:
    return f"Le technicien a remplacé la pompe numéro {number} du bâtiment."


def records(tmp_path: Path, rows: int, name: str = "reports", start: int = 0, **columns: list[Any]) -> Path:
    numbers = range(start, start + rows)
    table = pa.table({"id": list(numbers), "text": [sentence(number) for number in numbers], **columns})
    path = tmp_path / f"{name}.parquet"
    pq.write_table(table, path, row_group_size=40)
    return path


def output_of(output: Path) -> pa.Table:
    return pa.concat_tables([pq.ParquetFile(path).read() for path in sorted(output.glob("part-*.parquet"))])


def origins(output: Path) -> Counter[str]:
    return Counter(output_of(output).column("text_en_origin").to_pylist())


def repeated(tmp_path: Path, name: str, numbers: list[int]) -> Path:
    path = tmp_path / f"{name}.parquet"
    pq.write_table(pa.table({"text": [sentence(number) for number in numbers]}), path)
    return path

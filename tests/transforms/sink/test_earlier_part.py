"""Outcomes of an earlier run: all but the failed ones are kept as they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from transforms.engine.outcome import Outcome
from transforms.errors import RunFailed
from transforms.sink import earlier_part
from transforms.sink.columns import added_arrays, output_schema
from transforms.sink.earlier_part import EarlierPart

DONE = Outcome("Hello", "ok", ("numbers",), None, "generated", 1, 1, "mistral", "5f" * 32, "http://gpu0:11434", 9)


@pytest.fixture
def part(tmp_path: Path) -> str:
    """Seven rows, of which the statuses are in turn ok, failed, partial and warn."""
    outcomes = [replace(DONE, status=("ok", "failed", "partial", "warn")[row % 4], attempts=row) for row in range(7)]
    schema = output_schema(pa.schema([("id", pa.int64()), ("body", pa.string())]), ("body",))
    arrays = [pa.array(range(7)), pa.array(["Bonjour"] * 7), *added_arrays(outcomes)]
    path = tmp_path / "part.parquet"
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), path, row_group_size=3)
    return str(path)


@pytest.mark.parametrize("batch_rows", [1, 2, 512])
def test_rows_come_in_order_however_many_are_taken(part: str, batch_rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(earlier_part, "BATCH_ROWS", batch_rows)
    earlier = EarlierPart(part, ("body",))
    taken = [outcome for rows in (3, 1, 3) for outcome in earlier.take(rows)["body"]]
    assert [outcome and (outcome.status, outcome.attempts) for outcome in taken] == [
        ("ok", 0), None, None, ("warn", 3), ("ok", 4), None, None,
    ]  # fmt: skip
    assert taken[0] is not None
    assert (taken[0].translation, list(taken[0].flags), taken[0].total_duration_ns) == ("Hello", ["numbers"], 9)


def test_a_part_with_fewer_rows_or_none_at_all_is_an_error(part: str, tmp_path: Path) -> None:
    with pytest.raises(RunFailed, match="has fewer rows than its input: run with --overwrite"):
        EarlierPart(part, ("body",)).take(8)
    with pytest.raises(RunFailed, match=r"cannot read .*missing"):
        EarlierPart(str(tmp_path / "missing.parquet"), ("body",)).take(1)

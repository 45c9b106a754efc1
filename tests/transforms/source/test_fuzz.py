"""Damaged files, by the hundred: each is read as planned or refused in one line; nothing else happens.

The variants are drawn with a fixed seed, so a failure can be repeated by its number.
"""

from __future__ import annotations

import datetime
import gzip
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from transforms.errors import RunFailed, UsageError
from transforms.source.discovery import list_sources
from transforms.source.plan import plan_inputs
from transforms.source.text_columns import read_texts
from transforms.source.unit_reader import read_group
from transforms.source.work_units import Batch

VARIANTS = 300


def read_all(path: Path) -> list[Batch]:
    """Plan and read a file as a run does.

    Raises:
        UsageError, RunFailed: As planning and reading raise them.
    """
    found = plan_inputs(list_sources([str(path)]), 7)
    batches = [batch for group in found.groups for batch in read_group(group, found.schemas[str(path)], 5)]
    assert sum(batch.records.num_rows for batch in batches) == found.rows
    assert [batch.unit for batch in batches if batch.last] == list(found.units)
    for batch in batches:
        for name in found.text_columns:
            texts, _ = read_texts(batch.records.column(name))
            assert len(texts) == batch.records.num_rows
    return batches


def outcome(path: Path) -> str:
    """``read``, or the reason for which the file was refused."""
    try:
        read_all(path)
    except (UsageError, RunFailed) as error:
        message = str(error)
        assert str(path) in message
        assert "\n" not in message
        return message
    return "read"


def damaged(data: bytes, rng: random.Random) -> bytes:
    """The data with a few bytes flipped, cut, repeated, or exchanged."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5)) if data else 0):
        at = rng.randrange(max(1, len(changed)))
        length = rng.choice((1, 1, 2, 8, 40))
        kind = rng.randrange(5)
        if kind == 0:
            changed[at : at + 1] = bytes(byte ^ 1 << rng.randrange(8) for byte in changed[at : at + 1])
        elif kind == 1:
            changed[at : at + length] = rng.randbytes(length)
        elif kind == 2:
            del changed[at : at + length]
        elif kind == 3:
            changed[at:at] = changed[at : at + length]
        else:
            del changed[max(1, at) :]
    return bytes(changed)


def every_kind(rows: int, rng: random.Random) -> pa.Table:
    moment = datetime.datetime(2024, 3, 1, tzinfo=datetime.timezone.utc)
    return pa.table(
        {
            "text": [rng.choice(("Été", "", None, "a" * 300)) for _ in range(rows)],
            "id": range(rows),
            "at": [moment + datetime.timedelta(hours=row) for row in range(rows)],
            "tags": [["x"] * rng.randrange(3) for _ in range(rows)],
            "site": [{"floor": row, "name": None} for row in range(rows)],
            "kind": pa.array([rng.choice("abc") for _ in range(rows)]).dictionary_encode(),
        }
    )


def test_damaged_parquet_is_read_or_refused(tmp_path: Path) -> None:
    rng = random.Random(20240301)
    path = tmp_path / "a.parquet"
    seen = set()
    for _ in range(VARIANTS):
        table = every_kind(rng.choice((0, 1, 23)), rng)
        pq.write_table(
            table,
            path,
            row_group_size=rng.choice((5, 100)),
            compression=rng.choice(("none", "snappy", "zstd")),
            use_dictionary=rng.random() < 0.5,
            data_page_version=rng.choice(("1.0", "2.0")),
            store_schema=rng.random() < 0.5,
        )
        data = path.read_bytes()
        footer = int.from_bytes(data[-8:-4], "little") + 8
        if rng.random() < 0.5:  # footers are where lies can be told
            path.write_bytes(data[:-footer] + damaged(data[-footer:], rng))
        else:
            path.write_bytes(damaged(data, rng))
        seen.add(outcome(path) == "read")
    assert seen == {True, False}


def json_value(rng: random.Random, depth: int = 0) -> Any:
    kinds: list[Callable[[], Any]] = [
        lambda: None,
        lambda: rng.random() < 0.5,
        lambda: rng.choice((0, -1, 7, 2**53 + 1, 2**63, 2**64, -(2**70), 10**40)),
        lambda: rng.choice((0.5, 1e300, -0.0, float("inf"), float("nan"))),
        lambda: rng.choice(("", "Été", "\ud800", "\0", "a" * 50)),
    ]
    if depth < 3:
        kinds.append(lambda: [json_value(rng, depth + 1) for _ in range(rng.randrange(3))])
        kinds.append(lambda: {rng.choice("abcé"): json_value(rng, depth + 1) for _ in range(rng.randrange(3))})
    return rng.choice(kinds)()


def test_damaged_and_mixed_json_lines_are_read_or_refused(tmp_path: Path) -> None:
    rng = random.Random(20240302)
    seen = set()
    for _ in range(VARIANTS):
        rows = [
            {"text": f"Été {row}", **{rng.choice("abcd"): json_value(rng) for _ in range(rng.randrange(4))}}
            for row in range(rng.choice((1, 30)))
        ]
        lines = "".join(json.dumps(row, ensure_ascii=rng.random() < 0.5) + "\n" for row in rows)
        data = lines.encode(
            rng.choice(("utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-32-le")), "surrogatepass"
        )
        path = tmp_path / "a.jsonl"
        if rng.random() < 0.3:
            data = gzip.compress(data) + bytes(rng.choice((0, 0, 512)))
            path = tmp_path / rng.choice(("a.jsonl", "a.jsonl.gz"))
        path.write_bytes(damaged(data, rng) if rng.random() < 0.7 else data)
        seen.add(outcome(path) == "read")
    assert seen == {True, False}


def test_whole_json_lines_lose_no_text_and_no_value(tmp_path: Path) -> None:
    rng = random.Random(20240303)
    path = tmp_path / "a.jsonl"
    for _ in range(VARIANTS // 3):
        rows = [{"text": f"Été {row}", "more": json_value(rng)} for row in range(rng.choice((3, 20)))]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        batches = read_all(path)
        found = [row for batch in batches for row in batch.records.to_pylist()]
        assert [row["text"] for row in found] == [row["text"] for row in rows]
        assert not any(batch.bad_lines or batch.misfits for batch in batches)  # one row in 20 is not rare
        for row, before in zip(found, rows, strict=True):
            assert (row["more"] is None) == (before["more"] is None)


@pytest.mark.parametrize("writer", ["pyarrow", "duckdb", "pandas"])
def test_whole_parquet_files_of_each_writer_keep_their_values(tmp_path: Path, writer: str) -> None:
    rng = random.Random(20240304)
    table = every_kind(40, rng)
    path = tmp_path / "a.parquet"
    if writer == "duckdb":
        duckdb.from_arrow(table).write_parquet(str(path), row_group_size=10)
    elif writer == "pandas":
        table.to_pandas().to_parquet(path, row_group_size=10)
    else:
        pq.write_table(table, path, row_group_size=10)
    copy = pa.Table.from_batches([batch.records for batch in read_all(path)])
    pq.write_table(copy, tmp_path / "copy.parquet")
    before, after = (duckdb.read_parquet(str(tmp_path / f"{name}.parquet")).fetchall() for name in ("a", "copy"))
    assert before == after

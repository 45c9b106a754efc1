"""Files of JSON lines: how they are cut into units and batches, and files that are compressed, damaged or huge."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pytest
import zstandard

from tests.transforms.source.json_files import everything, lines_file, read, rows_of, write
from transforms.errors import RunFailed, UsageError
from transforms.source import json_lines, json_schema
from transforms.source.json_reader import read_unit
from transforms.source.json_scan import scan
from transforms.source.work_units import Batch


def test_rows_come_back_in_order_with_their_types(tmp_path: Path) -> None:
    rows = [
        {
            "id": number,
            "text": f"Été {number}",
            "score": number / 2,
            "tags": ["a"] * (number % 3),
            "site": {"floor": number},
        }
        for number in range(11)
    ]
    schema, batches, found = everything(lines_file(tmp_path / "a.jsonl", rows))
    assert schema.types == [
        pa.int64(),
        pa.string(),
        pa.float64(),
        pa.list_(pa.string()),
        pa.struct([("floor", pa.int64())]),
    ]
    assert rows_of(batches) == rows
    assert [unit.rows for unit in found.units] == [4, 4, 3]
    assert (found.rows, found.unreadable) == (11, 0)


def test_units_are_cut_at_line_ends_and_cover_the_file(tmp_path: Path) -> None:
    data = b'{"a":1}\n\n{"a":2}\r\n   \n{"a":3}\n{"a":4}\n{"a":5}\n\n'
    source = write(tmp_path / "a.jsonl", data)
    units = scan(source, 2, ()).units
    assert [data[unit.start : unit.stop] for unit in units] == [
        b'{"a":1}\n\n{"a":2}\r\n',
        b'   \n{"a":3}\n{"a":4}\n',
        b'{"a":5}\n\n',
    ]
    assert [(unit.number, unit.rows) for unit in units] == [(0, 2), (1, 2), (2, 1)]


def test_a_short_rest_joins_the_unit_before(tmp_path: Path) -> None:
    source = lines_file(tmp_path / "a.jsonl", [{"a": number} for number in range(21)])
    assert [unit.rows for unit in scan(source, 10, ()).units] == [10, 11]
    assert [unit.rows for unit in scan(source, 8, ()).units] == [8, 8, 5]


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\r\n"])
def test_a_file_without_rows_is_one_unit_without_rows(tmp_path: Path, data: bytes) -> None:
    found = scan(write(tmp_path / "a.jsonl", data), 4, ())
    assert [(unit.start, unit.stop, unit.rows) for unit in found.units] == [(0, len(data), 0)]
    [batch] = read(found, pa.schema({"text": pa.string()}))
    assert batch.last
    assert batch.records.num_rows == 0
    assert batch.records.schema == pa.schema({"text": pa.string()})


def test_byte_order_mark_crlf_and_a_last_line_without_end_are_fine(tmp_path: Path) -> None:
    source = write(tmp_path / "a.jsonl", b'\xef\xbb\xbf{"a":1}\r\n\r\n {"a":2} \r\n{"a":3}')
    schema, batches, found = everything(source)
    assert rows_of(batches) == [{"a": 1}, {"a": 2}, {"a": 3}]
    assert found.unreadable == 0
    assert schema == pa.schema({"a": pa.int64()})


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_a_compressed_file_is_one_unit(tmp_path: Path, suffix: str) -> None:
    rows = [{"id": number, "text": "Bonjour " * 30} for number in range(1000)]
    data = "".join(json.dumps(row) + "\n" for row in rows).encode()
    half = data.index(b"\n", len(data) // 2) + 1
    compress = gzip.compress if suffix == ".gz" else zstandard.compress
    source = write(tmp_path / f"a.jsonl{suffix}", compress(data[:half]) + compress(data[half:]))
    _, batches, found = everything(source)
    assert [(unit.start, unit.stop, unit.rows) for unit in found.units] == [(0, source.size_bytes, 1000)]
    assert rows_of(batches) == rows


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
@pytest.mark.parametrize("damage", ["cut", "flipped"])
def test_a_damaged_compressed_file_is_refused_not_shortened(tmp_path: Path, suffix: str, damage: str) -> None:
    data = "".join(f'{{"id": {number}}}\n' for number in range(10_000)).encode()
    compressed = gzip.compress(data) if suffix == ".gz" else zstandard.compress(data)
    source = write(tmp_path / f"a.jsonl{suffix}", compressed[:-3] if damage == "cut" else b"\x07" + compressed[1:])
    with pytest.raises(UsageError, match=r"cannot read .*a\.jsonl"):
        scan(source, 10, ())


def test_a_long_line_is_read_and_an_endless_one_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = lines_file(tmp_path / "a.jsonl", [{"t": "é" * 3_000_000}, {"t": "b"}])
    _, batches, _ = everything(source)
    assert [len(row["t"]) for row in rows_of(batches)] == [3_000_000, 1]
    monkeypatch.setattr(json_lines, "MAX_LINE_BYTES", 1 << 20)
    with pytest.raises(UsageError, match=r"a\.jsonl has a line of more than 1 MB"):
        scan(source, 10, ())


def test_batches_are_bounded_in_rows_and_bytes(tmp_path: Path) -> None:
    source = lines_file(tmp_path / "a.jsonl", [{"t": "x" * 300_000}] * 7 + [{"t": "y"}] * 7)
    found = scan(source, 100, ())
    batches = read(found, pa.schema({"t": pa.string()}), batch_rows=5)
    assert [batch.records.num_rows for batch in batches] == [3, 3, 5, 3]
    assert [batch.index for batch in batches] == [0, 1, 2, 3]
    assert [batch.first_row for batch in batches] == [0, 3, 6, 11]
    assert [batch.last for batch in batches] == [False, False, False, True]


def test_a_file_that_lost_rows_ends_the_run_before_the_last_batch(tmp_path: Path) -> None:
    source = lines_file(tmp_path / "a.jsonl", [{"a": 1}] * 5)
    [unit] = scan(source, 10, ()).units
    for rows in (3, 4):
        changed = lines_file(tmp_path / "a.jsonl", [{"a": 1}] * rows)
        longer = type(unit)(changed, 0, 0, changed.size_bytes, 5)
        batches: list[Batch] = []
        with pytest.raises(RunFailed, match=f"has {rows} rows where 5 were counted"):
            batches.extend(read_unit(longer, pa.schema({"a": pa.int64()}), 2))


def test_keys_that_are_data_can_be_kept_as_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_schema, "MAX_FIELDS", 100)
    rows = [{"id": number, "counts": {f"key {number}": number}} for number in range(3000)]
    source = lines_file(tmp_path / "a.jsonl", rows)
    schema, batches, _ = everything(source, 5000, "counts:string")
    assert schema.field("counts").type == pa.string()
    assert [json.loads(row["counts"]) for row in rows_of(batches)] == [row["counts"] for row in rows]

"""Footers: what they say is checked before it is believed."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from transforms.errors import UsageError
from transforms.source.discovery import list_sources
from transforms.source.parquet_footer import read_footer
from transforms.source.work_units import SourceFile


def write(path: Path, table: pa.Table, **options: Any) -> SourceFile:
    pq.write_table(table, path, **options)
    return list_sources([str(path)])[0]


def varint(number: int) -> bytes:
    """As Thrift's compact protocol writes an i64: zigzag, seven bits a byte, the lowest first."""
    number = number * 2 if number >= 0 else -number * 2 - 1
    data = bytearray()
    while number > 127:
        data.append(number & 127 | 128)
        number >>= 7
    return bytes([*data, number])


def with_footer_numbers(path: Path, before: int, after: int) -> SourceFile:
    """The file with a number of its footer replaced wherever it stands."""
    data = path.read_bytes()
    length = int.from_bytes(data[-8:-4], "little")
    footer = data[-8 - length : -8].replace(varint(before), varint(after))
    path.write_bytes(data[: -8 - length] + footer + len(footer).to_bytes(4, "little") + b"PAR1")
    return list_sources([str(path)])[0]


@pytest.mark.parametrize("content", [b"", b"PAR1", b"this is no Parquet file", b"PAR1" + b"\0" * 40 + b"PAR1"])
def test_what_is_no_parquet_is_refused_by_name_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.parquet"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"cannot read .*broken\.parquet as Parquet: ") as caught:
        read_footer(list_sources([str(path)])[0])
    assert "\n" not in str(caught.value)


def test_a_footer_gives_the_rows_of_each_row_group(tmp_path: Path) -> None:
    footer = read_footer(write(tmp_path / "a.parquet", pa.table({"text": ["x"] * 25}), row_group_size=10))
    assert footer.group_rows == (10, 10, 5)
    assert footer.schema == pa.schema({"text": pa.string()})
    assert footer.remarks == ()


@pytest.mark.parametrize(
    ("claimed", "said"),
    [
        (10**12, r"its footer claims 1000000000000 rows in \d+ bytes$"),
        (54_321_000, r"its footer claims 54321000 rows in \d+ bytes, but row group 0 has 54321 instead of 54321000"),
        (-54321, "the row counts in its footer contradict each other"),
    ],
)
def test_rows_that_a_file_cannot_have_are_refused_without_memory_for_them(
    tmp_path: Path, claimed: int, said: str
) -> None:
    path = tmp_path / "a.parquet"
    write(path, pa.table({"text": pa.nulls(54321, pa.string())}))
    source = with_footer_numbers(path, 54321, claimed)
    tracemalloc.start()
    try:
        with pytest.raises(UsageError, match=said):
            read_footer(source)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_a_file_with_many_nulls_is_counted_and_believed(tmp_path: Path) -> None:
    source = write(tmp_path / "a.parquet", pa.table({"text": pa.nulls(5_000_000, pa.string())}), row_group_size=10**7)
    assert source.size_bytes * 100 < 5_000_000
    assert sum(read_footer(source).group_rows) == 5_000_000


def test_a_column_name_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    write(path, pa.table({"text": ["x"], "naming": ["y"]}), store_schema=False)
    path.write_bytes(path.read_bytes().replace(b"naming", b"na\xff\xfeng"))
    with pytest.raises(UsageError, match=r"cannot read .*a\.parquet as Parquet: ") as caught:
        read_footer(list_sources([str(path)])[0])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("depth", [90, 120, 300])
def test_a_schema_that_is_nested_without_end_is_refused(tmp_path: Path, depth: int) -> None:
    kind = pa.int32()
    for _ in range(depth):
        kind = pa.struct([("a", kind)])
    source = write(tmp_path / "a.parquet", pa.table({"text": pa.array([], pa.string()), "deep": pa.array([], kind)}))
    if depth < 100:
        assert read_footer(source).schema.names == ["text", "deep"]
    else:
        with pytest.raises(UsageError, match=r"cannot read .*a\.parquet"):
            read_footer(source)

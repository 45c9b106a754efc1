"""Parquet: every type and every row survives, however row groups and units lie."""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fsspec.spec import AbstractBufferedFile, AbstractFileSystem
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.errors import RunFailed, UsageError
from transforms.source.discovery import list_sources
from transforms.source.parquet import plan_groups, read_units, try_reading
from transforms.source.parquet_footer import read_footer
from transforms.source.work_units import Batch, SourceFile, UnitGroup

SOURCE = SourceFile("/x.parquet", "parquet", None, 1, "")


def write(path: Path, table: pa.Table, rows_per_group: int = 10**6, **options: Any) -> SourceFile:
    pq.write_table(table, path, row_group_size=rows_per_group, **options)
    return list_sources([str(path)])[0]


def numbers(count: int) -> pa.Table:
    return pa.table({"id": range(count), "text": [f"Texte n° {number}" for number in range(count)]})


def groups_of(source: SourceFile, unit_rows: int) -> list[UnitGroup]:
    return plan_groups(source, read_footer(source).group_rows, unit_rows)


def read(groups: Sequence[UnitGroup], batch_rows: int = 64) -> list[Batch]:
    return [batch for group in groups for batch in read_units(group, schema_of(group), batch_rows)]


def schema_of(group: UnitGroup) -> pa.Schema:
    return read_footer(group[0].source).schema


def table_of(batches: Sequence[Batch]) -> pa.Table:
    return pa.Table.from_batches([batch.records for batch in batches])


@pytest.mark.parametrize(
    ("group_rows", "unit_rows", "rows"),
    [
        ([], 5, [[0]]),
        ([0, 0], 5, [[0]]),
        ([5], 5, [[5]]),
        ([7], 5, [[7]]),
        ([8], 5, [[4, 4]]),
        ([11], 5, [[3, 4, 4]]),
        ([1, 1, 1, 1, 1, 1, 1], 5, [[5], [2]]),
        ([3, 3, 2, 1], 5, [[3], [5, 1][:1], [1]]),
        ([2, 20, 2, 2], 10, [[2], [10, 10], [4]]),
        ([0, 12, 0, 9], 10, [[12], [9]]),
    ],
)
def test_row_groups_become_units(group_rows: list[int], unit_rows: int, rows: list[list[int]]) -> None:
    groups = plan_groups(SOURCE, group_rows, unit_rows)
    assert [[unit.rows for unit in group] for group in groups] == rows


@given(st.lists(st.integers(0, 40), max_size=20), st.integers(1, 15))
def test_units_cover_all_rows_in_order_and_have_a_useful_size(group_rows: list[int], unit_rows: int) -> None:
    units = [unit for group in plan_groups(SOURCE, group_rows, unit_rows) for unit in group]
    assert [unit.number for unit in units] == list(range(len(units)))
    assert units[0].start == 0
    assert units[-1].stop == sum(group_rows)
    assert all(one.stop == two.start for one, two in pairwise(units))
    assert all(unit.rows == unit.stop - unit.start for unit in units)
    assert max(unit.rows for unit in units) <= 1.5 * unit_rows
    assert len(units) == 1 or min(unit.rows for unit in units) > 0


def every_type(rows: int) -> pa.Table:
    zone = datetime.timezone(datetime.timedelta(hours=1))
    moment = datetime.datetime(2024, 3, 1, 8, tzinfo=zone)
    extension = pa.ExtensionArray.from_storage(pa.uuid(), pa.array([bytes(range(16))] * rows, pa.binary(16)))
    columns = {
        "text": pa.array([f"Été {row}" for row in range(rows)]),
        "large": pa.array([None, "x"] * (rows // 2), pa.large_string()),
        "view": pa.array(["long enough to be out of line"] * rows, pa.string_view()),
        "blob": pa.array([b"\0\xff", None] * (rows // 2)),
        "fixed": pa.array([b"abcd"] * rows, pa.binary(4)),
        "category": pa.array(["a", "b"] * (rows // 2)).dictionary_encode(),
        "amount": pa.array([decimal.Decimal("1.20")] * rows, pa.decimal128(10, 2)),
        "precise": pa.array([decimal.Decimal("1.20")] * rows, pa.decimal256(50, 2)),
        "at": pa.array(
            [moment + datetime.timedelta(seconds=row) for row in range(rows)], pa.timestamp("us", "Europe/Paris")
        ),
        "at_ns": pa.array(range(rows), pa.timestamp("ns")),
        "day": pa.array(range(rows), pa.date32()),
        "time": pa.array(range(rows), pa.time64("us")),
        "lasted": pa.array(range(rows), pa.duration("ms")),
        "nothing": pa.nulls(rows),
        "half": pa.array([1.5] * rows, pa.float16()),
        "score": pa.array([float("nan"), None] * (rows // 2)),
        "unsigned": pa.array([2**64 - 1] * rows, pa.uint64()),
        "tags": pa.array([["a", None], None] * (rows // 2)),
        "pair": pa.array([[1, 2]] * rows, pa.list_(pa.int8(), 2)),
        "map": pa.array([[("k", row)] for row in range(rows)], pa.map_(pa.string(), pa.int32())),
        "site": pa.array([{"floor": row, "rooms": [{"name": "x"}]} for row in range(rows)]),
        "codes": pa.array([["a"]] * rows, pa.list_(pa.dictionary(pa.int32(), pa.string()))),
        "uuid": extension,
    }
    schema = pa.schema(
        [pa.field(name, column.type, metadata={"unit": name}) for name, column in columns.items()], {"origin": "here"}
    )
    return pa.table(list(columns.values()), schema)


@pytest.mark.parametrize("rows", [40, 0])
def test_all_types_values_and_metadata_survive(tmp_path: Path, rows: int) -> None:
    source = write(tmp_path / "a.parquet", every_type(rows), 17)
    file = pq.ParquetFile(source.url)  # as a whole, Arrow can't read lists of dictionaries
    before = pa.concat_tables(
        [file.schema_arrow.empty_table(), *map(file.read_row_group, range(file.metadata.num_row_groups))]
    )
    batches = read(groups_of(source, 6), 4)
    after = table_of(batches)
    assert after.schema.equals(before.schema, check_metadata=True)
    assert read_footer(source).schema.equals(before.schema, check_metadata=True)
    assert repr(after.to_pylist()) == repr(before.to_pylist())
    assert batches[-1].last
    assert before.schema.metadata[b"origin"] == b"here"


@settings(max_examples=60)
@given(
    group_rows=st.integers(1, 30),
    rows=st.integers(0, 60),
    unit_rows=st.integers(1, 25),
    batch_rows=st.integers(1, 9),
    done=st.sets(st.integers(0, 60)),
)
def test_the_rows_of_the_units_asked_for_come_in_order_and_no_others(
    tmp_path_factory: pytest.TempPathFactory,
    group_rows: int,
    rows: int,
    unit_rows: int,
    batch_rows: int,
    done: set[int],
) -> None:
    source = write(tmp_path_factory.getbasetemp() / "any.parquet", numbers(rows), group_rows)
    groups = [tuple(unit for unit in group if unit.number not in done) for group in groups_of(source, unit_rows)]
    units = [unit for group in groups for unit in group]
    batches = read([group for group in groups if group], batch_rows)
    ids = [number for batch in batches for number in batch.records.column("id").to_pylist()]
    assert ids == [number for unit in units for number in range(unit.start, unit.stop)]
    for unit in units:
        own = [batch for batch in batches if batch.unit == unit]
        assert [batch.index for batch in own] == list(range(len(own)))
        assert [batch.last for batch in own] == [False] * (len(own) - 1) + [True]
        firsts = [sum(before.records.num_rows for before in own[:index]) for index in range(len(own))]
        assert [batch.first_row for batch in own] == firsts
        assert max(batch.records.num_rows for batch in own) <= batch_rows


def test_batches_of_large_rows_are_small(tmp_path: Path) -> None:
    texts = ["x" * 10] * 100 + [f"{number}" * 150_000 for number in range(10, 40)]
    source = write(tmp_path / "a.parquet", pa.table({"text": texts}))
    batches = read(groups_of(source, 200))
    assert table_of(batches).column("text").to_pylist() == texts
    assert max(batch.records.nbytes for batch in batches) <= 1 << 20


def test_a_row_group_is_never_in_memory_as_a_whole(tmp_path: Path) -> None:
    texts = [f"{number:03}" * 100_000 for number in range(200)]  # 60 MB
    source = write(tmp_path / "a.parquet", pa.table({"text": texts}), write_batch_size=2, use_dictionary=False)
    groups = groups_of(source, 1000)
    before = pa.total_allocated_bytes()
    held = [pa.total_allocated_bytes() - before for group in groups for _ in read_units(group, schema_of(group), 64)]
    assert len(held) >= 60
    assert max(held) < 10_000_000


def test_a_large_dictionary_does_not_make_batches_small(tmp_path: Path) -> None:
    words = [f"{number}" * 100_000 for number in range(10, 30)]
    column = pa.array(words * 10).dictionary_encode()
    source = write(tmp_path / "a.parquet", pa.table({"text": ["x"] * 200, "category": column}), write_batch_size=10)
    batches = read(groups_of(source, 200), 50)
    assert table_of(batches).column("category").to_pylist() == words * 10
    assert len(batches) < 20


def test_int96_moments_of_any_year_are_kept_as_an_independent_reader_sees_them(tmp_path: Path) -> None:
    moments = [datetime.datetime(year, 1, 2, 3, 4, 5, 678901) for year in (1, 1200, 1969, 2024, 2262, 9999)]  # noqa: DTZ001 - INT96 has no zone
    columns = {
        "at": pa.array([*moments, None], pa.timestamp("us")),
        "all": pa.array([[moment, None] for moment in moments] + [None], pa.list_(pa.timestamp("us"))),
        "seen": pa.array(
            [{"first": moment, "by": "x"} for moment in moments] + [None],
            pa.struct([("first", pa.timestamp("us")), ("by", pa.string())]),
        ),
        "log": pa.array([[("k", moment)] for moment in moments] + [None], pa.map_(pa.string(), pa.timestamp("us"))),
    }
    source = write(tmp_path / "a.parquet", pa.table(columns), use_deprecated_int96_timestamps=True)
    assert {"INT96"} <= {column.physical_type for column in map(pq.ParquetFile(source.url).schema.column, range(6))}
    pq.write_table(table_of(read(groups_of(source, 4))), tmp_path / "copy.parquet")
    query = "SELECT * FROM read_parquet(?)"
    before, after = (duckdb.execute(query, [str(tmp_path / f"{name}.parquet")]).fetchall() for name in ("a", "copy"))
    assert before == after
    assert [row[0] for row in after] == [*moments, None]


def test_fixed_size_lists_with_nulls_are_refused_before_anything_is_asked(tmp_path: Path) -> None:
    pairs = pa.array([[1, 2]] * 100 + [None], pa.list_(pa.int32(), 2))
    source = write(tmp_path / "a.parquet", pa.table({"text": ["x"] * 101, "pair": pairs}), 10)
    said = r"cannot read column pair \(fixed_size_list<.*\) of .*a\.parquet: .*: rewrite it as plain lists"
    with pytest.raises(UsageError, match=said):
        try_reading(source)
    try_reading(write(tmp_path / "a.parquet", pa.table({"pair": pairs.slice(0, 100)}), 10))


def test_a_page_that_its_checksum_denies_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    plain: dict[str, Any] = {"compression": "none", "use_dictionary": False, "write_page_checksum": True}
    groups = groups_of(write(path, pa.table({"text": ["Le chat dort."] * 1000}), **plain), 1000)
    path.write_bytes(path.read_bytes().replace(b"chat", b"chut", 500))
    with pytest.raises(RunFailed, match=r"column text .*CRC checksum verification failed"):
        read(groups)


def test_a_file_that_lost_rows_ends_the_run(tmp_path: Path) -> None:
    groups = groups_of(write(tmp_path / "a.parquet", numbers(10)), 5)
    write(tmp_path / "a.parquet", numbers(7))
    with pytest.raises(RunFailed, match=r"a\.parquet ends before row 10"):
        read(groups)


class CountingFile(AbstractBufferedFile):  # type: ignore[misc]
    """A file as the clients of object stores make them; what is fetched is counted."""

    fetched_bytes = 0

    def _fetch_range(self, start: int, end: int) -> bytes:
        data: bytes = Path(self.path).read_bytes()[start:end]
        CountingFile.fetched_bytes += len(data)
        return data


class CountingFileSystem(AbstractFileSystem):  # type: ignore[misc]
    """A remote file system over local files."""

    protocol = "counting"

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        status = Path(path).stat()
        return {"name": path, "size": status.st_size, "type": "file", "ETag": str(status.st_mtime_ns)}

    def _open(self, path: str, mode: str = "rb", **options: Any) -> CountingFile:
        return CountingFile(self, path, mode, block_size=4 << 20, cache_type="readahead")


def test_a_remote_file_is_fetched_once_though_columns_are_read_in_turns(tmp_path: Path) -> None:
    fsspec.register_implementation("counting", CountingFileSystem, clobber=True)
    rows = 60_000
    columns = {f"c{number}": [f"{row * 7919 % 1_000_003:040}" for row in range(rows)] for number in range(4)}
    local = write(tmp_path / "a.parquet", pa.table(columns), compression="none", use_dictionary=False)
    [source] = list_sources([f"counting://{local.url}"])
    CountingFile.fetched_bytes = 0
    batches = read(groups_of(source, rows), 1000)
    assert sum(batch.records.num_rows for batch in batches) == rows
    assert CountingFile.fetched_bytes < 1.2 * local.size_bytes

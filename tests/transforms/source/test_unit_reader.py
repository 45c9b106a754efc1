from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.transforms.source.numbered_rows import batches_of, ids, planned, write
from transforms.errors import RunFailed, UsageError
from transforms.source.discovery import list_sources
from transforms.source.plan import plan_inputs
from transforms.source.work_units import Batch


@pytest.fixture(params=["local", "memory"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A folder's address: of files, or in memory."""
    if request.param == "local":
        yield str(tmp_path)
        return
    fs = fsspec.filesystem("memory")
    fs.mkdir("/read")
    yield "memory:///read"
    fs.rm("/read", recursive=True)


@pytest.mark.parametrize("name", ["a.jsonl", "a.parquet"])
def test_all_rows_come_in_order_and_each_unit_ends(folder: str, name: str) -> None:
    write(f"{folder}/{name}", 45)
    found = planned(folder)
    batches = list(batches_of(found))
    assert ids(batches) == list(range(45))
    assert tuple(batch.unit for batch in batches if batch.last) == found.units
    assert all(batch.records.schema == found.schemas[batch.unit.source.url] for batch in batches)


@pytest.mark.parametrize("name", ["a.jsonl", "a.parquet"])
@pytest.mark.parametrize("change", ["rewritten", "removed"])
def test_a_file_changed_after_planning_ends_the_run_before_any_row(folder: str, name: str, change: str) -> None:
    address = f"{folder}/{name}"
    write(address, 40)
    found = planned(address)
    fs, path = fsspec.core.url_to_fs(address)
    if change == "removed":
        fs.rm(path)
    else:
        write(address, 41)
    with pytest.raises(
        RunFailed, match=rf"{name} was {'removed' if change == 'removed' else 'changed'} during the run"
    ):
        next(batches_of(found))


@pytest.mark.parametrize("name", ["a.jsonl", "a.parquet"])
def test_a_file_changed_while_it_is_read_never_completes_a_unit(
    folder: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Small files are checked once they are in memory.
    monkeypatch.setattr("transforms.source.small_files.SMALL_FILE_BYTES", 0)
    address = f"{folder}/{name}"
    write(address, 40)
    batches = batches_of(planned(address))
    assert not next(batches).last
    write(address, 50)
    rest: list[Batch] = []
    with pytest.raises(RunFailed, match="changed during the run"):
        rest.extend(batches)
    assert not any(batch.last for batch in rest)


def test_an_error_from_a_changed_file_is_said_as_such(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    texts = pa.array([f"{number:060}" for number in range(50_000)])  # more than is read ahead
    pq.write_table(pa.table({"text": texts}), path, compression="none", use_dictionary=False)
    found = plan_inputs(list_sources([str(path)]), 100_000)
    batches = batches_of(found)
    next(batches)
    path.write_bytes(b"x" * path.stat().st_size)
    with pytest.raises(RunFailed, match="changed during the run"):
        list(batches)


@pytest.mark.parametrize("group", [0, 1])
def test_damaged_data_is_said_in_one_line_with_the_column(tmp_path: Path, group: int) -> None:
    path = tmp_path / "a.parquet"
    write(str(path), 40)
    start = pq.ParquetFile(path).metadata.row_group(group).column(1).dictionary_page_offset
    data = bytearray(path.read_bytes())
    data[start : start + 40] = b"\xff" * 40
    path.write_bytes(data)
    said = r"cannot read column text \(string\) of .*a\.parquet: "
    if group == 0:  # the first rows are tried at planning
        with pytest.raises(UsageError, match=said) as refused:
            planned(str(path))
        assert "\n" not in str(refused.value)
        return
    with pytest.raises(RunFailed, match=said) as caught:
        list(batches_of(planned(str(path))))
    assert "\n" not in str(caught.value)

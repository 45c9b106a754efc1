"""Pages are measured before room is made for them."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from transforms.errors import UsageError
from transforms.source import parquet_footer, parquet_pages
from transforms.source.discovery import list_sources
from transforms.source.parquet_footer import read_footer
from transforms.source.parquet_pages import too_large


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_pages, "_LARGE_CHUNK_BYTES", 0)
    for module in (parquet_pages, parquet_footer):
        monkeypatch.setattr(module, "MAX_PAGE_BYTES", 2 << 20)


@pytest.mark.parametrize("compression", ["none", "snappy", "zstd"])
@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("use_dictionary", [True, False])
def test_every_page_of_every_kind_is_measured(
    tmp_path: Path, compression: str, version: str, use_dictionary: bool
) -> None:
    """The pages of a chunk lie one after the other, so a wrong length would end in a damaged header."""
    texts = [f"{number}" * 200 for number in range(3000)] + ["x" * (3 << 20)]
    table = pa.table({"id": range(3001), "text": texts, "tags": [["a", "b"]] * 3001})
    path = tmp_path / "a.parquet"
    pq.write_table(
        table,
        path,
        row_group_size=2000,
        data_page_size=1 << 14,
        data_page_version=version,
        compression=compression,
        use_dictionary=use_dictionary,
    )
    with path.open("rb") as file:
        found = list(too_large(file, pq.read_metadata(path)))
    assert [name for name, _ in found] == ["text"]
    assert found[0][1] > 3 << 20
    with pytest.raises(UsageError, match=r"cannot read column text of .*a\.parquet: it has a page of \d+ MB"):
        read_footer(list_sources([str(path)])[0])


def test_usual_pages_are_no_reason_to_refuse_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": ["Bonjour " * 100] * 10_000}), path)
    assert read_footer(list_sources([str(path)])[0]).group_rows == (10_000,)

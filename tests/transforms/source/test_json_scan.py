"""One pass over a file of JSON lines: units, counts, kinds and what is refused."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from transforms.errors import UsageError
from transforms.source.discovery import list_sources
from transforms.source.json_scan import Scan, scan, schema_of


def scanned(path: Path, data: bytes, unit_rows: int = 10, encoding: str | None = None) -> Scan:
    path.write_bytes(data)
    return scan(list_sources([str(path)])[0], unit_rows, (), encoding)


def test_a_file_of_another_encoding_is_refused_with_the_option_that_names_it(tmp_path: Path) -> None:
    lines = '{"text": "Été"}\n{"text": "œuvre"}\n{"text": "x"}\n'.encode("cp1252")
    with pytest.raises(UsageError, match=r"2 of 3 lines of .*a\.jsonl are not UTF-8.*--text_encoding cp1252"):
        scanned(tmp_path / "a.jsonl", lines)
    found = scanned(tmp_path / "a.jsonl", lines, encoding="cp1252")
    assert (found.rows, found.unreadable) == (3, 0)
    assert found.units[0].source.encoding == "cp1252"
    few = scanned(tmp_path / "a.jsonl", b'{"text": "x"}\n' * 3 + b'{"text": "\xe9"}\n')
    assert (few.rows, few.unreadable) == (4, 1)
    assert few.first_fault == "row 4: line is not UTF-8 at byte 11 (see --text_encoding)"


def test_a_file_in_a_single_byte_encoding_is_cut_into_units(tmp_path: Path) -> None:
    found = scanned(tmp_path / "a.jsonl", '{"text": "Été"}\n'.encode("cp1252") * 25, 10, "cp1252")
    assert [unit.rows for unit in found.units] == [10, 10, 5]


def test_a_list_in_the_first_line_is_a_bad_line_and_no_array(tmp_path: Path) -> None:
    found = scanned(tmp_path / "a.jsonl", b'["a"]\n{"text": "x"}\n')
    assert (found.rows, found.unreadable) == (2, 1)


@pytest.mark.parametrize(
    ("misfits", "kind"), [(9, pa.int64()), (10, pa.string())], ids=["fewer than one in a hundred", "one in a hundred"]
)
def test_one_row_in_a_hundred_decides_between_null_and_json_text(
    tmp_path: Path, misfits: int, kind: pa.DataType
) -> None:
    lines = b'{"id": 1, "text": "x"}\n' * (1000 - misfits) + b'{"id": "a", "text": "x"}\n' * misfits
    found = scanned(tmp_path / "a.jsonl", lines)
    schema, [remark] = schema_of(found.kinds, found.rows, {})
    assert schema.field("id").type == kind
    assert ("src_misfit" in remark) is (kind == pa.int64())
    assert "--schema 'id:string'" in remark or "kept as JSON text" in remark

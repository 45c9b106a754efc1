"""What a file of JSON lines really is, whatever its name says."""

from __future__ import annotations

import bz2
import gzip
import lzma
from pathlib import Path

import pytest
import zstandard

from transforms.errors import UsageError
from transforms.source.discovery import list_sources
from transforms.source.json_lines import identify, line_encoding, read_lines

LINES = '{"text": "Été"}\n{"text": "œuvre"}\n'


def lines_of(path: Path, data: bytes, encoding: str | None = None) -> list[str]:
    path.write_bytes(data)
    source = identify(list_sources([str(path)])[0], encoding)
    return [line.decode(line_encoding(source)).removeprefix("\ufeff") for block in read_lines(source) for line in block]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.jsonl.zst"])
@pytest.mark.parametrize("compressed", ["no", "gzip", "zeros", "zstd"])
def test_compression_and_wide_characters_are_seen_in_the_bytes(
    tmp_path: Path, encoding: str, name: str, compressed: str
) -> None:
    data = LINES.encode(encoding)
    if name != "a.jsonl" and compressed == "no" and encoding.startswith(("utf-16", "utf-32")):
        return  # what does not begin like JSON is not what the name says
    if compressed in ("gzip", "zeros"):
        data = gzip.compress(data) + bytes(512 * (compressed == "zeros"))
    elif compressed == "zstd":
        data = zstandard.compress(data)
    assert "\n".join(lines_of(tmp_path / name, data)) == LINES.rstrip("\n")


def test_another_encoding_is_read_if_it_is_named(tmp_path: Path) -> None:
    assert lines_of(tmp_path / "a.jsonl", LINES.encode("cp1252"), "cp1252") == LINES.splitlines()
    assert lines_of(tmp_path / "b.jsonl", LINES.encode("utf-16"), "cp1252") == LINES.splitlines()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"PAR1....", "is Parquet"),
        (b"PK\x03\x04....", "is a zip archive"),
        (bz2.compress(b"{}"), "is compressed with bzip2"),
        (lzma.compress(b"{}"), "is compressed with xz"),
    ],
)
def test_files_of_other_kinds_are_refused_by_the_name_of_the_kind(tmp_path: Path, data: bytes, said: str) -> None:
    with pytest.raises(UsageError, match=rf"a\.jsonl {said}"):
        lines_of(tmp_path / "a.jsonl", data)


def test_a_name_that_promises_compression_is_not_believed(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"a\.jsonl\.gz: it is not gzip, although its name says so"):
        lines_of(tmp_path / "a.jsonl.gz", b"\x00\x01\x02")

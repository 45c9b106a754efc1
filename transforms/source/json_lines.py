"""Files of JSON lines as bytes: what they really are, whatever their name, and their lines, a block at a time.

A line ends with a line feed, or with the file.
"""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pyarrow as pa
from fsspec.implementations.http import HTTPFileSystem

from transforms.errors import RunFailed, UsageError
from transforms.file_systems import file_system, first_line, sends_ranges
from transforms.source.small_files import fetch, is_small
from transforms.source.work_units import Compression, SourceFile
from transforms.waiting import announced

UNREADABLE = (OSError, EOFError, zlib.error, pa.ArrowException, ValueError)
"""What file systems and decompressors raise for files that are damaged or can't be reached."""

MAX_LINE_BYTES = 64 << 20
_BLOCK_BYTES = 1 << 20
_UTF8_MARK = codecs.BOM_UTF8

_COMPRESSIONS: dict[bytes, Compression] = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
_OTHER_KINDS = {
    b"PAR1": "Parquet: give it the suffix .parquet",
    b"PK\x03\x04": "a zip archive: unpack it, or read it as zip://*.jsonl::ARCHIVE",
    b"BZh": "compressed with bzip2: decompress it, or compress it with gzip or zstd",
    b"\xfd7zXZ": "compressed with xz: decompress it, or compress it with gzip or zstd",
    b"\x04\x22\x4d\x18": "compressed with lz4: decompress it, or compress it with gzip or zstd",
    b"Obj\x01": "Avro: convert it to Parquet",
    b"ORC": "ORC: convert it to Parquet",
}
_WIDE_ENCODINGS = {
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
    b"{\0": "utf-16-le",
    b"\0{": "utf-16-be",
}
"""Encodings by the first bytes of a file; UTF-32's mark begins with that of UTF-16, so it comes first."""


def identify(source: SourceFile, encoding: str | None = None, content: bytes | None = None) -> SourceFile:
    """Return a file with the compression and the encoding that its first bytes show, whatever its name says.

    Args:
        source: The file, as its name describes it.
        encoding: Encoding of text that has no byte order mark; None for UTF-8.
        content: Its bytes, if they are known already.

    Raises:
        UsageError: The file can't be read, or is of another kind.
    """
    with refused(source):
        with _open_raw(source, content=content) as file:
            start = file.read(8)
        compression = next((kind for magic, kind in _COMPRESSIONS.items() if start.startswith(magic)), None)
        other = next((kind for magic, kind in _OTHER_KINDS.items() if start.startswith(magic)), None)
        if other:
            raise UsageError(f"{source.url} is {other}")
        if source.compression and not compression and start and start.lstrip()[:1] not in (b"{", b"[", b"\xef"):
            raise UsageError(f"cannot read {source.url}: it is not {source.compression}, although its name says so")
        found = replace(source, compression=compression)
        with _open_bytes(found, content=content) as file:
            start = file.read(4)
    wide = next((name for mark, name in _WIDE_ENCODINGS.items() if start.startswith(mark)), None)
    return replace(found, encoding=wide or ("utf-8" if start.startswith(_UTF8_MARK) else encoding or "utf-8"))


def is_one_unit(source: SourceFile) -> bool:
    """Return whether a file can only be read from its start: compressed, in wide characters, or sent as a stream."""
    fs, path = file_system(source.address)
    return source.compression is not None or _is_wide(source) or not sends_ranges(fs, path)


def is_blank(line: bytes) -> bool:
    """Return whether a line has nothing but spaces; such a line is not a row."""
    return line[:1] != b"{" and not line.removeprefix(_UTF8_MARK).strip()


def line_encoding(source: SourceFile) -> str:
    """Return the encoding of the lines that ``read_lines`` yields."""
    return "utf-8" if _is_wide(source) else source.encoding


def read_lines(
    source: SourceFile, start: int = 0, stop: int | None = None, content: bytes | None = None
) -> Iterator[list[bytes]]:
    """Yield the lines between two bytes of a file, without line feeds, a block at a time.

    Args:
        source: The file, as ``identify`` returned it.
        start: Byte at which a line starts.
        stop: Byte after a line's end; None for the end of the file. A file of one unit is read to its end.
        content: The file's bytes, if they are known already.

    Raises:
        OSError, EOFError, zlib.error, ValueError: The file can't be read.
        UsageError: A line is longer than ``MAX_LINE_BYTES``.
    """
    pieces: list[bytes] = []
    size = 0
    for block in _blocks(source, start, stop, content):
        cut = block.rfind(b"\n")
        if cut < 0:
            pieces.append(block)
            size += len(block)
            if size > MAX_LINE_BYTES:
                raise UsageError(
                    f"{source.url} has a line of more than {MAX_LINE_BYTES >> 20} MB: is it JSON lines, one object a "
                    "line? An array becomes that with: jq -c '.[]'"
                )
            continue
        yield b"".join([*pieces, block[:cut]]).split(b"\n")
        pieces = [block[cut + 1 :]]
        size = len(pieces[0])
    rest = b"".join(pieces)
    if rest:
        yield [rest]


@contextmanager
def refused(source: SourceFile) -> Iterator[None]:
    """Turn errors of reading inside the context into one that names the file.

    Raises:
        UsageError: For every such error.
    """
    try:
        yield
    except UNREADABLE as error:
        raise UsageError(f"cannot read {source.url}: {first_line(error)}") from error


def _is_wide(source: SourceFile) -> bool:
    return source.encoding.startswith(("utf-16", "utf-32"))


def _blocks(source: SourceFile, start: int, stop: int | None, content: bytes | None) -> Iterator[bytes]:
    """The bytes of a file, decompressed, and in UTF-8 if they were in wide characters."""
    left = None if stop is None or source.compression or _is_wide(source) else stop - start
    decoder = codecs.getincrementaldecoder(source.encoding)() if _is_wide(source) else None
    with _open_bytes(source, start, content) as file:
        while left is None or left > 0:
            with announced(f"reading {source.url}"):
                block = file.read(_BLOCK_BYTES if left is None else min(left, _BLOCK_BYTES))
            if not block:
                break
            left = None if left is None else left - len(block)
            yield decoder.decode(block).encode() if decoder else block
        if decoder:
            yield decoder.decode(b"", final=True).encode()


@contextmanager
def _open_bytes(source: SourceFile, start: int = 0, content: bytes | None = None) -> Iterator[Any]:
    """A file's bytes from ``start`` on, decompressed."""
    with _open_raw(source, start, content) as file:
        if source.compression == "gzip":
            # Python's own, because Arrow's takes zeros after the end for damage.
            with gzip.GzipFile(fileobj=file) as decompressed:
                yield decompressed
        elif source.compression == "zstd":
            # Arrow's, because the zstandard package takes a truncated file for a complete one.
            yield pa.CompressedInputStream(pa.PythonFile(file, "r"), "zstd")
        else:
            yield file


@contextmanager
def _open_raw(source: SourceFile, start: int = 0, content: bytes | None = None) -> Iterator[Any]:
    with announced(f"reading {source.url}"):
        if content is None and is_small(source):
            content = fetch(source)
        if content is not None:
            yield io.BytesIO(content[start:])
            return
        fs, path = file_system(source.address)
        # A stream from the start: not every server sends parts of files.
        options = {"block_size": 0} if isinstance(fs, HTTPFileSystem) and not start else {}
        opened = fs.open(path, "rb", **options)
    with opened as file:
        if start:
            if not file.seekable():
                raise RunFailed(f"cannot read {source.url}: its server no longer sends parts of files")
            file.seek(start)
        yield file

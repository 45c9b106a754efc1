"""Sizes of the pages of a Parquet file, which Arrow reads one at a time and whole.

Arrow does not tell them before it has made room for them, so the headers are read here. A page header is a struct in
Thrift's compact protocol; of its fields, 2 is the size of the page in memory and 3 its size in the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import pyarrow.parquet as pq

MAX_PAGE_BYTES = 512 << 20
"""Largest page that is read. Writers that look at a page's size only after 1,024 rows make pages of some 100 MB."""

_LARGE_CHUNK_BYTES = 64 << 20
_HEADER_BYTES = 1 << 16
_SIZE_IN_MEMORY, _SIZE_IN_FILE = 2, 3


def too_large(file: BinaryIO, metadata: pq.FileMetaData) -> Iterator[tuple[str, int]]:
    """Yield the column and the bytes of each page that is larger than ``MAX_PAGE_BYTES``.

    Only the pages of large column chunks are looked at.

    Args:
        file: The file, opened for reading.
        metadata: Its footer.

    Raises:
        ValueError: A page header is damaged.
    """
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        for index in range(group.num_columns):
            chunk = group.column(index)
            if chunk.total_uncompressed_size >= _LARGE_CHUNK_BYTES:
                for size in _page_sizes(file, chunk):
                    if size > MAX_PAGE_BYTES:
                        yield chunk.path_in_schema, size


def _page_sizes(file: BinaryIO, chunk: pq.ColumnChunkMetaData) -> Iterator[int]:
    """The sizes in memory of the pages of a column chunk."""
    starts = [chunk.data_page_offset, chunk.dictionary_page_offset if chunk.has_dictionary_page else None]
    at = min(start for start in starts if start is not None)
    end = at + chunk.total_compressed_size
    while at < end:
        file.seek(at)
        fields, length = _struct(file.read(_HEADER_BYTES))
        size = fields.get(_SIZE_IN_FILE, -1)
        if size < 0:
            raise ValueError("damaged page header")
        yield fields.get(_SIZE_IN_MEMORY, 0)
        at += length + size


def _struct(data: bytes) -> tuple[dict[int, int], int]:
    """The integer fields of the struct at the start of ``data``, and its length."""
    try:
        return _Reader(data).struct()
    except IndexError:
        raise ValueError("damaged page header") from None


class _Reader:
    """Reads values of Thrift's compact protocol."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def struct(self) -> tuple[dict[int, int], int]:
        fields: dict[int, int] = {}
        number = 0
        while header := self._byte():
            number = number + (header >> 4) if header >> 4 else self._integer()
            value = self._value(header & 15)
            if value is not None:
                fields[number] = value
        return fields, self._at

    def _value(self, kind: int) -> int | None:
        """An integer; other values are passed over."""
        if kind in (4, 5, 6):
            return self._integer()
        if kind in (3, 7):
            self._at += 1 if kind == 3 else 8
        elif kind == 8:
            length = self._varint()
            self._at += length
        elif kind in (9, 10):
            header = self._byte()
            for _ in range(header >> 4 if header >> 4 < 15 else self._varint()):
                self._at += 1 if header & 15 in (1, 2) else 0
                self._value(header & 15)
        elif kind == 12:
            self.struct()
        elif kind not in (1, 2):
            raise ValueError("damaged page header")
        return None

    def _byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1]

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7

    def _integer(self) -> int:
        number = self._varint()
        return (number >> 1) ^ -(number & 1)

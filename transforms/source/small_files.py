"""Small files on other machines: fetched whole in one request, since a request takes longer than the reading.

Planning notes a digest of the content. A worker compares what it fetches with the digest, so it sees that a file has
changed without a request of its own.
"""

from __future__ import annotations

import hashlib

from transforms.errors import RunFailed
from transforms.file_systems import file_system
from transforms.source.work_units import SourceFile

SMALL_FILE_BYTES = 1 << 20
FETCHED_AT_ONCE = 8
DIGEST_BYTES = 16


def is_small(source: SourceFile) -> bool:
    """Return whether a file is small and on another machine."""
    return "://" in source.address and 0 < source.size_bytes <= SMALL_FILE_BYTES


def digest_of(content: bytes) -> str:
    """Return the value of ``SourceFile.content_digest`` for a file with this content."""
    return hashlib.blake2b(content, digest_size=DIGEST_BYTES).hexdigest()


def fetch(source: SourceFile) -> bytes:
    """Return the content of a small file.

    Raises:
        RunFailed: The content is not the one that was planned.
        OSError: The file can't be read.
    """
    fs, path = file_system(source.address)
    planned = source.content_digest
    # One byte more than planned shows that the file has grown.
    content = bytes(fs.cat_file(path, start=0, end=source.size_bytes + (planned is not None)))
    if planned is not None and digest_of(content) != planned:
        raise RunFailed(f"{source.url} was changed during the run: rerun the same command once it is complete")
    return content

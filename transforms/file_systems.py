"""fsspec file systems: which one an address means."""

from __future__ import annotations

import re
from typing import Any

import fsspec
from fsspec.core import url_to_fs
from fsspec.implementations.http import HTTPFileSystem
from fsspec.implementations.local import make_path_posix

from transforms.errors import UsageError
from transforms.masking import mask_urls, masked_url

_QUERY = re.compile(r"(https?://[^\s?'\"]+)\?[^\s'\"]*")


def file_system(url: str) -> tuple[Any, str]:
    """Return the fsspec file system of ``url``, and the path in it.

    Raises:
        UsageError: There is no such file system, its package is missing, or the address is not UTF-8.
    """
    check_encodable(url)
    if "://" not in url:
        # Not through fsspec, which takes ``::`` in a name for a chain of file systems and opens another place.
        return fsspec.filesystem("file"), make_path_posix(url).rstrip("/") or "/"
    try:
        # An archive that is kept open would not show that its file has changed.
        opened: tuple[Any, str] = url_to_fs(url, skip_instance_cache=True) if "::" in url else url_to_fs(url)
    except Exception as error:  # some file systems connect at once, and each has exceptions of its own
        raise UsageError(f"cannot open {masked_url(url)}: {mask_urls(first_line(error))}") from error
    return opened


def same_file_system(one: Any, other: Any) -> bool:
    """Return whether two fsspec file systems are the same place; fsspec makes an instance for each thread."""
    return type(one) is type(other) and (one.storage_args, one.storage_options) == (
        other.storage_args,
        other.storage_options,
    )


def check_encodable(url: str) -> None:
    """Make sure that an address can be stored in footers and summaries, which are UTF-8.

    Raises:
        UsageError: The bytes of a local name are not UTF-8.
    """
    try:
        url.encode()
    except UnicodeEncodeError:
        raise UsageError(f"the name {url!r} is not UTF-8: rename the file or directory") from None


def sends_ranges(fs: Any, path: str) -> bool:
    """Return whether a file can be entered in the middle: not every web server sends parts of files."""
    if not isinstance(fs, HTTPFileSystem):
        return True
    with fs.open(path, "rb", cache_type="none") as file:
        if not file.seekable():
            return False
        file.seek(1)
        try:
            return len(file.read(1)) == 1
        except ValueError:
            return False


def first_line(error: BaseException) -> str:
    """Return the first line of an exception's message, without queries of web addresses, or its type if it has none."""
    text = str(error).strip()
    return _QUERY.sub(r"\1", text.splitlines()[0]) if text else type(error).__name__

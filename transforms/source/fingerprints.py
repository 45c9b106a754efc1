"""What tells one version of an input file from another."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fsspec.implementations.local import LocalFileSystem

from transforms.errors import RunFailed
from transforms.file_systems import file_system, first_line
from transforms.source.work_units import SourceFile

UNKNOWN = "version=unknown"
_VERSION_KEYS = ("etag", "md5hash", "generation", "lastmodified", "mtime", "modified", "updated", "created")
"""What file systems call a file's version (in lower case, without ``-`` and ``_``), the best first. Only one is used,
because a listing often has fewer of them than a query of the single file."""


def fingerprint(address: str, fs: Any, path: str, info: Mapping[str, Any]) -> str:
    """Return a text that changes whenever the content of a file may have changed.

    A file in an archive (``zip://a.parquet::archive.zip``) changes with the archive.

    Args:
        address: What opens the file.
        fs: File system of fsspec.
        path: Path of the file in ``fs``.
        info: What ``fs`` says about it.

    Raises:
        OSError: The file can't be examined.
    """
    if isinstance(fs, LocalFileSystem):
        status = os.stat(path)  # noqa: PTH116 - fsspec's paths are strings
        return f"size={status.st_size} mtime_ns={status.st_mtime_ns}"
    archive = address.partition("::")[2]
    if archive:
        outer, outer_path = file_system(archive)
        return f"size={info.get('size')} in {fingerprint(archive, outer, outer_path, outer.info(outer_path))}"
    return f"size={info.get('size')} {version(info) or UNKNOWN}"


def version(info: Mapping[str, Any]) -> str | None:
    """Return the version that a file system's description of a file contains; None if there is none."""
    known = {key.lower().replace("-", "").replace("_", ""): value for key, value in info.items() if value is not None}
    for key in _VERSION_KEYS:
        if key in known:
            value = known[key]
            return f"{key}={value.timestamp() if isinstance(value, datetime) else value}"
    return None


def check_unchanged(source: SourceFile) -> None:
    """Make sure that a file is still the one that was planned.

    Raises:
        RunFailed: The file was changed or removed, so its rows would be mixed up.
    """
    fs, path = file_system(source.address)
    try:
        fs.invalidate_cache(path)
        now = fingerprint(source.address, fs, path, fs.info(path))
    except FileNotFoundError as error:
        raise RunFailed(f"{source.url} was removed during the run: restore it and rerun the same command") from error
    except OSError as error:
        raise RunFailed(f"cannot read {source.url}: {first_line(error)}") from error
    if now != source.fingerprint:
        raise RunFailed(f"{source.url} was changed during the run: rerun the same command once it is complete")

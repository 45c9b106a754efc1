"""Checks of paths that options name, which open and make nothing, and how paths are shown."""

from __future__ import annotations

import os
import re
from pathlib import Path

from transforms.errors import UsageError
from transforms.fleet.hosts import without_credentials


def check_readable(place: str, path: str) -> None:
    """Makes sure that a local file is there and may be read; URLs elsewhere are left to whoever opens them.

    Raises:
        UsageError: It begins with ``place``.
    """
    local = _local(path)
    if local is None:
        return
    if not local.is_file():
        raise UsageError(f"{place}: there is no file {path!r}")
    if not os.access(local, os.R_OK):
        raise UsageError(f"{place}: the file {path!r} may not be read")


def check_writable(place: str, path: str, directory: bool) -> None:
    """Makes sure that a local directory, or a file, could be made or written.

    Raises:
        UsageError: It begins with ``place``.
    """
    local = _local(path)
    if local is None:
        return
    if not directory and local.is_dir():
        raise UsageError(f"{place}: {path!r} is a directory, not a file")
    try:
        above = local if directory else local.parent
        existing = next(each for each in (above, *above.parents) if each.exists())
    except OSError as error:
        raise UsageError(f"{place}: {path!r} can't be made: {error.strerror}") from None
    if not existing.is_dir():
        raise UsageError(f"{place}: {path!r} can't be made, as {str(existing)!r} is a file")
    if not os.access(existing, os.W_OK | os.X_OK):
        raise UsageError(f"{place}: {path!r} can't be made, as nothing may be written in {str(existing)!r}")


def shown(path: str) -> str:
    """The path or URL without credentials."""
    return without_credentials(path) if re.match(r"[A-Za-z][A-Za-z0-9+.:-]*://[^/]*@", path) else path


def _local(path: str) -> Path | None:
    """The path on this machine; None for a URL of something else."""
    plain = re.sub(r"^(file|local)://", "", path)
    return None if re.match(r"[A-Za-z][A-Za-z0-9+.-]*(://|::)", plain) else Path(plain).expanduser().absolute()

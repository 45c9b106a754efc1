"""How a finished temporary file becomes a file of the output, all at once."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import Any, Protocol

from transforms.sink.write_errors import reason

BUCKETS = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "oci", "oss"})
"""Object stores: they have no directories, and ``makedirs`` might create a bucket with a mistyped name."""


class Publisher(Protocol):
    """Moves files that were built in ``folder`` to the output."""

    folder: Path

    def publish(self, temporary: Path, name: str) -> None:
        """Make ``temporary`` the file ``name``, in place of a former one; ``temporary`` is gone afterwards.

        Raises:
            OSError: The file is as it was before, or absent.
        """


class RenamingPublisher:
    """For local disks: files are built below ``_state/``, on the same file system, and renamed."""

    def __init__(self, root: Path, state: str) -> None:
        self.folder = root / state
        self._root = root

    def publish(self, temporary: Path, name: str) -> None:
        """Flush the file before the rename and the directory after it: a power cut leaves no empty file either."""
        target = self._root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        _flush(temporary)
        temporary.replace(target)
        _flush(target.parent)


class SendingPublisher:
    """For file systems that may have no atomic rename: files are built on the local disk and sent in one request.

    Object stores show a file once it has arrived whole. Where a kill leaves a piece of a file (SFTP), its footer is
    missing, and the next run writes that part again.
    """

    def __init__(self, fs: Any, root: str) -> None:
        self.folder = Path(tempfile.gettempdir())
        self._fs, self._root = fs, root

    def publish(self, temporary: Path, name: str) -> None:
        """Send the file, and remove what a failed attempt left of it."""
        target = f"{self._root}/{name}"
        try:
            make_directory(self._fs, target.rpartition("/")[0])
            self._fs.put_file(str(temporary), target)
        except BaseException as error:
            with contextlib.suppress(Exception):  # the first error is the one to report
                self._fs.rm_file(target)
            if isinstance(error, Exception) and not isinstance(error, OSError):
                raise OSError(reason(error)) from error  # each client library has exceptions of its own
            raise
        temporary.unlink()


def make_directory(fs: Any, path: str) -> None:
    """Make a directory, on file systems that have directories."""
    protocols = (fs.protocol,) if isinstance(fs.protocol, str) else fs.protocol
    if BUCKETS.isdisjoint(protocols):
        fs.makedirs(path, exist_ok=True)


def _flush(path: Path) -> None:
    """Have the operating system write a file, or the names in a directory, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""The output directory: every file in it is whole or absent, on local disks and on whatever else fsspec reaches."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import socket
import tempfile
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from fsspec.implementations.local import LocalFileSystem

from transforms.errors import RunFailed, UsageError
from transforms.file_systems import file_system, same_file_system
from transforms.sink.footers import PartFooter, read_footer

STATE = "_state"
MEMORY_FILE = f"{STATE}/memory.sqlite"
PART = re.compile(r"part-.+-[0-9a-f]{8}-\d{5,}\.parquet", re.DOTALL)
FOOTERS_AT_ONCE = 8
ABANDONED_SECONDS = 7 * 24 * 3600.0
"""A temporary file of another machine that was not touched for so long has no owner any more."""

BUCKETS = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "oci", "oss"})
"""Object stores: they have no directories, and asked to make one they might make a bucket of a mistyped name."""

_HOST = re.sub(r"\W", "_", socket.gethostname())
_PROCESS = uuid.uuid4().hex[:8]
"""Tells this process from a dead one that had the same number (in containers, numbers are few)."""
_TEMPORARY = re.compile(r"translate-(?P<host>\w+)-(?P<pid>\d+)-(?P<process>[0-9a-f]{8})-[0-9a-f]{32}\.tmp")


class _Publisher(Protocol):
    """How a file that was built in ``folder`` becomes a file of the output, all at once."""

    folder: Path

    def publish(self, temporary: Path, name: str) -> None:
        """Makes ``temporary`` the file ``name`` in place of a former one; it is gone then."""


class _Renaming:
    """For local disks: built below ``_state/``, on the same file system, and renamed."""

    def __init__(self, root: Path) -> None:
        self.folder = root / STATE
        self._root = root

    def publish(self, temporary: Path, name: str) -> None:
        """Flushes the file before the rename, and the directory after: a power cut leaves no empty file either."""
        target = self._root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        _flush(temporary)
        temporary.replace(target)
        _flush(target.parent)


class _Sending:
    """For file systems that may have no atomic rename: built on the local disk and sent in one go.

    Object stores show a file when it has come in whole. Where a kill in the middle of sending leaves a piece (SFTP),
    its footer is missing, and the next run makes that part again.
    """

    def __init__(self, fs: Any, root: str) -> None:
        self.folder = Path(tempfile.gettempdir())
        self._fs, self._root = fs, root

    def publish(self, temporary: Path, name: str) -> None:
        """Sends the file; what a failure leaves of it is removed."""
        target = f"{self._root}/{name}"
        try:
            _make_directory(self._fs, target.rpartition("/")[0])
            self._fs.put_file(str(temporary), target)
        except BaseException as error:
            with contextlib.suppress(Exception):  # the first error is the one to tell
                self._fs.rm_file(target)
            if isinstance(error, Exception) and not isinstance(error, OSError):
                raise OSError(reason(error)) from error  # each client library has exceptions of its own
            raise
        temporary.unlink()


class OutputDirectory:
    """A directory for parts, given as a path or an fsspec URL.

    Attributes:
        url: What leads to it from everywhere; an absolute path if it is local.

    Raises:
        UsageError: If there is no such file system, its package is missing, or the URL holds a password.
    """

    def __init__(self, url: str) -> None:
        if "://" in url and urlsplit(url).password:
            raise UsageError(
                f"the --output on host {urlsplit(url).hostname} contains a password, which would end up in logs: put "
                "credentials into the environment or fsspec's configuration"
            )
        try:
            self._fs, root = file_system(url)
        except UsageError as error:
            raise UsageError(f"--output: {error}") from error
        self._root = root.rstrip("/")
        self._local = isinstance(self._fs, LocalFileSystem)
        # Not the file system's own spelling, which may lose the host (SFTP).
        self.url: str = root if self._local else url.rstrip("/") if self._root else url
        self._publisher: _Publisher = _Renaming(Path(root)) if self._local else _Sending(self._fs, self._root)

    def __str__(self) -> str:
        return self.url

    def path_of(self, name: str) -> str:
        """The address of a file in it, for fsspec."""
        return f"{self.url}/{name}"

    def local_path(self, name: str) -> str | None:
        """The path of a file in it on this machine's disks; None if it is elsewhere."""
        return f"{self._root}/{name}" if self._local else None

    def holds_part(self, fs: Any, path: str) -> bool:
        """Whether this is the path of a part in it, by its name."""
        folder, _, name = path.rpartition("/")
        if not PART.fullmatch(name) or not same_file_system(fs, self._fs):
            return False
        return os.path.realpath(folder) == os.path.realpath(self._root) if self._local else folder == self._root

    def prepare(self) -> None:
        """Makes the directory, tries whether it can be written to, and removes what dead runs left half-written.

        Raises:
            UsageError: If it can't be written to.
        """
        probe = f"{self._root}/{STATE}/{temporary_name()}"
        try:
            _make_directory(self._fs, f"{self._root}/{STATE}")
            self._fs.pipe_file(probe, b"written to see whether it can be")
            self._fs.rm_file(probe)
        except Exception as error:  # each client library has exceptions of its own
            raise UsageError(
                f"--output {self} cannot be written to: {reason(error)}. Choose another directory, or make this one "
                "writable"
            ) from error
        for path in self._publisher.folder.iterdir():
            if is_abandoned(path):
                path.unlink(missing_ok=True)

    def existing_parts(self) -> dict[str, PartFooter | None]:
        """The footers of the parts there are, by name in order; None for a file that is no whole part of ours.

        Raises:
            RunFailed: If they can't be read.
        """
        try:
            self._fs.invalidate_cache(self._root)
            found = [path.rpartition("/")[2] for path in self._fs.ls(self._root or "/", detail=False)]
        except FileNotFoundError:  # on object stores a directory without files is not there
            found = []
        except Exception as error:
            raise RunFailed(f"cannot list {self}: {reason(error)}") from error
        names = sorted(name for name in found if PART.fullmatch(name))
        with ThreadPoolExecutor(FOOTERS_AT_ONCE) as pool:
            return dict(zip(names, pool.map(self._read_footer, names), strict=True))

    def _read_footer(self, name: str) -> PartFooter | None:
        try:
            if self._local:
                return read_footer(f"{self._root}/{name}")
            with self._fs.open(f"{self._root}/{name}", "rb") as file:
                return read_footer(file)
        except Exception as error:
            raise RunFailed(f"cannot read {self.path_of(name)}: {reason(error)}") from error

    def begin(self) -> Path:
        """The path of a new temporary file on a local disk, to be written and then given to ``publish``.

        Raises:
            OSError: If it can't be made.
        """
        path = self._publisher.folder / temporary_name()
        # Beside the output it is as readable as the output; elsewhere it is nobody else's business.
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666 if self._local else 0o600))
        return path

    def publish(self, temporary: Path, name: str) -> None:
        """Makes a finished temporary file the file ``name``, in place of a former one.

        Raises:
            RunFailed: If that is not possible; the file is as it was before, or absent.
        """
        with self.explain_write_errors(name):
            self._publisher.publish(temporary, name)

    def write_bytes(self, name: str, content: bytes) -> None:
        """Writes a small file.

        Raises:
            RunFailed: If that is not possible; the file is as it was before, or absent.
        """
        with self.explain_write_errors(name, len(content)):
            temporary = self.begin()
            try:
                temporary.write_bytes(content)
                self._publisher.publish(temporary, name)
            finally:
                temporary.unlink(missing_ok=True)

    def read_bytes(self, name: str) -> bytes:
        """The content of a small file; empty if there is none.

        Raises:
            RunFailed: If it can't be read.
        """
        try:
            self._fs.invalidate_cache(self._root)
            return bytes(self._fs.cat_file(f"{self._root}/{name}"))
        except FileNotFoundError:
            return b""
        except Exception as error:
            raise RunFailed(f"cannot read {self.path_of(name)}: {reason(error)}") from error

    def names_in(self, folder: str) -> list[str]:
        """Return the names of the files in a folder of it, sorted; none if there is no such folder.

        Raises:
            RunFailed: The folder can't be listed.
        """
        path = f"{self._root}/{folder}"
        try:
            self._fs.invalidate_cache(path)
            return sorted(found.rpartition("/")[2] for found in self._fs.ls(path, detail=False))
        except FileNotFoundError:
            return []
        except Exception as error:
            raise RunFailed(f"cannot list {self.path_of(folder)}: {reason(error)}") from error

    def remove(self, name: str) -> None:
        """Removes a file; it is no error if there is none.

        Raises:
            RunFailed: If that is not possible.
        """
        try:
            self._fs.rm_file(f"{self._root}/{name}")
        except FileNotFoundError:
            pass
        except Exception as error:
            raise RunFailed(f"cannot remove {self.path_of(name)}: {reason(error)}") from error

    @contextlib.contextmanager
    def explain_write_errors(self, name: str, needed_bytes: int = 0) -> Iterator[None]:
        """Turns errors of writing into one line that says where, why and what to do.

        Args:
            name: Of the file that is written.
            needed_bytes: At most so many were to be written.

        Raises:
            RunFailed: For every OSError inside the context.
        """
        try:
            yield
        except OSError as error:
            folder = self._publisher.folder
            remedy = "then "
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                free = shutil.disk_usage(folder).free if folder.exists() else 0
                needed = f", up to {_megabytes(needed_bytes)} needed" if needed_bytes else ""
                elsewhere = "" if self._local else ", or name another directory with TMPDIR"
                remedy = f"{_megabytes(free)} free in {folder}{needed}: make room{elsewhere}, then "
            elif error.errno == errno.EFBIG:
                remedy = "allow larger files (ulimit -f), then "
            raise RunFailed(
                f"cannot write {self.path_of(name)}: {reason(error)}; {remedy}run the same command again: it goes on "
                "from here"
            ) from error


def temporary_name() -> str:
    """A new name that says whose it is, as ``is_abandoned`` reads it."""
    return f"translate-{_HOST}-{os.getpid()}-{_PROCESS}-{uuid.uuid4().hex}.tmp"


def is_abandoned(path: Path) -> bool:
    """Whether this is a temporary file of ours whose process is dead."""
    match = _TEMPORARY.fullmatch(path.name)
    if match is None:
        return False
    try:
        status = path.stat()
    except FileNotFoundError:
        return False
    if status.st_uid != os.getuid():
        return False
    if match["host"] != _HOST:
        return time.time() - status.st_mtime > ABANDONED_SECONDS
    pid = int(match["pid"])
    return match["process"] != _PROCESS if pid == os.getpid() else not is_alive(pid)


def reason(error: BaseException) -> str:
    """What an exception says, on one line."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror if error.filename is None else f"{error.strerror}: {error.filename}"
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__


def _make_directory(fs: Any, path: str) -> None:
    protocols = (fs.protocol,) if isinstance(fs.protocol, str) else fs.protocol
    if BUCKETS.isdisjoint(protocols):
        fs.makedirs(path, exist_ok=True)


def is_alive(pid: int) -> bool:
    """Whether a process of this machine has this number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        return True
    return True


def _flush(path: Path) -> None:
    """Makes the system write a file, or the names in a directory, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _megabytes(count: int) -> str:
    return f"{-(-count // 1_000_000)} MB"

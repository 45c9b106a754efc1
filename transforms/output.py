"""The output directory: every file in it is whole or absent, on local disks and on whatever else fsspec reaches."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import socket
import tempfile
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import fsspec

from transforms.errors import RunFailed, UsageError
from transforms.footers import PartFooter, read_footer

STATE = "_state"
PART = re.compile(r"part-.+-[0-9a-f]{8}-\d{5,}\.parquet")
FULL_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
FOOTERS_AT_ONCE = 8

_HOST = re.sub(r"\W", "_", socket.gethostname())
_TEMPORARY = re.compile(r"\.?(?P<host>\w+)-(?P<pid>\d+)-[0-9a-f]{32}\.tmp")


class OutputDirectory:
    """A directory for parts, given as a path or an fsspec URL.

    A local file is written below ``_state/``, flushed to the disk and renamed to its place. On other file systems,
    which may have no atomic rename, it is built on the local disk and sent in one go: object stores show it when it is
    complete. Either way a file of that name is whole or absent.

    Attributes:
        url: As given, made absolute if it is local.
    """

    def __init__(self, url: str) -> None:
        try:
            self._fs, self._root = fsspec.core.url_to_fs(url)
        except (ValueError, ImportError) as error:
            raise UsageError(f"--output {url}: {error}") from None
        self._local = "file" in (self._fs.protocol if isinstance(self._fs.protocol, tuple) else (self._fs.protocol,))
        self._root = self._root.rstrip("/") or "/"
        self.url = str(self._root if self._local else self._fs.unstrip_protocol(self._root))

    def __str__(self) -> str:
        return self.url

    def path_of(self, name: str) -> str:
        """The address of a file in it, for fsspec."""
        return f"{self.url}/{name}"

    def prepare(self) -> None:
        """Makes the directory, tries whether it can be written to, and removes what dead runs left half-written.

        Raises:
            UsageError: If it can't be written to.
        """
        probe = f"{STATE}/probe-{uuid.uuid4().hex}"
        try:
            self._fs.makedirs(f"{self._root}/{STATE}", exist_ok=True)
            self._fs.pipe_file(f"{self._root}/{probe}", b"written to see whether it can be")
            self._fs.rm_file(f"{self._root}/{probe}")
        except Exception as error:  # each file system has exceptions of its own
            raise UsageError(f"--output {self.url} cannot be written to: {_reason(error)}") from error
        self._remove_stale()

    def _remove_stale(self) -> None:
        if not self._local:
            return
        for path in Path(self._root, STATE).iterdir():
            match = _TEMPORARY.fullmatch(path.name)
            if match and match["host"] == _HOST and not _alive(int(match["pid"])):
                path.unlink(missing_ok=True)

    def existing_parts(self) -> dict[str, PartFooter | None]:
        """The footers of the parts there are, by name; None for a file that is no whole part of ours."""
        self._fs.invalidate_cache(self._root)
        names = sorted(path.rpartition("/")[2] for path in self._fs.ls(self._root, detail=False))
        parts = [name for name in names if PART.fullmatch(name)]
        with ThreadPoolExecutor(FOOTERS_AT_ONCE) as pool:
            return dict(zip(parts, pool.map(self._read_footer, parts), strict=True))

    def _read_footer(self, name: str) -> PartFooter | None:
        if self._local:
            return read_footer(f"{self._root}/{name}")
        with self._fs.open(f"{self._root}/{name}", "rb") as file:
            return read_footer(file)

    def begin(self) -> Path:
        """The path of a new temporary file on a local disk, to be written and then given to ``publish``."""
        name = f"{_HOST}-{os.getpid()}-{uuid.uuid4().hex}.tmp"
        return Path(self._root, STATE, name) if self._local else Path(tempfile.gettempdir(), name)

    def publish(self, temporary: Path, name: str) -> None:
        """Makes a finished temporary file the file ``name``, in place of a former one.

        Raises:
            RunFailed: If that is not possible; the former file is untouched, or absent.
        """
        with self.full_disk_told(name):
            if self._local:
                _flush(temporary)
                target = Path(self._root, name)
                target.parent.mkdir(parents=True, exist_ok=True)
                temporary.replace(target)
                _flush(target.parent)
            else:
                self._send(temporary, name)
                temporary.unlink()

    def _send(self, temporary: Path, name: str) -> None:
        target = f"{self._root}/{name}"
        self._fs.makedirs(target.rpartition("/")[0], exist_ok=True)
        try:
            self._fs.put_file(str(temporary), target)
        except BaseException:
            with contextlib.suppress(Exception):  # the first error is the one that counts
                self._fs.rm_file(target)
            raise

    def write_bytes(self, name: str, content: bytes) -> None:
        """Writes a small file.

        Raises:
            RunFailed: If that is not possible.
        """
        temporary = self.begin()
        try:
            with self.full_disk_told(name):
                temporary.write_bytes(content)
            self.publish(temporary, name)
        finally:
            temporary.unlink(missing_ok=True)

    def remove(self, name: str) -> None:
        """Removes a file; it is no error if there is none."""
        with contextlib.suppress(FileNotFoundError):
            self._fs.rm_file(f"{self._root}/{name}")

    @contextlib.contextmanager
    def full_disk_told(self, name: str) -> Iterator[None]:
        """Turns errors of writing into one line that says where, why and what to do.

        Raises:
            RunFailed: For every OSError inside the context.
        """
        try:
            yield
        except OSError as error:
            free = ""
            if self._local and error.errno in FULL_DISK:
                free = f", {shutil.disk_usage(self._root).free >> 20} MB free; make room"
            advice = "run the same command again: it goes on from here"
            raise RunFailed(f"cannot write {self.path_of(name)}: {_reason(error)}{free}, then {advice}") from error


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _flush(path: Path) -> None:
    """Makes the system write a file, or the names in a directory, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _reason(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror if error.filename is None else f"{error.strerror}: {error.filename}"
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__

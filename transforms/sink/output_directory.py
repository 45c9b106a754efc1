"""The output directory: every file in it is whole or absent, on local disks and on whatever else fsspec reaches."""

from __future__ import annotations

import contextlib
import io
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fsspec.implementations.local import LocalFileSystem

from transforms.errors import RunFailed, UsageError
from transforms.file_systems import file_system, same_file_system
from transforms.masking import masked_url
from transforms.sink.footers import PartFooter, read_footer
from transforms.sink.permissions import BY_UMASK, OWNER_ONLY
from transforms.sink.publishers import Publisher, RenamingPublisher, SendingPublisher, make_directory
from transforms.sink.temporary_files import is_abandoned, temporary_name
from transforms.sink.write_errors import explained, reason
from transforms.source.fingerprints import version
from transforms.threads import map_in_threads

STATE = "_state"
MEMORY_FILE = f"{STATE}/memory.sqlite"
PART = re.compile(r"part-.+-[0-9a-f]{8}-\d{5,}\.parquet", re.DOTALL)

REQUESTS_AT_ONCE = 8
"""Footers that are read, or files that are removed, at the same time: object stores take milliseconds for each."""

FOOTER_BYTES = 1 << 16
"""Read from the end of a part on another machine, in one request; longer footers cost a second one."""


@dataclass(frozen=True)
class PartFile:
    """A file as the file system lists it.

    Attributes:
        size_bytes: Size of the file; None if unknown.
        stamp: Text that changes with the content; None if the file system has no such information.
    """

    size_bytes: int | None
    stamp: str | None


class OutputDirectory:
    """A directory for parts, given as a path or an fsspec URL.

    Attributes:
        url: Address that is valid everywhere; an absolute path if the directory is local.

    Raises:
        UsageError: There is no such file system, its package is missing, or the URL contains a password.
    """

    def __init__(self, url: str) -> None:
        if any("://" in link and urlsplit(link).password for link in url.split("::")):
            raise UsageError(
                f"--output {masked_url(url)} contains a password: put credentials into the environment or fsspec's "
                "configuration"
            )
        try:
            self._fs, root = file_system(url)
        except UsageError as error:
            raise UsageError(f"--output: {error}") from error
        self._root = root.rstrip("/")
        self._local = isinstance(self._fs, LocalFileSystem)
        # Not the file system's own spelling, which may lose the host (SFTP).
        self.url: str = root if self._local else url.rstrip("/") if self._root else url
        self._publisher: Publisher = (
            RenamingPublisher(Path(root), STATE) if self._local else SendingPublisher(self._fs, self._root)
        )

    def __str__(self) -> str:
        return masked_url(self.url)

    def path_of(self, name: str) -> str:
        """Return the address of a file in the directory, for fsspec."""
        return f"{self.url}/{name}"

    def local_path(self, name: str) -> str | None:
        """Return the path of a file in the directory on this machine's disks; None if it is elsewhere."""
        return f"{self._root}/{name}" if self._local else None

    def holds_part(self, fs: Any, path: str) -> bool:
        """Return whether a path names a part in this directory."""
        folder, _, name = path.rpartition("/")
        if not PART.fullmatch(name) or not same_file_system(fs, self._fs):
            return False
        return os.path.realpath(folder) == os.path.realpath(self._root) if self._local else folder == self._root

    def prepare(self) -> None:
        """Make the directory, check that it can be written to, and remove temporary files of dead runs.

        Raises:
            UsageError: The directory cannot be written to.
        """
        probe = f"{self._root}/{STATE}/{temporary_name()}"
        try:
            make_directory(self._fs, f"{self._root}/{STATE}")
            self._fs.pipe_file(probe, b"written to see whether this is possible")
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
        """Return the footers of the parts, by name in order; None for a file that is not a whole part of this program.

        Raises:
            RunFailed: The directory or a part cannot be read.
        """
        return self.read_footers(self.list_parts())

    def list_parts(self) -> dict[str, PartFile]:
        """Return the files with names of parts, by name in order.

        Raises:
            RunFailed: The directory cannot be listed.
        """
        listing = self._listing("")
        names = sorted(filter(PART.fullmatch, listing))
        return {name: PartFile(listing[name].get("size"), self._stamp(listing[name])) for name in names}

    def read_footers(self, files: Mapping[str, PartFile]) -> dict[str, PartFooter | None]:
        """Return the footers of files, as ``existing_parts`` does.

        Raises:
            RunFailed: A part cannot be read.
        """
        read = map_in_threads(lambda name: self._read_footer(name, files[name].size_bytes), files, REQUESTS_AT_ONCE)
        return dict(zip(files, read, strict=True))

    def names_in(self, folder: str) -> list[str]:
        """Return the names of the files in a folder of the directory, sorted; none if there is no such folder.

        Raises:
            RunFailed: The folder cannot be listed.
        """
        return sorted(self._listing(folder))

    def _listing(self, folder: str) -> dict[str, dict[str, Any]]:
        """Return what the file system says about the files in a folder, by name."""
        path = f"{self._root}/{folder}".rstrip("/") or "/"
        try:
            self._fs.invalidate_cache(path)
            found = self._fs.ls(path, detail=True)
            return {entry["name"].rstrip("/").rpartition("/")[2]: entry for entry in found}
        except FileNotFoundError:  # an object store has no directory without files
            return {}
        except Exception as error:
            raise RunFailed(f"cannot list {masked_url(self.path_of(folder))}: {reason(error)}") from error

    def _stamp(self, listed: Mapping[str, Any]) -> str | None:
        if self._local:  # the time of the last change as well, which no program can set
            return " ".join(f"{key}={listed.get(key)}" for key in ("size", "mtime", "created", "ino"))
        found = version(listed)
        return None if found is None else f"size={listed.get('size')} {found}"

    def _read_footer(self, name: str, size: int | None) -> PartFooter | None:
        path = f"{self._root}/{name}"
        try:
            if self._local:
                return read_footer(path)
            if size:
                end = self._fs.cat_file(path, start=max(0, size - FOOTER_BYTES), end=size)
                if int.from_bytes(end[-8:-4], "little") + 8 <= len(end):
                    return read_footer(io.BytesIO(end))
            with self._fs.open(path, "rb") as file:
                return read_footer(file)
        except Exception as error:
            raise RunFailed(f"cannot read {masked_url(self.path_of(name))}: {reason(error)}") from error

    def begin(self, permissions: int = BY_UMASK) -> Path:
        """Return the path of a new temporary file on a local disk, to be written and then given to ``publish``.

        Args:
            permissions: Mode of the file in a local output, to which the umask is applied.

        Raises:
            OSError: The file cannot be created.
        """
        path = self._publisher.folder / temporary_name()
        # In a folder that is shared with others, a file that is to be sent elsewhere is its owner's only.
        mode = permissions if self._local else OWNER_ONLY
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode))
        return path

    def publish(self, temporary: Path, name: str) -> None:
        """Make a finished temporary file the file ``name``, in place of a former one.

        Raises:
            RunFailed: That is not possible; the file is as it was before, or absent.
        """
        with self.explain_write_errors(name):
            self._publisher.publish(temporary, name)

    def write_bytes(self, name: str, content: bytes, permissions: int = BY_UMASK) -> None:
        """Write a small file.

        Raises:
            RunFailed: That is not possible; the file is as it was before, or absent.
        """
        with self.explain_write_errors(name, len(content)):
            temporary = self.begin(permissions)
            try:
                temporary.write_bytes(content)
                self._publisher.publish(temporary, name)
            finally:
                temporary.unlink(missing_ok=True)

    def read_bytes(self, name: str) -> bytes:
        """Return the content of a small file; empty if there is none.

        Raises:
            RunFailed: The file cannot be read.
        """
        try:
            self._fs.invalidate_cache(self._root)
            return bytes(self._fs.cat_file(f"{self._root}/{name}"))
        except FileNotFoundError:
            return b""
        except Exception as error:
            raise RunFailed(f"cannot read {masked_url(self.path_of(name))}: {reason(error)}") from error

    def remove(self, name: str) -> None:
        """Remove a file; it is not an error if there is none.

        Raises:
            RunFailed: The file cannot be removed.
        """
        try:
            self._fs.rm_file(f"{self._root}/{name}")
        except FileNotFoundError:
            pass
        except Exception as error:
            raise RunFailed(f"cannot remove {masked_url(self.path_of(name))}: {reason(error)}") from error

    def remove_all(self, names: Iterable[str]) -> None:
        """Remove files, several at the same time.

        Raises:
            RunFailed: A file cannot be removed.
        """
        with ThreadPoolExecutor(REQUESTS_AT_ONCE) as pool:
            list(pool.map(self.remove, names))

    @contextlib.contextmanager
    def explain_write_errors(self, name: str, needed_bytes: int = 0) -> Iterator[None]:
        """Turn errors of writing ``name`` into one line that says where, why and what to do.

        Args:
            name: Name of the file that is written.
            needed_bytes: Upper bound of what is written.

        Raises:
            RunFailed: For every OSError inside the context.
        """
        with explained(masked_url(self.path_of(name)), self._publisher.folder, self._local, needed_bytes):
            yield

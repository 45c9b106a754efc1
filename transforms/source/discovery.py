"""Input files: what a path, glob, directory or URL means, and what each file is called; all of it by fsspec."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import takewhile
from typing import Any, TypeVar
from urllib.parse import urlsplit

from fsspec.implementations.local import LocalFileSystem
from fsspec.utils import glob_translate

from transforms.errors import TranslateError, UsageError
from transforms.file_systems import file_system, first_line, same_file_system
from transforms.source.file_names import (
    SUPPORTED_FILES,
    address_of,
    format_of,
    identity_of,
    is_hidden,
    real_path,
    without_query,
)
from transforms.source.fingerprints import fingerprint, version
from transforms.source.hive_partitions import partitions_of
from transforms.source.table_formats import managed_ancestor, managed_tables, refuse
from transforms.source.work_units import SourceFile
from transforms.waiting import announced, interruptible

LOG = logging.getLogger(__name__)
_Result = TypeVar("_Result")
IsOutput = Callable[[Any, str], bool]

_NOTHING = (FileNotFoundError, NotADirectoryError)
_GLOB_CHARACTERS = frozenset("*?[")


class NoInputFiles(UsageError):
    """An input that matches no file now; files may come later."""


@dataclass(frozen=True)
class _Input:
    """One value of ``--input``: as given, as it may be shown, and as fsspec opens it."""

    given: str
    shown: str
    fs: Any
    path: str
    real_parents: dict[str, str] = field(default_factory=dict)

    def identity(self, path: str, info: dict[str, Any]) -> str:
        """The real path of a local file; of thousands in one folder, the folder is looked at once."""
        if info.get("islink") or path == self.path:
            return real_path(path)
        parent, _, name = path.rpartition("/")
        if parent not in self.real_parents:
            self.real_parents[parent] = os.path.realpath(parent)
        return f"{self.real_parents[parent].rstrip('/')}/{name}"

    @property
    def is_local(self) -> bool:
        return isinstance(self.fs, LocalFileSystem)

    @property
    def is_glob(self) -> bool:
        return not _GLOB_CHARACTERS.isdisjoint(without_query(self.given))


def list_sources(inputs: Sequence[str], must_exist: bool = True, is_output: IsOutput | None = None) -> list[SourceFile]:
    """Return the input files that ``inputs`` name, sorted by address, each once, however often and however it is named.

    A local file is known by its real path, so links and relative paths to one file are the same file.

    Args:
        inputs: Each a path, a glob, a directory (all supported files in it and below) or an fsspec URL of one of
            these. A directory that a glob matches is read like one that is named. Names in directories and globs that
            start with ``_`` or ``.`` are ignored, so the output of another run may be read. Files of unsupported types
            are ignored with a warning.
        must_exist: Whether each input must match a file now.
        is_output: Whether a path of a file system is one of the run's own parts. These are never read, even if a
            directory or a glob matches them: otherwise a run whose output is below its input could not be repeated.

    Raises:
        UsageError: An input matches no file, or a file that can't be read or has an unsupported type, or reads a folder
            that a table format manages.
    """
    if not inputs:
        raise UsageError("no input is given: name a file, a directory or a glob with --input")
    return interruptible(lambda: _list(inputs, must_exist, is_output))


def _list(inputs: Sequence[str], must_exist: bool, is_output: IsOutput | None) -> list[SourceFile]:
    found: dict[str, SourceFile] = {}
    for given in inputs:
        try:
            found |= {source.url: source for source in _expand(_opened(given), is_output)}
        except NoInputFiles:
            if must_exist:
                raise
    return [found[url] for url in sorted(found)]


def deleted_inputs(inputs: Sequence[str], urls: Iterable[str]) -> list[str]:
    """Return those of ``urls`` that ``inputs`` would match as directories or globs if they still existed.

    A file that was named by itself, or by another command, is not among them: whoever stops naming it may want to keep
    its translation.
    """
    return interruptible(lambda: list(_deleted(inputs, urls)))


def _deleted(inputs: Sequence[str], urls: Iterable[str]) -> Iterator[str]:
    patterns = []
    for given in inputs:
        each = _opened(given)
        if each.is_glob and not each.fs.exists(each.path):
            globs = (each.path, f"{each.path}/**")
            patterns += [(each.fs, re.compile(glob_translate(pattern))) for pattern in globs]
        elif each.fs.isdir(each.path):
            patterns.append((each.fs, re.compile(re.escape(each.path.rstrip("/")) + "/.*")))
    for url in urls:
        fs, path = file_system(url)
        if any(same_file_system(fs, other) and pattern.fullmatch(path) for other, pattern in patterns) and not _exists(
            url, fs, path
        ):
            yield url


def _opened(given: str) -> _Input:
    if "://" in given and urlsplit(given).password:
        raise UsageError(
            f"the --input on host {urlsplit(given).hostname} contains a password: put credentials into the environment "
            "or fsspec's configuration"
        )
    shown = identity_of(given)
    with announced(f"opening {shown}"):
        fs, path = file_system(given)
    if isinstance(fs, LocalFileSystem):
        path = real_path(path)
    return _Input(given, shown, fs, path)


def _expand(each: _Input, is_output: IsOutput | None) -> Iterator[SourceFile]:
    fs, path, shown = each.fs, each.path, each.shown
    fs.invalidate_cache()
    if not _exists(shown, fs, path):
        if not each.is_glob:
            raise NoInputFiles(f"--input {shown} does not exist{_reason(fs, path)}")
        yield from _among(each, *_glob(each), is_output)
        return
    info = _try(shown, lambda: fs.info(path))
    if info["type"] == "directory":
        yield from _among(each, _find(each, path), len(path.rstrip("/")) + 1, is_output)
    elif info["type"] != "file":
        raise UsageError(f"--input {shown} is neither a file nor a directory")
    elif format_of(without_query(path)) is None:
        raise UsageError(f"--input {shown} has an unsupported type; supported are {SUPPORTED_FILES}")
    else:
        yield _source(each, path, info)


def _find(each: _Input, folder: str) -> dict[str, Any]:
    """All files in a directory and below, which must be plain files and listable."""
    if closed := _closed(each.fs, folder, None):
        raise UsageError(
            f"cannot list {closed[0]}, so files of --input {each.shown} would be missing: make it readable, or name "
            "the files to be read with a glob"
        )
    found: dict[str, Any] = _try(each.shown, lambda: each.fs.find(folder, detail=True))
    for table, kind in managed_tables(found).items():
        raise refuse(each.shown, table, kind)
    if above := _try(each.shown, lambda: managed_ancestor(each.fs, [folder])):
        raise refuse(each.shown, *above)
    return found


def _glob(each: _Input) -> tuple[dict[str, Any], int]:
    """What a glob matches, and the position in a path where names begin that may be hidden."""
    parts = each.path.split("/")
    fixed = list(takewhile(_GLOB_CHARACTERS.isdisjoint, parts))
    for folder in _closed(each.fs, "/".join(fixed), None if "**" in each.path else len(parts) - len(fixed)):
        LOG.warning("--input %s: cannot list %s, so nothing in it is read", each.shown, folder)
    found: dict[str, Any] = _try(each.shown, lambda: each.fs.glob(each.path, detail=True))
    if not found:
        brackets = "; write [[] for a bracket that is part of a name" if "[" in each.path else ""
        raise NoInputFiles(f"--input {each.shown} matches no file{brackets}")
    below = max(map(len, found)) if is_hidden(parts[-1]) else len("/".join([*fixed, ""]))
    files: dict[str, Any] = {}
    for path, info in found.items():
        if any(map(is_hidden, path[below:].split("/"))):
            continue
        if _type(each, path, info) == "directory":
            if "**" not in each.path:  # ``**`` matches what is below the directory, too
                files |= _find(each, path)
        else:
            files[path] = info
    folders = {path.rpartition("/")[0] for path in files}
    if above := _try(each.shown, lambda: managed_ancestor(each.fs, sorted(folders))):
        raise refuse(each.shown, *above)
    return files, below


def _type(each: _Input, path: str, info: dict[str, Any]) -> str:
    """Whether a listed path is a file, a directory or something else; listings do not follow local links."""
    if info["type"] == "other" and info.get("islink") and each.fs.isdir(path):
        return "directory"
    return str(info["type"])


def _closed(fs: Any, root: str, depth: int | None) -> list[str]:
    """Directories, ``root`` and so many levels below it, that can't be listed: fsspec takes them for empty ones."""
    if not isinstance(fs, LocalFileSystem):
        return []
    errors: list[OSError] = []
    with announced(f"listing {root}"):
        for folder, folders, _ in os.walk(root, onerror=errors.append):
            level = folder.removeprefix(root).count("/") + 1
            folders[:] = [] if level == depth else [name for name in folders if not is_hidden(name)]
    return [f"{error.filename} ({error.strerror})" for error in errors if not isinstance(error, _NOTHING)]


def _exists(what: str, fs: Any, path: str) -> bool:
    if not isinstance(fs, LocalFileSystem):
        return bool(_try(what, lambda: fs.exists(path)))
    try:
        _try(what, lambda: os.stat(path))  # noqa: PTH116 - fsspec's paths are strings
    except UsageError as error:
        # Any other reason why it can't be examined does not mean that it does not exist.
        if isinstance(error.__cause__, _NOTHING):
            return False
        raise
    return True


def _reason(fs: Any, path: str) -> str:
    """Why a file does not exist, where the file system knows more: HTTP's takes a dead server for a missing file."""
    try:
        fs.info(path)
    except Exception as error:  # each client library has its own
        if error.__cause__ is None:
            return ""
        unknown = "CERTIFICATE_VERIFY_FAILED" in str(error.__cause__)
        return f" ({first_line(error.__cause__)}{'; name its authority with SSL_CERT_FILE' if unknown else ''})"
    return ""


def _among(each: _Input, found: dict[str, Any], below: int, is_output: IsOutput | None) -> Iterator[SourceFile]:
    """The supported ones of ``found``, a description by path; a name from character ``below`` on may hide its path."""
    ignored = []
    linked_folders = []
    parts = files = 0
    for path, listed in found.items():
        if any(map(is_hidden, path[below:].split("/"))):
            continue
        if is_output is not None and is_output(each.fs, path):
            parts += 1
            continue
        info = listed
        if format_of(path) is not None and listed["type"] == "other":  # a link in a local listing
            info = _try(path, partial(each.fs.info, path))
        if _type(each, path, listed) == "directory":
            linked_folders.append(path)
        elif format_of(path) is None or info["type"] != "file":
            ignored.append(path)
        else:
            files += 1
            yield _source(each, path, info)
    if linked_folders:
        LOG.warning(
            "--input %s: links to folders are not followed: %s; name each with --input",
            each.shown,
            _some(linked_folders),
        )
    if not files:
        raise NoInputFiles(f"--input {each.shown} has no file of a supported type: {SUPPORTED_FILES}")
    if parts:
        LOG.info("--input %s: ignored %d parts of this run's own output", each.shown, parts)
    if ignored:
        names = _some([path.rpartition("/")[2] for path in ignored])
        LOG.warning("--input %s: ignored %d files of unsupported types (%s)", each.shown, len(ignored), names)


def _some(names: Sequence[str]) -> str:
    return ", ".join(sorted(names)[:3]) + (", …" if len(names) > 3 else "")


def _source(each: _Input, path: str, info: dict[str, Any]) -> SourceFile:
    if each.is_local:
        path = each.identity(path, info)
    kind = format_of(without_query(path))
    assert kind is not None  # noqa: S101 - callers have checked
    address = address_of(each.given, each.fs, each.path, path)
    url = identity_of(address)
    if not each.is_local and version(info) is None:
        info = _try(url, lambda: each.fs.info(path))
    identified = _try(url, lambda: fingerprint(address, each.fs, path, info))
    return SourceFile(
        url,
        *kind,
        size_bytes=int(info.get("size") or 0),
        fingerprint=identified,
        partitions=partitions_of(without_query(path)),
        signed_url=None if address == url else address,
    )


def _try(what: str, action: Callable[[], _Result]) -> _Result:
    """The result of an access to a file system; its errors (each client library has its own) become the user's."""
    try:
        with announced(f"reading {what}"):
            return action()
    except TranslateError:
        raise
    except Exception as error:
        raise UsageError(f"cannot read {what}: {first_line(error)}") from error

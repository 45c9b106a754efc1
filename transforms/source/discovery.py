"""The input files: found by path, glob, directory or URL, identified, and checked for change; all of it by fsspec."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from itertools import takewhile
from pathlib import PurePosixPath
from typing import Any, TypeVar
from urllib.parse import urlsplit

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem
from fsspec.utils import glob_translate

from transforms.errors import RunFailed, UsageError
from transforms.file_systems import check_encodable, file_system
from transforms.source.work_units import Compression, Format, SourceFile

LOG = logging.getLogger(__name__)
_Result = TypeVar("_Result")

_COMPRESSIONS: dict[str, Compression] = {".gz": "gzip", ".zst": "zstd"}
_JSON_LINES = (".jsonl", ".ndjson", ".json")
SUPPORTED_FILES = ".parquet, or JSON lines as .jsonl, .ndjson or .json, these also with .gz or .zst"

_NOTHING = (FileNotFoundError, NotADirectoryError)
_GLOB_CHARACTERS = frozenset("*?[")
_VERSION_KEYS = ("etag", "md5hash", "generation", "lastmodified", "mtime", "modified", "updated", "created")
"""What file systems call a file's version (in lower case, without ``-`` and ``_``), the best first. One is used, since
a listing often says less than a question about the single file."""


class NoInputFiles(UsageError):
    """An input that means no file, which may come later."""


def list_sources(
    inputs: Sequence[str], must_exist: bool = True, is_output: Callable[[Any, str], bool] | None = None
) -> list[SourceFile]:
    """The input files that ``inputs`` mean, sorted by address, each once.

    Args:
        inputs: Each a path, a glob, a directory (all supported files in it and below) or an fsspec URL of one of
            these. In directories and globs, names that start with ``_`` or ``.`` are passed over, so the output of
            another run may be read; files of other kinds are passed over with a warning.
        must_exist: Whether each must mean a file now.
        is_output: Whether a path of a file system is one of the run's own parts. They are never input, even if a
            directory or a glob matches them: otherwise a run whose output is below its input could not be repeated.

    Raises:
        UsageError: If one of them means no file, or a file that can't be read or is of an unsupported kind.
    """
    if not inputs:
        raise UsageError("no input is given: name a file, a directory or a glob with --input")
    found: dict[str, SourceFile] = {}
    for given in inputs:
        try:
            found |= {source.url: source for source in _expand(given, is_output)}
        except NoInputFiles:
            if must_exist:
                raise
    return [found[url] for url in sorted(found)]


def deleted_inputs(inputs: Sequence[str], urls: Iterable[str]) -> list[str]:
    """Those of ``urls`` that ``inputs`` would mean as directories or globs, if they were still there.

    A file that was named by itself, or by another command, is none of this: whoever leaves it out may want to keep its
    translation.
    """
    patterns = []
    for given in inputs:
        fs, path = file_system(given)
        if isinstance(fs, LocalFileSystem):
            path = _without_dots(path)
        if not _GLOB_CHARACTERS.isdisjoint(given) and not fs.exists(path):
            patterns.append((fs, re.compile(glob_translate(path))))
        elif fs.isdir(path):
            patterns.append((fs, re.compile(re.escape(path.rstrip("/")) + "/.*")))
    gone = []
    for url in urls:
        fs, path = file_system(url)
        if any(fs == other and pattern.fullmatch(path) for other, pattern in patterns) and not _exists(url, fs, path):
            gone.append(url)
    return gone


def check_unchanged(source: SourceFile) -> None:
    """Makes sure that the file is still the one that was planned.

    Raises:
        RunFailed: If it has changed or gone: its rows would be mixed up.
    """
    fs, path = file_system(source.url)
    try:
        fs.invalidate_cache(path)
        now = _fingerprint(fs, path, fs.info(path))
    except FileNotFoundError as error:
        raise RunFailed(
            f"{source.url} was removed during the run: put it back and run the same command again"
        ) from error
    except OSError as error:
        raise RunFailed(f"cannot read {source.url}: {_first_line(error)}") from error
    if now != source.fingerprint:
        raise RunFailed(f"{source.url} was changed during the run: run the same command again, once it is complete")


def format_of(name: str) -> tuple[Format, Compression | None] | None:
    """Format and compression by a file's name; None if it is unsupported."""
    suffixes = [suffix.lower() for suffix in PurePosixPath(name).suffixes]
    compression = _COMPRESSIONS.get(suffixes[-1]) if suffixes else None
    last = suffixes[-2:-1] if compression else suffixes[-1:]
    if last and last[0] in _JSON_LINES:
        return "jsonl", compression
    if last == [".parquet"] and compression is None:
        return "parquet", None
    return None


def _expand(given: str, is_output: Callable[[Any, str], bool] | None) -> Iterator[SourceFile]:
    if "://" in given and urlsplit(given).password:
        raise UsageError(
            f"the --input on host {urlsplit(given).hostname} contains a password, which would end up in the output's "
            "metadata: put credentials into the environment or fsspec's configuration"
        )
    fs, path = file_system(given)
    if isinstance(fs, LocalFileSystem):
        path = _without_dots(path)
    fs.invalidate_cache()
    if not _exists(given, fs, path):
        if _GLOB_CHARACTERS.isdisjoint(given):
            raise NoInputFiles(f"--input {given} does not exist{_reason(fs, path)}")
        yield from _among(given, fs, path, *_glob(given, fs, path), is_output)
        return
    info = _try(given, lambda: fs.info(path))
    if info["type"] == "directory":
        if closed := _closed(fs, path, None):
            raise UsageError(
                f"cannot list {closed[0]}, so files of --input {given} would be missing: make it readable, or name the "
                "files to be read with a glob"
            )
        found = _try(given, lambda: fs.find(path, detail=True))
        yield from _among(given, fs, path, found, len(path.rstrip("/")) + 1, is_output)
    elif info["type"] != "file":
        raise UsageError(f"--input {given} is neither a file nor a directory")
    elif format_of(path) is None:
        raise UsageError(f"--input {given} is not of a supported kind: {SUPPORTED_FILES}")
    else:
        yield _source(given, fs, path, path, info)


def _glob(given: str, fs: Any, pattern: str) -> tuple[dict[str, Any], int]:
    """What a glob matches, and where in a path the part begins in which names may be hidden."""
    parts = pattern.split("/")
    fixed = list(takewhile(_GLOB_CHARACTERS.isdisjoint, parts))
    for folder in _closed(fs, "/".join(fixed), None if "**" in pattern else len(parts) - len(fixed)):
        LOG.warning("--input %s: cannot list %s, so nothing in it is read", given, folder)
    found: dict[str, Any] = _try(given, lambda: fs.glob(pattern, detail=True))
    if not found:
        raise NoInputFiles(f"--input {given} matches no file")
    if _is_hidden(parts[-1]):
        return found, max(map(len, found))
    return found, len("/".join([*fixed, ""]))


def _closed(fs: Any, root: str, depth: int | None) -> list[str]:
    """Directories, ``root`` and so many levels below it, that can't be listed: fsspec takes them for empty ones."""
    if not isinstance(fs, LocalFileSystem):
        return []
    errors: list[OSError] = []
    for folder, folders, _ in os.walk(root, onerror=errors.append):
        level = folder.removeprefix(root).count("/") + 1
        folders[:] = [] if level == depth else [name for name in folders if not _is_hidden(name)]
    return [f"{error.filename} ({error.strerror})" for error in errors if not isinstance(error, _NOTHING)]


def _exists(what: str, fs: Any, path: str) -> bool:
    if not isinstance(fs, LocalFileSystem):
        return bool(_try(what, lambda: fs.exists(path)))
    try:
        _try(what, lambda: os.stat(path))  # noqa: PTH116 - fsspec's paths are strings
    except UsageError as error:
        # Whatever else keeps it from being looked at does not mean that it is not there.
        if isinstance(error.__cause__, _NOTHING):
            return False
        raise
    return True


def _reason(fs: Any, path: str) -> str:
    """Why a file is not there, where the file system says more than that: HTTP's takes a dead server for it."""
    try:
        fs.info(path)
    except Exception as error:  # each client library has its own
        return f" ({_first_line(error.__cause__)})" if error.__cause__ else ""
    return ""


def _among(
    given: str, fs: Any, root: str, found: dict[str, Any], below: int, is_output: Callable[[Any, str], bool] | None
) -> Iterator[SourceFile]:
    """The supported ones of ``found``, a path and its description each; names from character ``below`` may hide it."""
    passed_over = []
    parts = 0
    none = True
    for path, listed in found.items():
        if any(map(_is_hidden, path[below:].split("/"))):
            continue
        if is_output is not None and is_output(fs, path):
            parts += 1
            continue
        info = listed
        if (
            format_of(path) is not None and listed["type"] == "other"
        ):  # a link, as a listing of a local directory says it
            info = _try(path, partial(fs.info, path))
        if format_of(path) is None or info["type"] != "file":
            passed_over.append(path)
            continue
        none = False
        yield _source(given, fs, root, path, info)
    if none:
        raise NoInputFiles(f"--input {given} has no file of a supported kind: {SUPPORTED_FILES}")
    if parts:
        LOG.info("--input %s: %d parts in it are this run's output, and not read", given, parts)
    if passed_over:
        names = ", ".join(path.rpartition("/")[2] for path in sorted(passed_over)[:3])
        more = ", …" if len(passed_over) > 3 else ""
        LOG.warning("--input %s: not read, being of other kinds: %d (%s%s)", given, len(passed_over), names, more)


def _source(given: str, fs: Any, root: str, path: str, info: dict[str, Any]) -> SourceFile:
    kind = format_of(path)
    assert kind is not None  # noqa: S101 - callers have checked
    url = _address(given, fs, root, path)
    if not isinstance(fs, LocalFileSystem) and _version(info) is None:
        info = _try(url, lambda: fs.info(path))
    fingerprint = _try(url, lambda: _fingerprint(fs, path, info))
    return SourceFile(url, kind[0], kind[1], int(info.get("size") or 0), fingerprint)


def _without_dots(path: str) -> str:
    """A local path without ``..``, unless links make that another file."""
    flat = os.path.normpath(path)
    return flat if os.path.realpath(flat) == os.path.realpath(path) else path


def _address(given: str, fs: Any, root: str, path: str) -> str:
    """One spelling for each file: an absolute path, or a URL that leads back to the same file."""
    check_encodable(path)
    if isinstance(fs, LocalFileSystem):
        return path
    url: str = fs.unstrip_protocol(path)
    if url_to_fs(url) == (fs, path):
        return url
    # The file system's own spelling loses the host (SFTP, FTP): keep what stood before the path.
    if not given.rstrip("/").endswith(root.rstrip("/")):
        raise UsageError(f"--input {given} cannot be resolved to single files: name them one by one")
    return given.rstrip("/").removesuffix(root.rstrip("/")) + path


def _fingerprint(fs: Any, path: str, info: dict[str, Any]) -> str:
    if isinstance(fs, LocalFileSystem):
        status = os.stat(path)  # noqa: PTH116 - fsspec's paths are strings
        return f"size={status.st_size} mtime_ns={status.st_mtime_ns}"
    return f"size={info.get('size')} {_version(info) or 'version=unknown'}"


def _version(info: dict[str, Any]) -> str | None:
    known = {key.lower().replace("-", "").replace("_", ""): value for key, value in info.items() if value is not None}
    for key in _VERSION_KEYS:
        if key in known:
            value = known[key]
            return f"{key}={value.timestamp() if isinstance(value, datetime) else value}"
    return None


def _is_hidden(name: str) -> bool:
    return name.startswith(("_", "."))


def _try(what: str, action: Callable[[], _Result]) -> _Result:
    """The result of an access to a file system, whose errors (each client library has its own) become the user's."""
    try:
        return action()
    except Exception as error:
        raise UsageError(f"cannot read {what}: {_first_line(error)}") from error


def _first_line(error: BaseException) -> str:
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__

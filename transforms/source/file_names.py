"""Names of input files: what they say about the content, and the one address of each file."""

from __future__ import annotations

import hashlib
import os
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from transforms.errors import UsageError
from transforms.file_systems import check_encodable
from transforms.source.work_units import Compression, Format

_COMPRESSIONS: dict[str, Compression] = {".gz": "gzip", ".zst": "zstd"}
_JSON_LINES = (".jsonl", ".ndjson", ".json")
SUPPORTED_FILES = ".parquet, or JSON lines as .jsonl, .ndjson or .json, these also with .gz or .zst"

_SIGNATURE_PREFIXES = ("x-amz-", "x-goog-")
_SIGNATURES = frozenset(
    {
        "sig",
        "signature",
        "expires",
        "key-pair-id",
        "policy",
        "awsaccesskeyid",
        "googleaccessid",
        "token",
        "access_token",
    }
    | {"se", "sp", "sv", "st", "sr", "spr"}
)
"""Parameters of signed addresses (S3, Google, CloudFront, Azure), which change while the file stays the same."""


def format_of(name: str) -> tuple[Format, Compression | None] | None:
    """Return format and compression by a file's name; None if it is unsupported."""
    suffixes = [suffix.lower() for suffix in PurePosixPath(name).suffixes]
    compression = _COMPRESSIONS.get(suffixes[-1]) if suffixes else None
    last = suffixes[-2:-1] if compression else suffixes[-1:]
    if last and last[0] in _JSON_LINES:
        return "jsonl", compression
    if last == [".parquet"] and compression is None:
        return "parquet", None
    return None


def real_path(path: str) -> str:
    """Return the path of the file that a local path names, links resolved.

    A link keeps its own name if its target is in a hidden folder or has another type: that is how stores of content
    keep versions of a file (Git annex, DVC, mounted configuration), and the target's name changes with the content.
    """
    real = os.path.realpath(path)
    parent, name = os.path.split(path.rstrip("/") or "/")
    if format_of(name) == format_of(real) and not any(map(is_hidden, real.split("/"))):
        return real
    return f"{os.path.realpath(parent).rstrip('/')}/{name}"


def address_of(given: str, fs: Any, root: str, path: str) -> str:
    """Return what opens one of the files of an input: an absolute path, or a URL that leads back to the file.

    Args:
        given: The input as the user wrote it.
        fs: File system of fsspec that ``given`` leads to.
        root: Path of ``given`` in ``fs``.
        path: Path of the file in ``fs``.

    Raises:
        UsageError: The name is not UTF-8, or no address can be made.
    """
    check_encodable(path)
    if isinstance(fs, LocalFileSystem):
        return path
    if "::" in given:  # file systems in each other, such as zip://*.parquet::archive.zip
        return f"{given.partition('://')[0]}://{path}::{given.partition('::')[2]}"
    url: str = fs.unstrip_protocol(path)
    if url_to_fs(url) == (fs, path):
        return url
    # The file system's own spelling loses the host (SFTP, FTP): keep what stood before the path.
    if not given.rstrip("/").endswith(root.rstrip("/")):
        raise UsageError(f"--input {identity_of(given)} cannot be resolved to single files: name them one by one")
    return given.rstrip("/").removesuffix(root.rstrip("/")) + path


def without_query(path: str) -> str:
    """Return a path, or a web address without its query."""
    return path.partition("?")[0] if path.startswith(("http://", "https://")) else path


def is_hidden(name: str) -> bool:
    """Return whether the name of a file or folder says that it is internal or temporary."""
    return name.startswith(("_", "."))


def identity_of(url: str) -> str:
    """Return an address as it may be shown and stored: without a password, and without the query of a web address.

    What a query selects still counts: unless it only holds a signature, a hash of it takes its place, so that two
    addresses that differ in their queries stay two.

    >>> identity_of("https://me:hush@store/a.parquet?X-Amz-Signature=123")
    'https://me@store/a.parquet'
    """
    return "::".join(map(_link_identity, url.split("::"))) if "://" in url else url


def _link_identity(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    if not separator:
        return url
    place, slash, path = rest.partition("/")
    user, at, host = place.rpartition("@")
    shown = f"{scheme}://{user.partition(':')[0]}{at}{host}{slash}{path}"
    if scheme.lower() not in ("http", "https"):
        return shown
    parts = urlsplit(shown)
    chosen = [(name, value) for name, value in parse_qsl(parts.query, True) if not _is_signature(name.lower())]
    query = hashlib.sha256(urlencode(chosen).encode()).hexdigest()[:8] if chosen else ""
    return urlunsplit((scheme, parts.netloc, parts.path, query, ""))


def _is_signature(name: str) -> bool:
    return name in _SIGNATURES or name.startswith(_SIGNATURE_PREFIXES)

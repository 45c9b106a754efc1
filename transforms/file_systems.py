"""fsspec file systems: which one an address means, and how addresses are shown without their secrets."""

from __future__ import annotations

import re
from typing import Any

import fsspec
from fsspec.core import url_to_fs
from fsspec.implementations.local import make_path_posix

from transforms.errors import UsageError

_URL = re.compile(r"(?<![\w+.-])[A-Za-z][A-Za-z0-9+.-]*://[^\s'\"<>]*")
_CHAIN = re.compile(r"::(?=[A-Za-z][A-Za-z0-9+.-]*://)")
_AUTHORITY = re.compile(r"[^:/@]+(:\d*)?|\[[^]/@]*\](:\d*)?|")
_WEB = ("http", "https")
_LOCAL = ("file", "local", "memory")
"""Schemes without queries: a question mark belongs to the file's name."""


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
        opened: tuple[Any, str] = url_to_fs(url)
    except (ImportError, ValueError) as error:
        text = mask_urls(str(error).strip())
        reason = text.splitlines()[0] if text else type(error).__name__
        raise UsageError(f"cannot open {masked_url(url)}: {reason}") from error
    return opened


def check_encodable(url: str) -> None:
    """Make sure that an address can be stored in footers and summaries, which are UTF-8.

    Raises:
        UsageError: The bytes of a local name are not UTF-8.
    """
    try:
        url.encode()
    except UnicodeEncodeError:
        raise UsageError(f"the name {url!r} is not UTF-8: rename the file or directory") from None


def masked_url(url: str) -> str:
    """Return an address as it may be shown and stored: without user names, passwords, keys and signatures.

    >>> masked_url("simplecache::sftp://ann:secret@gpu0/reports")
    'simplecache::sftp://***@gpu0/reports'
    >>> masked_url("https://store/reports.parquet?X-Amz-Signature=5fe2")
    'https://store/reports.parquet?***'
    """
    return "::".join(map(_masked_link, _CHAIN.split(url))) if "://" in url else url


def mask_urls(text: str) -> str:
    """Return a message in which the secrets of all URLs are masked; client libraries quote URLs in their errors."""
    return _URL.sub(lambda match: masked_url(match[0]), text)


def _masked_link(url: str) -> str:
    """Mask one link of a chain of file systems."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme in _LOCAL:
        return url
    authority, slash, path = rest.partition("/")
    name = authority.rpartition("@")[2]
    if not _AUTHORITY.fullmatch(name) or (not name and "@" not in authority) or (name.endswith(":") and "@" in path):
        # A password with a slash in it: everything before the last @ may belong to it.
        _, at, after = rest.rpartition("@")
        if at:
            return f"{scheme}://***@{_without_query(scheme, after)}"
    if "@" in authority:
        authority = f"***@{name}"
    return f"{scheme}://{_without_query(scheme, authority + slash + path)}"


def _without_query(scheme: str, rest: str) -> str:
    """Mask the query; elsewhere than on the web, a question mark without ``=`` is part of a glob."""
    pattern = r"([?#]).*" if scheme.lower() in _WEB else r"(\?)[^?]*=.*"
    return re.sub(pattern, r"\1***", rest, count=1, flags=re.DOTALL)

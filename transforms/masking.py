"""Mask the secrets in URLs: user names and passwords, and queries, which may hold keys and signatures."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_SCHEME = r"[A-Za-z][A-Za-z0-9+.-]*://"
_URL = re.compile(rf"{_SCHEME}(?:(?!(?:,|::){_SCHEME})[^\s'\"<>|])*")
"""A URL in a text; it ends before the next one of a comma-separated list, or of a chain such as ``zip://a::s3://b``."""

_CHAIN = re.compile(rf"::(?={_SCHEME})")
_HOST = re.compile(r"(?:\[[^\]]*\]|[^:]*)(?::\d+)?")
_LOCAL = ("file", "local", "memory")
"""Schemes without queries, where a question mark belongs to the file's name."""

_WEB_QUERY = re.compile(r"([?#]).*", re.DOTALL)
_STORE_QUERY = re.compile(r"(\?)[^?]*=.*", re.DOTALL)
"""Outside the web, a question mark without ``=`` belongs to a glob."""


def masked_url(url: str) -> str:
    """Return an address as it may be shown and stored: without user names, passwords, keys and signatures.

    >>> masked_url("simplecache::sftp://ann:secret@gpu0/reports")
    'simplecache::sftp://***@gpu0/reports'
    >>> masked_url("https://store/reports.parquet?X-Amz-Signature=5fe2")
    'https://store/reports.parquet?***'
    """
    return "::".join(map(_masked_link, _CHAIN.split(url))) if "://" in url else url


def mask_urls(text: str) -> str:
    """Return a text with the secrets of every URL in it masked; client libraries quote URLs in their errors.

    >>> mask_urls("cannot reach redis://:secret@cache:6379/0: refused")
    'cannot reach redis://***@cache:6379/0: refused'
    """
    return _URL.sub(lambda match: _masked_link(match[0]), text) if "://" in text else text


def mask_values(value: Any) -> Any:
    """Return JSON values with the URLs in all strings masked, including those in keys."""
    if isinstance(value, str):
        return mask_urls(value)
    if isinstance(value, Mapping):
        return {mask_values(key): mask_values(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [mask_values(each) for each in value]
    return value


def _masked_link(url: str) -> str:
    """Mask one link of a chain of file systems."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.lower() in _LOCAL:
        return url
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if "@" in authority or ("@" in rest and not _HOST.fullmatch(authority)):
        rest = "***" + rest[rest.rindex("@") :]  # up to the last @, as a password may hold @, / and ?
    query = _WEB_QUERY if scheme.lower() in ("http", "https") else _STORE_QUERY
    shown = query.sub(r"\1***", rest, count=1)
    return f"{scheme}://{shown}"

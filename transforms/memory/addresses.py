"""Addresses of translation memories: open the store at an address, and choose the default file."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from transforms.errors import UsageError
from transforms.memory.claims import ClaimStore
from transforms.memory.redis_store import RedisStore
from transforms.memory.sqlite_claims import SqliteClaims
from transforms.memory.sqlite_store import SqliteStore, is_other_file
from transforms.memory.store import Store

CACHE_FOLDER = "beam-ollama-translate"


def is_redis(address: str) -> bool:
    """Return whether an address names a Redis server rather than a file."""
    return address.startswith(("redis://", "rediss://", "unix://"))


def cache_file(output: str, environ: Mapping[str, str] = os.environ) -> Path:
    """Return the memory file of an output that is not on a local disk: in the user's cache directory.

    Args:
        output: Address of the output; each output has its own memory.
        environ: Environment variables, of which ``XDG_CACHE_HOME`` may name the cache directory.

    Raises:
        RuntimeError: The user has no home directory.
    """
    name = hashlib.sha256(output.rstrip("/").encode()).hexdigest()[:32]
    return cache_directory(environ) / f"memory-{name}.sqlite"


def cache_directory(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the program's directory in the user's cache, which may not exist yet.

    Raises:
        RuntimeError: The user has no home directory.
    """
    return Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / CACHE_FOLDER


def open_store(address: str, named: bool = False) -> Store:
    """Open the store at a path or at the address of a Redis server.

    Args:
        address: Path or Redis URL.
        named: Whether the user chose the address, and so may have named another file by mistake. A file that is not a
            database is then refused instead of being treated as a damaged memory.

    Raises:
        MemoryUnavailable: The store cannot be opened.
        UsageError: The address is invalid, a newer version or another program created the file, or the Redis package is
            missing.
    """
    if is_redis(address):
        return RedisStore(address)
    if "://" in address:
        raise UsageError(
            f"--memory: {address.partition('://')[0]}:// cannot hold a translation memory: use a file on a local "
            "disk, or redis://host:port/0"
        )
    if named and is_other_file(Path(address)):
        raise UsageError(f"--memory: {address} is not a translation memory and was not changed: choose another file")
    return SqliteStore(Path(address))


def open_claims(address: str) -> ClaimStore:
    """Open the claims that belong to the memory at a path or at the address of a Redis server.

    Raises:
        MemoryUnavailable: The Redis server does not answer.
    """
    return RedisStore(address) if is_redis(address) else SqliteClaims(_claims_path(address))


def forget_claims(path: str) -> None:
    """Remove the claims that belong to the memory at a path, as of a run that was killed.

    Without it, the next run would wait for them to expire. No other process may use the memory now.
    """
    claims = _claims_path(path)
    for file in (claims.with_name(f"{claims.name}-journal"), claims):
        with suppress(OSError):
            file.unlink(missing_ok=True)


def _claims_path(path: str) -> Path:
    return Path(f"{path}-claims")

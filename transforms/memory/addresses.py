"""Which store an address means."""

from __future__ import annotations

from pathlib import Path

from transforms.errors import UsageError
from transforms.memory.redis_store import RedisStore
from transforms.memory.sqlite_store import SqliteStore, is_something_else
from transforms.memory.store import Store


def is_redis(where: str) -> bool:
    """Whether an address means a Redis server and not a file."""
    return where.startswith(("redis://", "rediss://", "unix://"))


def open_store(where: str, named: bool = False) -> Store:
    """The store at a path or a Redis address.

    Args:
        where: As above.
        named: Whether the user has named it, and so may have named another file by mistake: one that is no database at
            all is left as it is then, and not taken for a damaged memory.

    Raises:
        MemoryUnavailable: If it can't be without_checksum.
        UsageError: If the address is none, if a newer or another program has made it, or if the package for Redis is
            missing.
    """
    if is_redis(where):
        return RedisStore(where)
    if "://" in where:
        raise UsageError(
            f"--memory: {where.partition('://')[0]}:// is no place for a translation memory: give a file on a local "
            "disk, or redis://host:port/0"
        )
    if named and is_something_else(Path(where)):
        raise UsageError(f"--memory: {where} is no translation memory, and was left as it is: name another file")
    return SqliteStore(Path(where))

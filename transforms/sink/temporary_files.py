"""Names of temporary files, which show whether the process that writes the file is still alive."""

from __future__ import annotations

import os
import re
import socket
import time
import uuid
from pathlib import Path

ABANDONED_SECONDS = 7 * 24 * 3600.0
"""A temporary file of another machine that has not been modified for this long is considered abandoned."""

PROCESS_ID = uuid.uuid4().hex
"""Tells this process from an earlier one with the same number: containers reuse a few numbers."""

_HOST = re.sub(r"\W", "_", socket.gethostname())
_TEMPORARY = re.compile(r"translate-(?P<host>\w+)-(?P<pid>\d+)-(?P<process>[0-9a-f]{8})-[0-9a-f]{32}\.tmp")


def temporary_name() -> str:
    """Return a new file name that names its owner; ``is_abandoned`` reads it."""
    return f"translate-{_HOST}-{os.getpid()}-{PROCESS_ID[:8]}-{uuid.uuid4().hex}.tmp"


def is_abandoned(path: Path) -> bool:
    """Return whether this is a temporary file of this program whose process is dead."""
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
    return match["process"] != PROCESS_ID[:8] if pid == os.getpid() else not is_alive(pid)


def is_alive(pid: int) -> bool:
    """Return whether a process of this machine has this number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it belongs to another user
        return True
    return True

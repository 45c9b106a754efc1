"""The content of an output's lock file: which run holds the lock, and when it last renewed it."""

from __future__ import annotations

import json
import os
import socket
import time
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from transforms.sink.output_directory import STATE
from transforms.sink.temporary_files import PROCESS_ID, is_alive

LOCK_FILE = f"{STATE}/lock"

RENEW_SECONDS = 10.0
"""Interval at which the holder rewrites its lease."""

LEASE_SECONDS = 60.0
"""A worker stops if it has not seen the lease renewed for this long."""

STALE_SECONDS = 90.0
"""Another run may take over a lease that was not renewed for this long; longer than ``LEASE_SECONDS``, so that the
workers of a dead launcher have stopped by then."""


@dataclass(frozen=True)
class Lease:
    """Claim of one run on an output.

    Attributes:
        run_id: Identifier of the run.
        host: Name of the launcher's machine.
        pid: Number of the launcher's process.
        process: Identifier of that process, which unlike its number is never used again.
        pid_namespace: Where the number is valid: containers share a host's name, but not its numbers.
        since: Start of the run, for people.
        renewed_at: Unix time of the last renewal.
        ended: Whether the holder has asked its workers to stop; it may hold the lock a little longer, until they have.
    """

    run_id: str
    host: str = ""
    pid: int = 0
    process: str = ""
    pid_namespace: str = ""
    since: str = ""
    renewed_at: float = 0.0
    ended: bool = False

    @classmethod
    def of_this_process(cls, run_id: str) -> Lease:
        """Return the lease of a run that this process launches."""
        since = time.strftime("%Y-%m-%d %H:%M:%S %z")
        return cls(run_id, socket.gethostname(), os.getpid(), PROCESS_ID, _pid_namespace(), since)

    def renewed(self) -> Lease:
        """Return the lease as renewed now."""
        return replace(self, renewed_at=time.time())

    def to_bytes(self) -> bytes:
        """Return the content of the lock file."""
        return json.dumps(asdict(self)).encode()

    def is_free(self) -> bool:
        """Return whether another run may take the lock: the holder is dead, or has stopped renewing it."""
        return self.is_dead() or time.time() - self.renewed_at > STALE_SECONDS

    def is_dead(self) -> bool:
        """Return whether the holder was a process of this machine that has ended; False if it runs elsewhere."""
        if (self.host, self.pid_namespace) != (socket.gethostname(), _pid_namespace()):
            return False
        return self.process != PROCESS_ID if self.pid == os.getpid() else not is_alive(self.pid)

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host} since {self.since}"


def parse_lease(content: bytes) -> Lease | None:
    """Return the lease in a lock file; None if the content is none, for example while it is being rewritten."""
    try:
        values = json.loads(content)
        lease = Lease(**{field.name: values[field.name] for field in fields(Lease)})
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    texts = (lease.run_id, lease.host, lease.process, lease.pid_namespace, lease.since)
    valid = all(isinstance(text, str) for text in texts) and isinstance(lease.pid, int)
    return lease if valid and isinstance(lease.renewed_at, (int, float)) and isinstance(lease.ended, bool) else None


def _pid_namespace() -> str:
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:  # no Linux
        return ""

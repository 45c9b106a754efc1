"""One run at a time on one output: two would take each other's files away."""

from __future__ import annotations

import errno
import fcntl
import json
import logging
import os
import socket
import threading
import time
import uuid
from pathlib import Path
from types import TracebackType
from typing import Any

from transforms.errors import RunFailed
from transforms.sink.output_directory import STATE, OutputDirectory, is_alive

LOG = logging.getLogger(__name__)

FILE = f"{STATE}/lock"
RENEW_SECONDS = 30.0
STALE_SECONDS = 150.0
"""A lock on an object store that was not renewed for so long belongs to a run that has died."""

NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)
"""What file systems say that have no locks."""

SETTLE_SECONDS = 1.0
"""After writing it there: another run may have done so at the same moment, and the last one counts."""

_PROCESS = uuid.uuid4().hex


class OutputLock:
    """Held while the context is open; a run that has died holds none.

    On a local disk the operating system keeps it (``flock``) and lets it go with the process, however that ends. On
    other file systems it is a file that is renewed every 30 seconds.

    Raises:
        RunFailed: On entering, if another run holds it; it is told which.
    """

    def __init__(self, output: OutputDirectory) -> None:
        self._output = output
        self._owner = {
            "id": uuid.uuid4().hex,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "process": _PROCESS,
            "since": time.strftime("%Y-%m-%d %H:%M:%S %z"),
        }
        self._descriptor: int | None = None
        self._end = threading.Event()
        self._renewing: threading.Thread | None = None

    def __enter__(self) -> OutputLock:
        path = self._output.local_path(FILE)
        if path is not None:
            self._lock_file(Path(path))
        else:
            self._lock_object()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)  # the file stays: to remove it might remove another run's
        if self._renewing is not None:
            self._end.set()
            self._renewing.join()
            if self._owner_there().get("id") == self._owner["id"]:
                self._output.remove(FILE)

    def _refuse(self, owner: dict[str, Any]) -> RunFailed:
        who = f" (process {owner['pid']} on {owner['host']} since {owner['since']})" if "since" in owner else ""
        return RunFailed(f"another run is writing to {self._output}{who}: wait for its end, or choose another --output")

    def _lock_file(self, path: Path) -> None:
        with self._output.explain_write_errors(FILE):
            descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o666)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.ftruncate(descriptor, 0)
                os.write(descriptor, json.dumps(self._owner).encode())
            except BlockingIOError:
                os.close(descriptor)
                raise self._refuse(_parsed(path.read_bytes())) from None
            except OSError as error:
                os.close(descriptor)
                if error.errno not in NO_LOCKS:
                    raise
                LOG.warning("%s can't be locked (%s): let no other run write to it", self._output, error.strerror)
            else:
                self._descriptor = descriptor

    def _lock_object(self) -> None:
        owner = self._owner_there()
        if time.time() - owner.get("renewed_at", 0.0) < STALE_SECONDS and not _is_dead(owner):
            raise self._refuse(owner)
        self._renew()
        time.sleep(SETTLE_SECONDS)
        owner = self._owner_there()
        if owner.get("id") != self._owner["id"]:
            raise self._refuse(owner)
        self._renewing = threading.Thread(target=self._keep_renewing, name="output-lock", daemon=True)
        self._renewing.start()

    def _owner_there(self) -> dict[str, Any]:
        return _parsed(self._output.read_bytes(FILE))

    def _renew(self) -> None:
        self._output.write_bytes(FILE, json.dumps({**self._owner, "renewed_at": time.time()}).encode())

    def _keep_renewing(self) -> None:
        while not self._end.wait(RENEW_SECONDS):
            try:
                self._renew()
            except RunFailed as error:
                LOG.warning("the lock of %s can't be renewed: %s", self._output, error)


def _is_dead(owner: dict[str, Any]) -> bool:
    """Whether the owner was a process of this machine and is not there any more."""
    if owner.get("host") != socket.gethostname():
        return False
    if owner["pid"] == os.getpid():  # in containers numbers come again
        return owner.get("process") != _PROCESS
    return not is_alive(owner["pid"])


def _parsed(content: bytes) -> dict[str, Any]:
    try:
        owner = json.loads(content)
    except ValueError:
        return {}
    return owner if isinstance(owner, dict) else {}

"""The launcher's lock: one run at a time writes to an output, and its workers stop when it does."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import stat
import threading
import time
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from transforms.errors import RunFailed
from transforms.sink.lease import LOCK_FILE, RENEW_SECONDS, STALE_SECONDS, Lease, parse_lease
from transforms.sink.output_directory import OutputDirectory

LOG = logging.getLogger(__name__)

NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)
"""Error numbers of file systems without locks."""

SETTLE_SECONDS = 1.0
"""Wait between writing the lease and reading it back: of two runs that write it at once, the last one holds it."""

GRACE_SECONDS = 2.0
"""The lock stays held for this long after the workers were asked to stop: they check it once a second."""


class OutputLock:
    """Lock of an output, held while the context is open.

    The lock file holds a ``Lease``, renewed every 10 seconds, which workers on any machine watch (``fence.Fence``). On
    a local disk the operating system also locks the file (``flock``), and releases it with the process, however that
    ends. Elsewhere, and on file systems without locks, the lease alone decides.

    Attributes:
        run_id: Identifier of the run that holds the lock.

    Raises:
        RunFailed: On entering, another run holds the lock; the message names it.
    """

    def __init__(self, output: OutputDirectory, run_id: str) -> None:
        self.run_id = run_id
        self._output = output
        self._lease = Lease.of_this_process(run_id)
        self._descriptor: int | None = None
        self._writing = threading.Lock()
        self._end = threading.Event()
        self._renewing: threading.Thread | None = None
        self._workers_gone_at = 0.0

    def __enter__(self) -> OutputLock:
        path = self._output.local_path(LOCK_FILE)
        if path is None or not self._lock_file(Path(path)):
            self._take_lease()
        self._renewing = threading.Thread(target=self._keep_renewing, name="output-lock", daemon=True)
        self._renewing.start()
        return self

    def stop_workers(self, elsewhere: bool) -> None:
        """Tell the workers to stop; the lock stays held until they have.

        Args:
            elsewhere: Whether workers run in other processes, which have to notice it.
        """
        with self._writing:
            self._lease = replace(self._lease, ended=True)
        try:
            self._renew()
        except RunFailed as error:
            LOG.warning("cannot tell the workers to stop: %s", error)
        if elsewhere:
            self._workers_gone_at = time.monotonic() + GRACE_SECONDS

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        if self._renewing is not None:
            self._renewing.join()
        time.sleep(max(0.0, self._workers_gone_at - time.monotonic()))
        if self._descriptor is not None:
            # The file stays: deleting it could delete the lock that another run has just taken.
            try:
                self.stop_workers(elsewhere=False)
            finally:
                os.close(self._descriptor)
            return
        try:
            holder = self._holder()
            if holder is not None and holder.run_id == self.run_id:
                self._output.remove(LOCK_FILE)
        except RunFailed as failure:
            # All work is done; what is left of the lock only delays the next run.
            LOG.warning("%s; it expires after %.0f s", failure, STALE_SECONDS)

    def _lock_file(self, path: Path) -> bool:
        """Lock a file on this machine's disks; return False if its file system has no locks."""
        with self._output.explain_write_errors(LOCK_FILE):
            # Never through a link, which could name any other file of the user.
            descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)
            try:
                status = os.fstat(descriptor)
                if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
                    raise OSError(errno.ELOOP, "it is a link or no regular file; delete it")
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._descriptor = descriptor
                self._renew()
            except BlockingIOError:
                os.close(descriptor)
                raise self._refusal(parse_lease(path.read_bytes())) from None
            except BaseException as error:
                self._descriptor = None
                os.close(descriptor)
                if isinstance(error, OSError) and error.errno in NO_LOCKS:
                    return False
                raise
        return True

    def _take_lease(self) -> None:
        holder = self._holder()
        if holder is not None and not holder.is_free():
            raise self._refusal(holder)
        self._renew()
        time.sleep(SETTLE_SECONDS)
        holder = self._holder()
        if holder is None or holder.run_id != self.run_id:
            raise self._refusal(holder)

    def _holder(self) -> Lease | None:
        return parse_lease(self._output.read_bytes(LOCK_FILE))

    def _refusal(self, holder: Lease | None) -> RunFailed:
        who = "" if holder is None else f" ({holder})"
        return RunFailed(f"another run is writing to {self._output}{who}: wait for its end, or choose another --output")

    def _renew(self) -> None:
        with self._writing:
            self._lease = self._lease.renewed()
            content = self._lease.to_bytes()
            if self._descriptor is None:
                self._output.write_bytes(LOCK_FILE, content)
                return
            with self._output.explain_write_errors(LOCK_FILE, len(content)):
                os.lseek(self._descriptor, 0, os.SEEK_SET)
                os.write(self._descriptor, content)
                os.ftruncate(self._descriptor, len(content))

    def _keep_renewing(self) -> None:
        failing = False
        while not self._end.wait(RENEW_SECONDS):
            try:
                self._renew()
                failing = False
            except RunFailed as error:
                if not failing:
                    LOG.warning("cannot renew the lock of %s: %s", self._output, error)
                failing = True

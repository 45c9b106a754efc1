"""The workers' side of the output lock: a run that no longer holds the lock sends no request and publishes no part.

A launcher that is stopped or killed cannot reach its workers on a cluster, and most runners let them continue. Each
worker process therefore watches the lock file itself.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from transforms.errors import RunFailed
from transforms.sink.lease import LEASE_SECONDS, LOCK_FILE, Lease, parse_lease
from transforms.sink.output_directory import OutputDirectory

LOG = logging.getLogger(__name__)

CHECK_SECONDS = 1.0
FRESH_SECONDS = 0.5
"""A look at the lock that is younger than this is good enough for publishing a part."""

MISSING_READS = 2
UNCHANGED_READS = 5
"""Number of successive reads that must agree: a stalled file system shows an old state for a moment when it is back."""


@dataclass
class LeaseWatch:
    """Decides from successive reads of the lock file whether the run still holds the lock; knows no clock and no files.

    The time of a renewal is compared with the watcher's own clock only, as the clocks of two machines differ.

    Attributes:
        run_id: Identifier of the run.
        changed_at: When the lease was first seen as it is now, in seconds of the caller's clock.
        lost: Why the run no longer holds the lock; None while it does.
    """

    run_id: str
    changed_at: float
    lost: str | None = None
    _last: Lease | None = None
    _same: int = 0
    _missing: int = 0

    def saw(self, content: bytes | None, now: float) -> None:
        """Take note of one read.

        Args:
            content: Content of the lock file, empty if there is none; None if it could not be read.
            now: Time of the read, in seconds.
        """
        lease = parse_lease(content) if content else None
        self._missing = self._missing + 1 if content == b"" else 0
        if lease is not None and lease.run_id != self.run_id:
            self.lost = f"another run has taken over the output ({lease})"
        elif lease is not None and lease.ended:
            self.lost = "the launcher of the run has stopped"
        elif lease is not None and lease.is_dead():
            self.lost = "the launcher of the run has died"
        elif self._missing >= MISSING_READS:
            self.lost = "the lock file is gone, so the launcher of the run has stopped"
        elif lease is not None and lease != self._last:
            self._last, self.changed_at, self._same = lease, now, 0
        else:
            self._same += 1
            if now - self.changed_at > LEASE_SECONDS and self._same >= UNCHANGED_READS:
                self.lost = f"the lock was not renewed for {LEASE_SECONDS:.0f} s, so the launcher must have died"


class Fence:
    """Watch over the lock for one worker process, in a thread of its own.

    Args:
        output: Output that the run writes to.
        run_id: Identifier of the run.
    """

    def __init__(self, output: OutputDirectory, run_id: str) -> None:
        self._output = output
        self._watch = LeaseWatch(run_id, time.monotonic())
        self._read_at = 0.0
        self._reading = threading.Lock()
        self._end = threading.Event()
        self._callbacks: list[Callable[[], None]] = []
        self._look()  # a runner may start a worker when its run is over, which would send requests until the next look
        self._thread = threading.Thread(target=self._run, name="output-fence", daemon=True)
        self._thread.start()

    def check(self) -> None:
        """Make sure that the run held the lock at the last look.

        Raises:
            RunFailed: It did not.
        """
        if self._watch.lost is not None:
            raise RunFailed(f"{self._output}: {self._watch.lost}; rerun the same command to resume")

    def check_now(self) -> None:
        """Make sure that the run holds the lock, before a part is published.

        Raises:
            RunFailed: It does not.
        """
        if time.monotonic() - self._read_at > FRESH_SECONDS:
            self._look()
        self.check()

    def when_lost(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` in the fence's thread once the lock is lost; at once, in this thread, if it is already."""
        with self._reading:
            if self._watch.lost is None:
                self._callbacks.append(callback)
                return
        callback()

    def close(self) -> None:
        """End the thread and wait for it."""
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        while self._watch.lost is None and not self._end.wait(CHECK_SECONDS):
            self._look()
        if self._watch.lost is None:
            return
        LOG.error("stopping this worker: %s", self._watch.lost)
        with self._reading:
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    def _look(self) -> None:
        with self._reading:
            try:
                content: bytes | None = self._output.read_bytes(LOCK_FILE)
            except RunFailed as error:
                LOG.debug("cannot look at the lock: %s", error)
                content = None
            if self._watch.lost is None:
                self._read_at = time.monotonic()
                self._watch.saw(content, self._read_at)


_FENCES: dict[tuple[str, str], Fence] = {}
_MAKING = threading.Lock()


def fence_of(output_url: str, run_id: str) -> Fence:
    """Return this process's fence for a run; all steps and threads of the process share it."""
    with _MAKING:
        fence = _FENCES.get((output_url, run_id))
        if fence is None:
            fence = _FENCES[output_url, run_id] = Fence(OutputDirectory(output_url), run_id)
        return fence


def close_fences() -> None:
    """End the fences of this process, after a run whose workers were part of it."""
    with _MAKING:
        while _FENCES:
            _FENCES.popitem()[1].close()

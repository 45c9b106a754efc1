"""``--watch``: run again whenever the input has changed, until a signal stops the process."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Mapping, Sequence

from pipeline.exit_codes import ExitCode
from pipeline.options.run import RunOptions
from pipeline.run import run_once
from pipeline.signals import CleanStop
from transforms.errors import RunFailed, UsageError
from transforms.sink.output_directory import OutputDirectory
from transforms.source.discovery import list_sources
from transforms.source.work_units import SourceFile
from transforms.waiting import announced

LOG = logging.getLogger(__name__)

_LOCAL_TIME = re.compile(r"mtime_ns=(\d+)")


class Settled:
    """Tells complete files from those that are still being written.

    A file is complete if it has not changed since the previous look, or, on local disks, if nobody has written to it
    for as long as the interval between two looks.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._before: dict[str, str] = {}

    def among(self, sources: Sequence[SourceFile], now: float) -> list[SourceFile]:
        """Return the files of ``sources`` that are complete at ``now``, in seconds since 1970."""
        found = [
            source
            for source in sources
            if self._before.get(source.url) == source.fingerprint or self._is_old(source.fingerprint, now)
        ]
        self._before = {source.url: source.fingerprint for source in sources}
        return found

    def _is_old(self, fingerprint: str, now: float) -> bool:
        modified = _LOCAL_TIME.search(fingerprint)
        return modified is not None and int(modified[1]) / 1e9 + self._seconds < now


class Watch:
    """Decides whether a look at the input calls for a run.

    Attributes:
        done: Fingerprints by address, as of the last run that came to its end; empty before the first one.
        refused: Fingerprints by address of the input that the last run refused; empty if it refused none.
    """

    def __init__(self) -> None:
        self.done: Mapping[str, str] = {}
        self.refused: Mapping[str, str] = {}

    def needs_run(self, complete: Mapping[str, str], found: set[str]) -> bool:
        """Whether files have come, changed or gone since the last run.

        Without a complete file there is nothing to run on: the parts of all files would be removed, although a disk
        may just not be mounted.

        Args:
            complete: Fingerprints of the complete files, by address.
            found: Addresses of all files.
        """
        gone = self.done.keys() - found
        return bool(complete) and complete != self.refused and bool(gone or complete.items() - self.done.items())


def watch(options: RunOptions, seconds: float, stop: CleanStop) -> ExitCode:
    """Look at the input every ``seconds``, and run when complete files have come, changed or gone.

    All that is known of earlier runs is in the output, so that watching can be stopped and started at any time. A run
    that fails is logged, and repeated at the next look. Input that cannot be used, such as a damaged file, is logged
    and ignored until it changes, unless the first run finds it.

    Returns:
        The exit code of the signal that stopped the process during a run.

    Raises:
        UsageError: The first run found a mistake of the user, such as an output with another recipe.
        StopRequested: A signal arrived between two runs.
    """
    settled, state = Settled(seconds), Watch()
    output = OutputDirectory(options.output)
    idle = False
    while True:
        with announced("listing the input files"):
            found = list_sources(options.input, must_exist=False, is_output=output.holds_part)
        sources = settled.among(found, time.time())
        complete = {source.url: source.fingerprint for source in sources}
        if state.needs_run(complete, {source.url for source in found}):
            idle = False
            try:
                code = run_once(options, stop, sources)
                if code == stop.code:
                    return code
                state.done = complete
            except RunFailed as error:
                LOG.error("%s; trying again in %g s", error, seconds)
            except UsageError as error:
                if not state.done:
                    raise
                LOG.error("%s; waiting until the input changes", error)
                state.refused = complete
        elif not (complete or idle):
            LOG.info("no complete input; looking again every %g s", seconds)
            idle = True
        time.sleep(seconds)  # a signal ends it

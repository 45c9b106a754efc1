"""Runs again and again, whenever the input has changed, until it is stopped."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Sequence

from pipeline.exit_codes import ExitCode
from pipeline.options.run import RunOptions
from pipeline.run import run_once
from pipeline.signals import CleanStop
from transforms.errors import RunFailed, UsageError
from transforms.sink.output_directory import OutputDirectory
from transforms.source.discovery import list_sources
from transforms.source.work_units import SourceFile

LOG = logging.getLogger(__name__)

_LOCAL_TIME = re.compile(r"mtime_ns=(\d+)")


class Settled:
    """Tells files that are complete from those that are still being written.

    A file is complete if it was the same at the last look, or, on local disks, if nobody has written to it for as long
    as there is between two looks.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._before: dict[str, str] = {}

    def among(self, sources: Sequence[SourceFile], now: float) -> list[SourceFile]:
        """Those of ``sources`` that are complete at the time ``now``, in seconds since 1970."""
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


def watch(options: RunOptions, seconds: float, stop: CleanStop) -> ExitCode:
    """Looks at the input every so many seconds, and runs when complete files have come, changed or gone.

    All that is known of earlier runs stands in the output, so it may be stopped and started at any time. A run that
    fails is told, and tried again at the next look. Input that can't be used, a damaged file for instance, is told and
    left until it changes, unless the first run finds it.

    Returns:
        The exit code of the signal that stopped it.

    Raises:
        UsageError: The first run finds a mistake of the user, such as an output with another recipe.
        RunStopped: A signal came between two runs.
    """
    settled = Settled(seconds)
    output = OutputDirectory(options.output)
    done: dict[str, str] = {}
    refused: dict[str, str] = {}
    waiting = False
    while True:
        found = list_sources(options.input, must_exist=False, is_output=output.holds_part)
        complete = settled.among(found, time.time())
        now = {source.url: source.fingerprint for source in complete}
        gone = done.keys() - {source.url for source in found}
        # With nothing to read no run could tell what belongs to the output; and a disk may just not be mounted.
        if complete and now != refused and (gone or now.items() - done.items()):
            waiting = False
            try:
                code = run_once(options, stop, complete)
                if code == stop.code:
                    return code
                done = now
            except RunFailed as error:
                LOG.error("%s; the next look is in %g s", error, seconds)
            except UsageError as error:
                if not done:
                    raise
                LOG.error("%s; nothing is done until the input changes", error)
                refused = now
        elif not (complete or waiting):
            LOG.info("no complete input, the next look is in %g s", seconds)
            waiting = True
        time.sleep(seconds)  # a signal ends it

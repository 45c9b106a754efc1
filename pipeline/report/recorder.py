"""Records a run: samples the live figures in a thread and saves them in the output while the run lasts."""

from __future__ import annotations

import dataclasses
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pipeline.report.run_files import prune
from pipeline.report.time_series import RunRecord, Sample, TimeSeries, to_parquet
from transforms.engine.snapshot import Snapshot
from transforms.errors import RunFailed
from transforms.sink.output_directory import OutputDirectory

LOG = logging.getLogger(__name__)

FIRST_SAVE_SECONDS = 2.0
SAVE_SECONDS = 15.0
"""Time between two saves, so what a killed run loses at most."""


class RunRecorder:
    """The time series of one run.

    A run never fails because its time series can't be saved: the first failure is logged, and it is not saved any more.

    Args:
        output: Where it is saved.
        name: Name of its file in the output.
        record: The run at its start.
        snapshot: Reads the live figures.
        save_seconds: Time between two saves.
    """

    def __init__(
        self,
        output: OutputDirectory,
        name: str,
        record: RunRecord,
        snapshot: Callable[[], Snapshot],
        save_seconds: float = SAVE_SECONDS,
    ) -> None:
        self._output = output
        self._name = name
        self._record = record
        self._snapshot = snapshot
        self._save_seconds = save_seconds
        self._series = TimeSeries()
        self._end = threading.Event()
        self._usable = True

    @contextmanager
    def sampling(self) -> Iterator[None]:
        """Sample while the context is open, and once more at its end."""
        started = time.monotonic()
        thread = threading.Thread(target=self._run, args=(started,), name="run recorder", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._end.set()
            thread.join()
            self._sample(started)
            self._save()

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Save the end of the run with its ``summary``, and remove the oldest recorded runs."""
        self._record = dataclasses.replace(self._record, summary=summary)
        self._save()
        if self._usable:
            try:
                prune(self._output)
            except RunFailed as error:
                LOG.warning("old time series were not removed: %s", error)

    def _run(self, started: float) -> None:
        due = started + min(FIRST_SAVE_SECONDS, self._save_seconds)
        while not self._end.wait(self._series.interval_seconds):
            self._sample(started)
            if time.monotonic() >= due:
                self._save()
                due = time.monotonic() + self._save_seconds

    def _sample(self, started: float) -> None:
        self._series.add(Sample.of(time.monotonic() - started, self._snapshot()))

    def _save(self) -> None:
        if not self._usable:
            return
        try:
            self._output.write_bytes(self._name, to_parquet(self._record, self._series.samples))
        except RunFailed as error:
            self._usable = False
            LOG.warning("the time series for the report is not saved any more: %s", error)

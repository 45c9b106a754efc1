"""Records a run: keeps the figures that the monitor takes, and saves them in the output while the run lasts."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pipeline.monitoring.status import RunStatus
from pipeline.report.run_files import prune
from pipeline.report.time_series import RunRecord, Sample, TimeSeries, to_parquet
from transforms.errors import RunFailed
from transforms.sink.output_directory import OutputDirectory

LOG = logging.getLogger(__name__)

FIRST_SAVE_SECONDS = 2.0
SAVE_SECONDS = 15.0
"""Time between two saves, so what a killed run loses at most."""

EARLY = 0.9
"""Share of the interval after which a sample is taken: the monitor's pace is not exact."""


class RunRecorder:
    """The time series of one run.

    A run never fails because its time series can't be saved: the first failure is logged, and it is not saved any more.

    Args:
        output: Where it is saved.
        name: Name of its file in the output.
        record: The run at its start.
    """

    def __init__(self, output: OutputDirectory, name: str, record: RunRecord) -> None:
        self._output = output
        self._name = name
        self._record = record
        self._series = TimeSeries()
        self._latest: Sample | None = None
        self._sample_due = 0.0
        self._save_due = FIRST_SAVE_SECONDS
        self._usable = True

    def observe(self, status: RunStatus) -> None:
        """Keep the figures of a moment if a sample is due, and save the series now and then."""
        seconds = status.elapsed_seconds
        self._latest = Sample.of(seconds, status.figures)
        if seconds >= self._sample_due:
            self._series.add(self._latest)
            self._sample_due = seconds + EARLY * self._series.interval_seconds
        if seconds >= self._save_due:
            self._save()
            self._save_due = seconds + SAVE_SECONDS

    @contextmanager
    def saving(self) -> Iterator[None]:
        """Save all figures at the end of the context, however it ends."""
        try:
            yield
        finally:
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

    def _save(self) -> None:
        if not self._usable:
            return
        samples = list(self._series.samples)
        if self._latest is not None and samples[-1:] != [self._latest]:
            samples.append(self._latest)
        try:
            self._output.write_bytes(self._name, to_parquet(self._record, samples))
        except RunFailed as error:
            self._usable = False
            LOG.warning("the time series for the report is not saved any more: %s", error)

"""Files of the runs of an output: ``_state/runs/<start>.parquet``, one for each of the last runs."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from datetime import datetime, timezone

from pipeline.report.time_series import RunRecord, Sample, from_parquet
from transforms.sink.output_directory import STATE, OutputDirectory

LOG = logging.getLogger(__name__)

FOLDER = f"{STATE}/runs"
KEPT_RUNS = 30
_NAME = re.compile(r"\d{8}T\d{12}Z\.parquet")


@dataclass(frozen=True)
class RecordedRun:
    """A run and its time series, which is empty if its workers ran in other processes."""

    record: RunRecord
    samples: tuple[Sample, ...]


def new_name(now: datetime) -> str:
    """The file of a run that starts now; names sort by time."""
    return f"{FOLDER}/{now.astimezone(timezone.utc):%Y%m%dT%H%M%S%f}Z.parquet"


def run_names(output: OutputDirectory) -> list[str]:
    """The files of all recorded runs, oldest first.

    Raises:
        RunFailed: The folder can't be listed.
    """
    return [f"{FOLDER}/{name}" for name in output.names_in(FOLDER) if _NAME.fullmatch(name)]


def prune(output: OutputDirectory) -> None:
    """Remove the oldest runs, so that at most ``KEPT_RUNS`` remain.

    Raises:
        RunFailed: A file can't be removed.
    """
    for name in run_names(output)[:-KEPT_RUNS]:
        output.remove(name)


def read_runs(output: OutputDirectory) -> list[RecordedRun]:
    """All recorded runs, oldest first. Files that can't be decoded are skipped with a warning.

    Raises:
        RunFailed: A file can't be read.
    """
    runs = []
    for name in run_names(output):
        try:
            record, samples = from_parquet(output.read_bytes(name))
        except ValueError as error:
            LOG.warning("skipping %s: %s", output.path_of(name), error)
            continue
        runs.append(RecordedRun(record, tuple(samples)))
    return runs

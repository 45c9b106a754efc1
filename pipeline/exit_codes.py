"""Exit codes of the process."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit code of any command."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    TOO_MANY_FAILED = 3
    NOTHING_TO_DO = 99
    """Only with ``--skip_exit_code 99``; Airflow shows the task as skipped."""
    INTERRUPTED = 130
    TERMINATED = 143

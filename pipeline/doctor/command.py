"""Run ``doctor``: examine the hosts, estimate the time for the input, and print what was found."""

from __future__ import annotations

from pipeline.doctor.examine import examine
from pipeline.doctor.options import DoctorOptions
from pipeline.doctor.report import as_json, show
from pipeline.estimate import input_size
from pipeline.exit_codes import ExitCode


def doctor(options: DoctorOptions) -> ExitCode:
    """Examine and print; return ``FAILED`` if a host is not usable.

    Raises:
        UsageError: The input cannot be used.
    """
    size = input_size(options.input, options.text_column, options.schema) if options.input else None
    findings = examine(options)
    if options.json:
        print(as_json(findings, size))
    else:
        show(findings, size)
    return ExitCode.DONE if findings.ok else ExitCode.FAILED

"""Run ``report``: make the report of an output from what the output holds."""

from __future__ import annotations

from pipeline.exit_codes import ExitCode
from pipeline.report.options import ReportCommandOptions
from pipeline.report.write import write_report
from transforms.sink.output_directory import OutputDirectory


def report(options: ReportCommandOptions) -> ExitCode:
    """Write the page and print its address.

    Raises:
        UsageError: The directory holds no output of a run.
        RunFailed: A file can't be read, or the page can't be written.
    """
    print(write_report(OutputDirectory(options.output), options.report_texts))
    return ExitCode.DONE

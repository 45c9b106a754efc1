"""Options of ``report``: an output, and how many of its texts the page may show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.options import values
from pipeline.options.command_line import CommandLine, CommandOptions
from pipeline.options.reports import REPORTS, ReportOptions
from pipeline.options.table import Readout, option, same_as
from transforms.errors import UsageError


@dataclass(frozen=True)
class ReportCommandOptions(CommandOptions):
    """Options of ``report``."""

    output: str = option("", parse=values.text, help="output directory of a run", group=REPORTS, metavar="DIRECTORY")
    report_texts: int = same_as(ReportOptions, "report_texts")


def _complete(readout: Readout, environ: Mapping[str, str]) -> ReportCommandOptions:
    options = ReportCommandOptions(**readout.values)
    if not options.output:
        raise UsageError("missing --output DIRECTORY: name the output of a run")
    return options


REPORT = CommandLine(
    summary="make an HTML report of an output; see report --help",
    usage="python -m pipeline report --output DIRECTORY [--report_texts N]",
    description="""\
Writes OUTPUT/_report.html, one self-contained page: a verdict, what went wrong and what to do, rows by status, origin
and flag, hosts over time, distributions, runs and the recipe. It works at any time, also while a run lasts or after it
was killed. Prints the address of the page.""",
    epilog="The page has no text of a row unless --report_texts is given.",
    options=ReportCommandOptions,
    complete=_complete,
)

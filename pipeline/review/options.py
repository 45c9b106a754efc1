"""Options of ``review``: an output, and whether people decide in the terminal or in a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.options import values
from pipeline.options.command_line import CommandLine
from pipeline.options.hosts import HOSTS, HostOptions, with_hosts
from pipeline.options.run import RunOptions
from pipeline.options.table import Readout, flag, option, same_as
from transforms.errors import UsageError

REVIEW_OPTIONS = "Review"


@dataclass(frozen=True)
class ReviewOptions(HostOptions):
    """Options of ``review``."""

    output: str = option(
        "", parse=values.text, help="output directory of a run", group=REVIEW_OPTIONS, metavar="DIRECTORY"
    )
    export: str | None = option(
        None,
        parse=values.text,
        help="write the rows to a .csv, .jsonl or .xliff file instead of asking about each in the terminal",
        group=REVIEW_OPTIONS,
        metavar="FILE",
    )
    apply: str | None = option(
        None,
        parse=values.text,
        help="read the corrected file, and write its translations into the output and the memory",
        group=REVIEW_OPTIONS,
        metavar="FILE",
    )
    failed_only: bool = flag(help="only rows that failed, not those with warnings", group=REVIEW_OPTIONS)
    memory: str = option(
        "auto",
        parse=values.text,
        help="translation memory that keeps the translations: auto for the output's, a file, redis://..., or off",
        group=REVIEW_OPTIONS,
        metavar="PLACE",
    )
    num_ctx: int = same_as(RunOptions, "num_ctx", group=HOSTS)


def _complete(readout: Readout, environ: Mapping[str, str]) -> ReviewOptions:
    options = ReviewOptions(**readout.values)
    if not options.output:
        raise UsageError("missing --output DIRECTORY: name the output of a run")
    if options.export and options.apply:
        raise UsageError("--export and --apply cannot be combined")
    return with_hosts(options, readout.places, environ)


REVIEW = CommandLine(
    summary="let people decide about rows that failed or have flags; see review --help",
    usage="python -m pipeline review --output DIRECTORY [--export FILE | --apply FILE] [OPTIONS]",
    description="""\
Shows each text that failed, is partial or has a warning: the source, the best candidate and what the checks found.
Accept it, edit it, ask the hosts for another one with a model that you name, or skip it. The decisions are written into
the output (origin human) and kept in the translation memory: later runs use them for the same text with every model,
also with --overwrite.""",
    epilog="""\
For a review outside the terminal, --export writes a file. Fill in the field translation (in XLIFF, set the state of the
target to translated), then give the file to --apply. Rows that you leave empty stay as they are.""",
    options=ReviewOptions,
    complete=_complete,
)

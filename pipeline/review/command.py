"""The command ``review``: people decide about rows that failed or have flags."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.exit_codes import ExitCode
from pipeline.options import values
from pipeline.options.command import Command
from pipeline.options.hosts import HOSTS, HostOptions, with_hosts
from pipeline.options.run import RunOptions
from pipeline.options.table import Readout, flag, option, same_as
from transforms.errors import UsageError

LOG = logging.getLogger(__name__)

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


def _run(options: ReviewOptions) -> int:
    # Late, as they import Arrow: help and mistakes must be quick.
    from pipeline.review.another_model import AnotherModel
    from pipeline.review.decisions import all_rows, keep
    from pipeline.review.exchange import export_rows, import_decisions
    from pipeline.review.terminal import review
    from transforms.sink.output_directory import OutputDirectory

    output = OutputDirectory(options.output)
    statuses: Sequence[str] = ("failed",) if options.failed_only else ("failed", "partial", "warn")
    if options.apply:
        decisions = import_decisions(options.apply)
    else:
        rows, total = all_rows(output, statuses)
        if options.export:
            count = export_rows(rows, options.export)
            print(f"{count} texts to review in {options.export}; fill in the translations, then use --apply")
            return ExitCode.DONE
        if not sys.stdin.isatty():
            raise UsageError("review needs a terminal: use --export FILE and --apply FILE without one")
        from rich.console import Console

        with AnotherModel(options, options.num_ctx) as other:
            decisions = review(rows, total, Console(), other.translate)
    count = keep(output, decisions, options.memory)
    print(f"translations kept: {count}" if count else "nothing was changed")
    return ExitCode.DONE


REVIEW = Command(
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
    run=_run,
)

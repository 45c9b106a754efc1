"""Run ``review``: people decide about rows that failed or have flags."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.console import Console

from pipeline.exit_codes import ExitCode
from pipeline.review import terminal
from pipeline.review.another_model import AnotherModel
from pipeline.review.decisions import all_rows, keep
from pipeline.review.exchange import export_rows, import_decisions
from pipeline.review.options import ReviewOptions
from transforms.errors import UsageError
from transforms.sink.output_directory import OutputDirectory


def review(options: ReviewOptions) -> ExitCode:
    """Export the rows, or keep the decisions of a file or of the person at the terminal.

    Raises:
        UsageError: The directory holds no output of a run, the file cannot be used, or there is no terminal.
        RunFailed: A file can't be read or written.
    """
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
        with AnotherModel(options, options.num_ctx) as other:
            decisions = terminal.review(rows, total, Console(), other.translate)
    count = keep(output, decisions, options.memory)
    print(f"translations kept: {count}" if count else "nothing was changed")
    return ExitCode.DONE

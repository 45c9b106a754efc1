"""The commands: for each, what the user can write, and the function that runs it.

Help and mistakes must be quick: only the command that was chosen is imported, since most need Beam or Arrow.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic

from pipeline.doctor.options import DOCTOR, DoctorOptions
from pipeline.evaluate.options import EVALUATE, EvaluateOptions
from pipeline.memory.options import MEMORY, MemoryOptions
from pipeline.options.command_line import CommandLine, Options
from pipeline.options.run import RUN, RunOptions, echo
from pipeline.process_limits import UNUSED, hidden
from pipeline.report.options import REPORT, ReportCommandOptions
from pipeline.review.options import REVIEW, ReviewOptions
from pipeline.sandbox.options import SANDBOX, SandboxOptions
from pipeline.tune.options import TUNE, TuneOptions

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Command(Generic[Options]):
    """One command.

    Attributes:
        line: The command line: options and help.
        run: Runs the command and returns the exit code of the process.
    """

    line: CommandLine[Options]
    run: Callable[[Options], int]


def _run(options: RunOptions) -> int:
    LOG.debug("options: %s", json.dumps(echo(options), ensure_ascii=False))
    # Arrow looks for pandas when it is imported, and once more when it makes its first array.
    with hidden(*UNUSED):
        import pyarrow as pa

        from pipeline.start import start

        pa.array([None])
    return start(options)


def _doctor(options: DoctorOptions) -> int:
    from pipeline.doctor.command import doctor

    return doctor(options)


def _tune(options: TuneOptions) -> int:
    from pipeline.tune.command import tune

    return tune(options)


def _memory(options: MemoryOptions) -> int:
    from pipeline.memory.command import show_and_prune

    return show_and_prune(options)


def _report(options: ReportCommandOptions) -> int:
    from pipeline.report.command import report

    return report(options)


def _review(options: ReviewOptions) -> int:
    from pipeline.review.command import review

    return review(options)


def _evaluate(options: EvaluateOptions) -> int:
    from pipeline.evaluate.command import evaluate

    return evaluate(options)


def _sandbox(options: SandboxOptions) -> int:
    from pipeline.sandbox.command import sandbox

    return sandbox(options)


COMMANDS: Mapping[str, Command[Any]] = {
    "run": Command(RUN, _run),
    "doctor": Command(DOCTOR, _doctor),
    "tune": Command(TUNE, _tune),
    "memory": Command(MEMORY, _memory),
    "report": Command(REPORT, _report),
    "review": Command(REVIEW, _review),
    "evaluate": Command(EVALUATE, _evaluate),
    "sandbox": Command(SANDBOX, _sandbox),
}
"""Commands by name, in the order of the help."""

"""Options of ``memory``: the place of a translation memory, and what to prune of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.options import values
from pipeline.options.command_line import CommandLine, CommandOptions
from pipeline.options.table import Readout, option
from transforms.errors import UsageError

MEMORY_OPTIONS = "Translation memory"


@dataclass(frozen=True)
class MemoryOptions(CommandOptions):
    """Options of ``memory``."""

    memory: str = option(
        "", parse=values.text, help="a file, or redis://host:port/0", group=MEMORY_OPTIONS, metavar="PLACE"
    )
    output: str = option(
        "",
        parse=values.text,
        help="output directory that holds the memory, instead of --memory",
        group=MEMORY_OPTIONS,
        metavar="DIRECTORY",
    )
    prune_days: float | None = option(
        None,
        parse=values.number(0, 100_000),
        help="remove texts that were written more than DAYS days ago",
        group=MEMORY_OPTIONS,
        metavar="DAYS",
    )


def _complete(readout: Readout, environ: Mapping[str, str]) -> MemoryOptions:
    options = MemoryOptions(**readout.values)
    if bool(options.memory) == bool(options.output):
        raise UsageError("give either --memory PLACE or --output DIRECTORY, the output that holds the memory")
    return options


MEMORY = CommandLine(
    summary="show what a translation memory holds, and prune it; see memory --help",
    usage="python -m pipeline memory (--memory PLACE | --output DIRECTORY) [--prune_days DAYS]",
    description="""\
Prints the statistics of a translation memory as one line of JSON: number of texts, size in bytes, and when the first
and the last text were written. With --prune_days, removes older texts first.""",
    epilog="",
    options=MemoryOptions,
    complete=_complete,
)

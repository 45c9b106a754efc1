"""The command ``memory``: show what a translation memory holds, and prune it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from pipeline.exit_codes import ExitCode
from pipeline.options import values
from pipeline.options.command import Command, CommandOptions
from pipeline.options.table import Readout, option
from transforms.errors import RunFailed, UsageError
from transforms.masking import mask_urls
from transforms.memory.addresses import is_redis, open_store
from transforms.memory.store import MemoryUnavailable, StoreStatistics

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


def show_and_prune(options: MemoryOptions) -> int:
    """Prune the memory if asked to, then print its statistics as one line of JSON.

    Raises:
        UsageError: There is no translation memory at that place.
        RunFailed: The memory cannot be used.
    """
    # Late, as it imports Arrow: help and mistakes must be quick.
    from pipeline.memory_place import default_place
    from transforms.sink.output_directory import OutputDirectory

    place = options.memory or default_place(OutputDirectory(options.output))
    if not is_redis(place) and not Path(place).is_file():
        raise UsageError(f"no translation memory at {place}")
    try:
        store = open_store(place, named=bool(options.memory))
        try:
            pruned = None
            if options.prune_days is not None:
                pruned = store.prune(datetime.now(timezone.utc) - timedelta(days=options.prune_days))
            print(json.dumps(_line(place, store.statistics(), pruned)))
        finally:
            store.close()
    except MemoryUnavailable as error:
        raise RunFailed(str(error)) from None
    return ExitCode.DONE


def _line(place: str, statistics: StoreStatistics, pruned: int | None) -> dict[str, object]:
    return {
        "memory": mask_urls(place),
        "entries": statistics.entries,
        "size_bytes": statistics.size_bytes,
        "oldest": None if statistics.oldest is None else statistics.oldest.isoformat(),
        "newest": None if statistics.newest is None else statistics.newest.isoformat(),
        **({} if pruned is None else {"pruned": pruned}),
    }


MEMORY = Command(
    summary="show what a translation memory holds, and prune it; see memory --help",
    usage="python -m pipeline memory (--memory PLACE | --output DIRECTORY) [--prune_days DAYS]",
    description="""\
Prints the statistics of a translation memory as one line of JSON: number of texts, size in bytes, and when the first
and the last text were written. With --prune_days, removes older texts first.""",
    epilog="",
    options=MemoryOptions,
    complete=_complete,
    run=show_and_prune,
)

"""The ``memory`` command: what a translation memory holds, and how to make it smaller."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from pipeline.exit_codes import ExitCode
from pipeline.options import values as kind
from pipeline.options.table import help_text, option, options_of, read, stray
from transforms.errors import RunFailed, UsageError
from transforms.memory.addresses import is_redis, open_store
from transforms.memory.store import MemoryUnavailable, StoreStatistics

USAGE = "python -m pipeline memory (--memory PLACE | --output DIRECTORY) [--prune_days DAYS]"
DESCRIPTION = """\
Shows what a translation memory holds, as one line of JSON: texts, bytes, and when the first and the last were written.
With --prune_days, removes what was written before."""

_GROUP = "Translation memory"


@dataclass(frozen=True)
class MemoryOptions:
    """What ``memory`` does."""

    memory: str = option("", kind.text, "a file, or redis://host:port/0", _GROUP, "PLACE")
    output: str = option("", kind.text, "the output whose memory it is, instead of --memory", _GROUP, "DIRECTORY")
    prune_days: float | None = option(
        None, kind.number(0, 100_000), "remove texts that were written more than so many days ago", _GROUP, "DAYS"
    )


def main(arguments: Sequence[str], environ: Mapping[str, str] = os.environ) -> int:
    """Shows, and prunes if asked to.

    Raises:
        UsageError: Anything is wrong with the options, or there is no memory.
        RunFailed: It can't be used.
    """
    # Late, as it imports Arrow: help and mistakes are told at once.
    from transforms.sink.output_directory import MEMORY_FILE

    options = _parse(arguments, environ)
    place = options.memory or f"{options.output}/{MEMORY_FILE}"
    if not is_redis(place) and not Path(place).is_file():
        raise UsageError(f"there is no translation memory at {place}")
    try:
        store = open_store(place, named=bool(options.memory))
        try:
            pruned = None
            if options.prune_days is not None:
                pruned = store.prune(datetime.now(timezone.utc) - timedelta(days=options.prune_days))
            print(json.dumps(_told(place, store.statistics(), pruned)))
        finally:
            store.close()
    except MemoryUnavailable as error:
        raise RunFailed(str(error)) from None
    return ExitCode.DONE


def help_of_memory() -> str:
    """The complete help of ``memory``."""
    return help_text(MemoryOptions, USAGE, DESCRIPTION, "")


def _parse(arguments: Sequence[str], environ: Mapping[str, str]) -> MemoryOptions:
    readout = read(MemoryOptions, arguments, environ)
    if readout.left:
        raise stray(readout.left[0], options_of(MemoryOptions))
    options = MemoryOptions(**readout.values)
    if bool(options.memory) == bool(options.output):
        raise UsageError("name the translation memory with --memory, or the output that it belongs to with --output")
    return options


def _told(place: str, statistics: StoreStatistics, pruned: int | None) -> dict[str, object]:
    return {
        "memory": place.rpartition("@")[2] if is_redis(place) else place,
        "entries": statistics.entries,
        "size_bytes": statistics.size_bytes,
        "oldest": None if statistics.oldest is None else statistics.oldest.isoformat(),
        "newest": None if statistics.newest is None else statistics.newest.isoformat(),
        **({} if pruned is None else {"pruned": pruned}),
    }

"""Run ``memory``: prune a translation memory, and show what it holds."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

from pipeline.exit_codes import ExitCode
from pipeline.memory.options import MemoryOptions
from pipeline.memory.place import default_place
from transforms.errors import RunFailed, UsageError
from transforms.masking import mask_urls
from transforms.memory.addresses import is_redis, open_store
from transforms.memory.store import MemoryUnavailable, StoreStatistics
from transforms.sink.output_directory import OutputDirectory


def show_and_prune(options: MemoryOptions) -> ExitCode:
    """Prune the memory if asked to, then print its statistics as one line of JSON.

    Raises:
        UsageError: There is no translation memory at that place.
        RunFailed: The memory cannot be used.
    """
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

"""Where the translation memory of a run is."""

from __future__ import annotations

import logging
from pathlib import Path
from uuid import uuid4

from pipeline.options.beam import runs_in_process
from pipeline.options.run import RunOptions
from transforms.engine.deduplicator import MemorySettings
from transforms.errors import UsageError
from transforms.memory.addresses import cache_file, open_store
from transforms.memory.store import MemoryUnavailable
from transforms.sink.output_directory import MEMORY_FILE, OutputDirectory
from transforms.sink.recipe import Recipe

LOG = logging.getLogger(__name__)


def memory_settings(options: RunOptions, output: OutputDirectory, recipe: Recipe) -> MemorySettings:
    """Choose the place of the translation memory, and make sure that it can be used.

    Raises:
        UsageError: The place that the user named cannot be used.
    """
    in_process = runs_in_process(options.beam_arguments)
    return MemorySettings(
        _memory_place(options.memory, output, in_process),
        recipe.memory_prefix(),
        uuid4().hex,
        own_only=options.overwrite,
        retry_failed=options.retry_failed,
        shared=options.memory != "auto" or not in_process,
    )


def _memory_place(wanted: str, output: OutputDirectory, in_process: bool) -> str | None:
    if wanted == "off":
        return None
    if wanted == "auto" and output.local_path("") is None and not in_process:
        LOG.warning(
            "running without translation memory: the workers of this runner share no disk with %s; name one with "
            "--memory redis://host:port/0, so that a rerun does not translate again what a stopped run has translated",
            output,
        )
        return None
    try:
        place = default_place(output) if wanted == "auto" else wanted
        if "://" not in place:
            Path(place).parent.mkdir(parents=True, exist_ok=True)
            place = str(Path(place).absolute())
        open_store(place, named=wanted != "auto").close()
    except (MemoryUnavailable, OSError, RuntimeError) as error:
        if wanted != "auto":
            raise UsageError(f"--memory: {error}") from None
        LOG.warning("%s; running without translation memory", error)
        return None
    return place


def default_place(output: OutputDirectory) -> str:
    """Return the place of an output's memory: in the output if it is on a local disk, else in the user's cache.

    Raises:
        RuntimeError: The user has no home directory.
    """
    return output.local_path(MEMORY_FILE) or str(cache_file(output.url))

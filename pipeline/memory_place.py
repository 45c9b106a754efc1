"""Where the translation memory of a run is."""

from __future__ import annotations

import logging
from pathlib import Path
from uuid import uuid4

from pipeline.options.run import RunOptions
from transforms.engine.deduplicator import MemorySettings
from transforms.errors import UsageError
from transforms.memory.addresses import open_store
from transforms.memory.store import MemoryUnavailable
from transforms.sink.output_directory import MEMORY_FILE, OutputDirectory
from transforms.sink.recipe import Recipe

LOG = logging.getLogger(__name__)


def memory_settings(options: RunOptions, output: OutputDirectory, recipe: Recipe) -> MemorySettings:
    """Choose the place of the translation memory, and make sure that it can be used.

    Raises:
        UsageError: The place that the user named cannot be used.
    """
    return MemorySettings(
        _memory_place(options.memory, output),
        recipe.memory_prefix(),
        uuid4().hex,
        own_only=options.overwrite,
        retry_failed=options.retry_failed,
    )


def _memory_place(wanted: str, output: OutputDirectory) -> str | None:
    if wanted == "off":
        return None
    place = output.local_path(MEMORY_FILE) if wanted == "auto" else wanted
    if place is None:
        LOG.info("running without translation memory, as %s is not a local directory; set --memory to use one", output)
        return None
    try:
        if "://" not in place:
            Path(place).parent.mkdir(parents=True, exist_ok=True)
            place = str(Path(place).absolute())
        open_store(place, named=wanted != "auto").close()
    except (MemoryUnavailable, OSError) as error:
        if wanted != "auto":
            raise UsageError(f"--memory: {error}") from None
        LOG.warning("%s; running without translation memory", error)
        return None
    return place

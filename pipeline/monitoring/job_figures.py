"""The figures of a job whose workers are elsewhere: what its runner, the published parts and the workers tell."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from transforms.engine.engine import live_engines, live_snapshot
from transforms.engine.snapshot import Snapshot
from transforms.errors import RunFailed
from transforms.sink.output_directory import OutputDirectory, PartFile
from transforms.sink.worker_figures import WorkerFigures

LOG = logging.getLogger(__name__)

LOOK_SECONDS = 10.0
"""Time between two looks, since an object store charges for each."""


def with_published_parts(
    figures: Callable[[], Snapshot],
    output: OutputDirectory,
    texts: Mapping[str, int],
    characters_per_text: float = 0.0,
    clock: Callable[[], float] = time.monotonic,
) -> Callable[[], Snapshot]:
    """Return a function that takes the counts of ``figures``, or of the published parts where these are ahead.

    Args:
        figures: Counts that the runner reports; it may report none.
        output: Where the parts are published.
        texts: Number of texts of each part that the run is to write, by the part's name.
        characters_per_text: Mean length of a text; 0 if unknown.
        clock: Time in seconds.
    """
    before = _parts(output)
    published, due = 0, clock() + LOOK_SECONDS

    def counted() -> Snapshot:
        nonlocal published, due
        found = figures()
        if found.texts < sum(texts.values()) and clock() >= due:
            due = clock() + LOOK_SECONDS
            parts = _parts(output)
            published = sum(count for name, count in texts.items() if parts.get(name) != before.get(name))
        if found.texts >= published:
            return found
        return replace(found, texts=published, characters=round(published * characters_per_text))

    return counted


def figures_of_job(counters: Callable[[], Snapshot], workers: WorkerFigures | None) -> Callable[[], Snapshot]:
    """Return a function that takes the figures of engines in this process, or else what the runner and workers tell.

    Args:
        counters: Counts that the runner reports.
        workers: Figures of the hosts that the workers publish; None if all workers are in this process.
    """

    def figures() -> Snapshot:
        if live_engines():
            return live_snapshot()
        counted = counters()
        hosts = () if workers is None else workers.hosts()
        return replace(counted, hosts=hosts) if hosts else counted

    return figures


def _parts(output: OutputDirectory) -> Mapping[str, PartFile]:
    try:
        return output.list_parts()
    except RunFailed as error:  # the workers will tell it, if it matters
        LOG.debug("cannot look at the parts: %s", error)
        return {}

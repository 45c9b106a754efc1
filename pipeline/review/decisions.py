"""Which rows are reviewed, and where decisions are kept: in the parts and in the translation memory."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import uuid4

from pipeline.review.apply import Decision, apply_to_part
from pipeline.review.rows import ReviewRow, review_rows, with_evidence
from transforms.engine.human_translations import human_entries
from transforms.errors import RunFailed, UsageError
from transforms.memory.addresses import is_redis, open_store
from transforms.memory.store import MemoryUnavailable
from transforms.sink.footers import PartFooter
from transforms.sink.output_directory import MEMORY_FILE, OutputDirectory
from transforms.sink.output_lock import OutputLock

LOG = logging.getLogger(__name__)


def all_rows(output: OutputDirectory, statuses: Sequence[str]) -> tuple[Iterator[ReviewRow], int]:
    """The texts of an output with one of these statuses, and about how many there are (rows, not texts).

    Raises:
        UsageError: The output has no parts.
        RunFailed: A part can't be read.
    """
    footers = _footers(output)
    counts = {name: sum(footer.statistics.statuses[status] for status in statuses) for name, footer in footers.items()}
    rows = (
        with_evidence(row)
        for name, count in counts.items()
        if count
        for row in review_rows(output, name, footers[name].recipe.text_columns, statuses)
    )
    return rows, sum(counts.values())


def keep(output: OutputDirectory, decisions: Sequence[Decision], memory: str) -> int:
    """Write decisions into the parts and keep them in the memory; return their number.

    Raises:
        UsageError: A decision is about a part or column that the output does not have, or the memory can't be used.
        RunFailed: A run uses the output, or a part can't be rewritten. Parts that were rewritten before are kept.
    """
    if not decisions:
        return 0
    by_part: dict[str, list[Decision]] = {}
    for decision in decisions:
        by_part.setdefault(decision.part, []).append(decision)
    with OutputLock(output, uuid4().hex):
        footers = _footers(output)
        for part, about in by_part.items():
            if part not in footers:
                raise UsageError(f"{output} has no part {part}: was it made with another run? Export the rows again")
            columns = footers[part].recipe.text_columns
            rows = footers[part].rows
            if wrong := [each for each in about if each.column not in columns or not 0 <= each.row < rows]:
                raise UsageError(f"{part} has no text in row {wrong[0].row} of column {wrong[0].column!r}")
        for part, about in by_part.items():
            _remember(output, apply_to_part(output, footers[part], part, about), memory)
    return len(decisions)


def _footers(output: OutputDirectory) -> dict[str, PartFooter]:
    footers = {name: footer for name, footer in output.existing_parts().items() if footer is not None}
    if not footers:
        raise UsageError(f"no parts of a translation found in {output}: check --output")
    return footers


def _remember(output: OutputDirectory, translations: Sequence[tuple[str, str]], memory: str) -> None:
    place = output.local_path(MEMORY_FILE) if memory == "auto" else None if memory == "off" else memory
    if place is None:
        LOG.warning("the translations are only in the output: without --memory, later runs do not know them")
        return
    try:
        if not is_redis(place):
            Path(place).parent.mkdir(parents=True, exist_ok=True)
        store = open_store(place, named=memory != "auto")
        try:
            store.add(human_entries(translations))
        finally:
            store.close()
    except (MemoryUnavailable, OSError) as error:
        raise RunFailed(f"the translation memory can't keep the translations: {error}") from error

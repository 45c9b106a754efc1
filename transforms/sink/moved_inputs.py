"""Parts of an input file that was moved: the same rows come from another address now, and must not stand there twice.

A file counts as moved only if it is gone from its old address and its rows are found in another part. Whoever deletes
an input after its translation keeps the parts.
"""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from transforms.errors import RunFailed
from transforms.file_systems import file_system
from transforms.masking import masked_url
from transforms.sink.columns import added_by, column_name
from transforms.sink.footers import PartFooter
from transforms.sink.output_directory import OutputDirectory
from transforms.sink.write_errors import reason
from transforms.source.work_units import WorkUnit

LOG = logging.getLogger(__name__)

_WEB = ("http://", "https://")

FIRST_ROWS = 1000
"""Rows that are compared if size and modification time of the files agree, too; otherwise all rows are."""

BATCH_ROWS = 512


@dataclass(frozen=True)
class MovedParts:
    """Parts that may have to go because their rows come from elsewhere.

    Attributes:
        same_fingerprint: Parts of files that are gone, by the planned part that a file with the same size and
            modification time has instead.
        other_fingerprint: Other parts of files that are gone, with as many rows as a part that is still to be written.
    """

    same_fingerprint: Mapping[str, str]
    other_fingerprint: tuple[str, ...]


NOTHING_MOVED = MovedParts({}, ())


def find_moved(
    footers: Mapping[str, PartFooter | None], planned: Iterable[WorkUnit], left: Iterable[WorkUnit]
) -> MovedParts:
    """Find the parts of files that are gone and whose rows may come from elsewhere.

    Args:
        footers: Footers of the existing parts.
        planned: All units of the run.
        left: Units that the run writes.
    """
    by_slice = {(unit.source.fingerprint, unit.number, unit.start, unit.stop): unit.part_name for unit in planned}
    sources = {unit.source.url for unit in planned}
    rows_left = {unit.rows for unit in left}
    same: dict[str, str] = {}
    other: list[str] = []
    gone: dict[str, bool] = {}
    for name, footer in footers.items():
        if footer is None or footer.source in sources or not footer.rows:
            continue
        counterpart = by_slice.get((footer.fingerprint, footer.number, footer.start, footer.stop))
        if counterpart is None and footer.rows not in rows_left:
            continue
        if footer.source not in gone:
            gone[footer.source] = is_gone(footer.source)
        if not gone[footer.source]:
            continue
        if counterpart is not None:
            same[name] = counterpart
        else:
            other.append(name)
    return MovedParts(same, tuple(other))


def is_gone(source: str) -> bool:
    """Return whether an input file does not exist any more; a place that cannot be reached does not tell."""
    try:
        fs, path = file_system(source)
        fs.invalidate_cache()
        fs.info(path)
    except FileNotFoundError as error:
        # HTTP has the same error for a server that does not answer.
        return not (source.startswith(_WEB) and error.__cause__ is not None)
    except NotADirectoryError:
        return True
    except Exception as error:  # each client library has exceptions of its own
        LOG.debug("cannot see whether %s exists: %s", masked_url(source), reason(error))
    return False


def replaced_parts(
    output: OutputDirectory,
    moved: MovedParts,
    before: Mapping[str, PartFooter | None],
    planned: Mapping[str, PartFooter],
    written: Mapping[str, PartFooter],
) -> list[str]:
    """Return the names of parts whose rows now also stand in another part.

    Args:
        output: Directory of the parts.
        moved: Parts of files that are gone.
        before: Footers of all parts before the run.
        planned: Footers of the planned parts that exist after the run.
        written: Those of them that the run has written.

    Raises:
        RunFailed: A part cannot be read.
    """
    replaced = [
        name
        for name, new in moved.same_fingerprint.items()
        if new in planned
        and rows_digest(output, name, before[name], FIRST_ROWS) == rows_digest(output, new, planned[new], FIRST_ROWS)
    ]
    if not (moved.other_fingerprint and written):
        return replaced
    taken = set(moved.same_fingerprint.values())
    candidates = {before[name].rows for name in moved.other_fingerprint}  # type: ignore[union-attr]
    # Each part takes the place of one other: two files with the same rows may both have been there on purpose.
    free = Counter(
        rows_digest(output, name, footer)
        for name, footer in written.items()
        if name not in taken and footer.rows in candidates
    )
    for name in moved.other_fingerprint:
        digest = rows_digest(output, name, before[name])
        if free[digest]:
            free[digest] -= 1
            replaced.append(name)
    return replaced


def rows_digest(output: OutputDirectory, name: str, footer: PartFooter | None, rows: int | None = None) -> bytes:
    """Return a hash of the input's columns in a part, which is the same for the same rows in any file.

    Args:
        output: Directory of the part.
        name: Name of the part.
        footer: Footer of the part, which tells the columns that were added.
        rows: Number of first rows to read; None for all.

    Raises:
        RunFailed: The part cannot be read.
    """
    assert footer is not None  # noqa: S101 - find_moved takes none without
    added = {column_name(text, field) for text in footer.recipe.text_columns for field in added_by(footer.recipe)}
    columns = [column for column in footer.schema.names if column not in added]
    fs, path = file_system(output.path_of(name))
    digest, count = hashlib.sha256(), 0
    try:
        with fs.open(path, "rb") as file, pq.ParquetFile(file) as part:
            for records in part.iter_batches(BATCH_ROWS, columns=columns, use_threads=False):
                for row in records.to_pylist():
                    digest.update(repr(row).encode("utf-8", "surrogatepass"))
                count += records.num_rows
                if rows is not None and count >= rows:
                    break
    except (OSError, pa.ArrowException) as error:
        raise RunFailed(f"cannot read {masked_url(output.path_of(name))}: {reason(error)}") from error
    return digest.digest()

"""The rows of an output that a person should look at, with their texts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from transforms.errors import RunFailed
from transforms.file_systems import file_system
from transforms.sink.columns import column_name
from transforms.sink.dead_letters import file_name
from transforms.sink.output_directory import OutputDirectory
from transforms.sink.write_errors import reason
from transforms.text.checks import findings
from transforms.text.evidence import described, encoded

_FIELDS = ("translation", "status", "flags", "error", "host", "attempts", "evidence")


@dataclass(frozen=True)
class ReviewRow:
    """A text with its translation, as the output has it.

    Attributes:
        part, row: Name of its part, and its row in the part, from 0.
        column: The text column.
        source: The source text.
        english: The translation or, for a failed text, the rejected candidate from the dead letters; may be empty.
        rejected: Whether ``english`` is a rejected candidate.
        status, flags, error, host, attempts: The output's columns of this text.
        evidence: What stands behind the flags, for people; see ``with_evidence``.
    """

    part: str
    row: int
    column: str
    source: str
    english: str
    rejected: bool
    status: str
    flags: tuple[str, ...] = ()
    error: str = ""
    host: str = ""
    attempts: int = 0
    evidence: str = ""


def review_rows(
    output: OutputDirectory, part: str, columns: Sequence[str], statuses: Sequence[str]
) -> Iterator[ReviewRow]:
    """Texts of a part with one of these statuses, in order of columns and rows.

    Raises:
        RunFailed: The part can't be read.
    """
    candidates = _candidates(output, part) if "failed" in statuses else {}
    try:
        fs, path = file_system(output.path_of(part))
        with fs.open(path, "rb") as file, pq.ParquetFile(file) as parquet:
            for column in columns:
                names = {field: column_name(column, field) for field in _FIELDS}
                read = [name for name in (column, *names.values()) if name in parquet.schema_arrow.names]
                first = 0
                for batch in parquet.iter_batches(columns=read):
                    for number, row in enumerate(batch.to_pylist(), first):
                        if row[names["status"]] in statuses and row[column] is not None:
                            yield _row(part, number, column, row, names, candidates.get((number, column)))
                    first += batch.num_rows
    except (OSError, pa.ArrowException) as error:
        raise RunFailed(f"cannot read {output.path_of(part)}: {reason(error)}") from error


def _row(
    part: str, number: int, column: str, row: Mapping[str, Any], names: Mapping[str, str], candidate: str | None
) -> ReviewRow:
    def value(field: str) -> Any:
        return row.get(names[field])

    translation = value("translation")
    return ReviewRow(
        part=part,
        row=number,
        column=column,
        source=row[column],
        english=(candidate if translation is None else translation) or "",
        rejected=translation is None and candidate is not None,
        status=value("status"),
        flags=tuple(value("flags") or ()),
        error=value("error") or "",
        host=value("host") or "",
        attempts=value("attempts") or 0,
        evidence=described(value("evidence") or ""),
    )


def with_evidence(row: ReviewRow) -> ReviewRow:
    """A row with evidence for its flags: found again from the two texts if the output has no column for it."""
    if row.evidence or not row.english or not row.flags or not isinstance(row.source, str):
        return row
    return replace(row, evidence=described(encoded(findings(row.source, row.english), row.flags) or ""))


def _candidates(output: OutputDirectory, part: str) -> dict[tuple[int, str], str]:
    """Rejected candidates of a part's failed texts, by row and column."""
    letters = (json.loads(line) for line in output.read_bytes(file_name(part)).splitlines())
    return {
        (letter["row"], letter["column"]): letter["candidate"]
        for letter in letters
        if letter.get("candidate") and letter.get("column")
    }

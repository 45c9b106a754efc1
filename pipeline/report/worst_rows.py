"""The worst rows of an output with their texts, shown only on request: texts are private."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import pyarrow.parquet as pq

from pipeline.report.figures import Figures
from transforms.errors import RunFailed
from transforms.file_systems import file_system
from transforms.sink.columns import column_name
from transforms.sink.dead_letters import file_name
from transforms.sink.output_directory import OutputDirectory
from transforms.sink.write_errors import reason

MAX_ROWS = 500
SHOWN_CHARACTERS = 1500
_FIELDS = ("translation", "status", "flags", "error", "host", "attempts", "evidence", "logprob_mean")


@dataclass(frozen=True)
class WorstRow:
    """A row that failed, is partial or has flags.

    Attributes:
        part, row: Its part and its row in it, from 0.
        column: The text column.
        source: The source text, cut to ``SHOWN_CHARACTERS``.
        english: The translation or, for a failed row, the rejected candidate from the dead letters; may be empty.
        rejected: Whether ``english`` is a rejected candidate.
        status, flags, error, host, attempts, evidence: The output's columns of this text.
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


def worst_rows(output: OutputDirectory, figures: Figures, count: int) -> list[WorstRow]:
    """Failed rows first, then partial ones, then those with most flags; at most ``count`` and ``MAX_ROWS``.

    Raises:
        RunFailed: A part can't be read.
    """
    count = min(count, MAX_ROWS)
    columns = figures.recipes[0].text_columns if figures.recipes else ()
    found: list[WorstRow] = []
    for name in figures.failed_parts:
        if len(found) >= count:
            break
        found += islice(_rows(output, name, columns, ("failed",)), count - len(found))
    flagged: list[WorstRow] = []
    for name in figures.flagged_parts:
        if len(found) + len(flagged) >= 4 * count or len(found) >= count:
            break
        flagged += _rows(output, name, columns, ("partial", "warn"))
    flagged.sort(key=lambda row: (row.status != "partial", -len(row.flags)))
    return (found + flagged)[:count]


def _rows(output: OutputDirectory, name: str, columns: Sequence[str], statuses: Sequence[str]) -> Iterator[WorstRow]:
    candidates = _candidates(output, name) if "failed" in statuses else {}
    try:
        fs, path = file_system(output.path_of(name))
        with fs.open(path, "rb") as file:
            parquet = pq.ParquetFile(file)
            for column in columns:
                wanted = {field: column_name(column, field) for field in _FIELDS}
                names = [each for each in (column, *wanted.values()) if each in parquet.schema_arrow.names]
                first = 0
                for batch in parquet.iter_batches(columns=names):
                    rows = batch.to_pylist()
                    for number, row in enumerate(rows, first):
                        if row[wanted["status"]] in statuses:
                            yield _worst(name, number, column, row, wanted, candidates.get((number, column)))
                    first += len(rows)
    except OSError as error:
        raise RunFailed(f"cannot read {output.path_of(name)}: {reason(error)}") from error


def _worst(
    part: str, number: int, column: str, row: Mapping[str, Any], names: Mapping[str, str], candidate: str | None
) -> WorstRow:
    def value(field: str) -> Any:
        return row.get(names[field])

    translation = value("translation")
    return WorstRow(
        part=part,
        row=number,
        column=column,
        source=_cut(row.get(column)),
        english=_cut(candidate if translation is None else translation),
        rejected=translation is None and candidate is not None,
        status=value("status"),
        flags=tuple(value("flags") or ()),
        error=value("error") or "",
        host=value("host") or "",
        attempts=value("attempts") or 0,
        evidence=_cut(value("evidence")),
    )


def _candidates(output: OutputDirectory, part: str) -> dict[tuple[int, str], str]:
    """Rejected candidates of a part's failed rows, by row and column."""
    letters = (json.loads(line) for line in output.read_bytes(file_name(part)).splitlines())
    return {
        (letter["row"], letter["column"]): letter["candidate"]
        for letter in letters
        if letter.get("candidate") and letter.get("column")
    }


def _cut(value: object) -> str:
    text = "" if value is None else str(value).encode("utf-8", "replace").decode()
    return text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + " …"

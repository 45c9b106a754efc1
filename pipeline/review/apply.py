"""Write human translations into the parts of an output, with footers and dead letters to match."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from transforms.engine.human_translations import ORIGIN
from transforms.engine.outcome import Outcome
from transforms.errors import RunFailed
from transforms.file_systems import file_system
from transforms.sink import dead_letters
from transforms.sink.accounting import SEVERITY
from transforms.sink.columns import added_by, column_name
from transforms.sink.footers import PREFIX, PartFooter
from transforms.sink.output_directory import OutputDirectory
from transforms.sink.statistics import Statistics
from transforms.sink.write_errors import reason
from transforms.text.flags import SOURCE

_NOT_EXCHANGED = re.compile("[\x00-\x08\n-\x1f\ufffd-\uffff]")


@dataclass(frozen=True)
class Decision:
    """A person's translation of one text.

    Attributes:
        part, row, column: Where the text is; see ``ReviewRow``.
        source: The source text as the person has seen it; see ``comparable``.
        english: The translation.
    """

    part: str
    row: int
    column: str
    source: str
    english: str


def comparable(text: str) -> str:
    """A text without what exchange formats can't hold: control characters, and how its lines end."""
    return _NOT_EXCHANGED.sub("", text)


def apply_to_part(
    output: OutputDirectory, footer: PartFooter, part: str, decisions: Sequence[Decision]
) -> list[tuple[str, str]]:
    """Rewrite a part with the decisions about its texts. Its other rows, columns and its recipe stay as they are.

    Args:
        output: The output; the caller holds its lock.
        footer: Footer of the part.
        part: Name of the part.
        decisions: Decisions about texts of this part.

    Returns:
        Pairs of the source texts, as the part has them, and their translations.

    Raises:
        RunFailed: The part has other texts than the decisions are about, or can't be read or written.
    """
    by_place = {(each.row, each.column): each for each in decisions}
    columns, fields = footer.recipe.text_columns, tuple(added_by(footer.recipe))
    statistics = footer.statistics
    pairs: list[tuple[str, str]] = []
    temporary = output.begin()
    try:
        fs, path = file_system(output.path_of(part))
        with fs.open(path, "rb") as file, pq.ParquetFile(file) as parquet:
            schema = parquet.schema_arrow
            kept = {key: value for key, value in (schema.metadata or {}).items() if not key.startswith(PREFIX.encode())}
            schema = schema.with_metadata(kept or None)
            with output.explain_write_errors(part), pq.ParquetWriter(temporary, schema, compression="zstd") as writer:
                first = 0
                for group in range(parquet.num_row_groups):
                    table = parquet.read_row_group(group)
                    pairs += _checked(table, first, decisions)
                    writer.write_table(_changed(table, first, by_place, columns, fields, statistics).cast(schema))
                    first += table.num_rows
                letters = _letters(output, part, by_place)
                new = footer.recounted(statistics, len(letters))
                writer.add_key_value_metadata(new.to_metadata())
    except (OSError, pa.ArrowException) as error:
        temporary.unlink(missing_ok=True)
        raise RunFailed(f"cannot rewrite {output.path_of(part)}: {reason(error)}") from error
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    output.publish(temporary, part)
    name = dead_letters.file_name(part)
    if letters:
        output.write_bytes(name, b"".join(line + b"\n" for line in letters))
    else:
        output.remove(name)
    return pairs


def _checked(table: pa.Table, first: int, decisions: Sequence[Decision]) -> list[tuple[str, str]]:
    """The texts of a row group that were decided, and their translations; raises RunFailed if they are others."""
    pairs = []
    for decision in decisions:
        if not first <= decision.row < first + table.num_rows:
            continue
        source = table.column(decision.column)[decision.row - first].as_py()
        if source is None or comparable(source) != comparable(decision.source):
            raise RunFailed(
                f"row {decision.row} of {decision.part} has another text than the one that was reviewed: the output "
                "has changed meanwhile; export it again"
            )
        pairs.append((source, decision.english))
    return pairs


def _changed(
    table: pa.Table,
    first: int,
    by_place: Mapping[tuple[int, str], Decision],
    columns: Sequence[str],
    fields: Sequence[str],
    statistics: Statistics,
) -> pa.Table:
    """A row group with its decisions; the statistics change with it."""
    decided = [(row - first, column) for row, column in by_place if first <= row < first + table.num_rows]
    if not decided:
        return table
    for row in {row for row, _ in decided}:
        before = {column: _outcome(table, row, column, fields) for column in columns}
        after = dict(before)
        for column in columns:
            decision = by_place.get((first + row, column))
            if decision is None:
                continue
            flags = [flag for flag in before[column].flags if flag in SOURCE]
            after[column] = Outcome(decision.english, "ok", flags, origin=ORIGIN)
        _recount(statistics, before, after)
    for column in columns:
        rows = [row for row, name in decided if name == column]
        table = _with_outcomes(table, column, rows, first, by_place, fields) if rows else table
    return table


def _outcome(table: pa.Table, row: int, column: str, fields: Sequence[str]) -> Outcome:
    return Outcome(**{field: table.column(column_name(column, field))[row].as_py() for field in fields})


def _with_outcomes(
    table: pa.Table,
    column: str,
    rows: Sequence[int],
    first: int,
    by_place: Mapping[tuple[int, str], Decision],
    fields: Sequence[str],
) -> pa.Table:
    flags = {row: _outcome(table, row, column, fields).flags for row in rows}
    for field in fields:
        name = column_name(column, field)
        values: list[Any] = table.column(name).to_pylist()
        for row in rows:
            kept = [flag for flag in flags[row] or () if flag in SOURCE]
            human = Outcome(by_place[first + row, column].english, "ok", kept, origin=ORIGIN)
            values[row] = getattr(human, field)
        index = table.schema.get_field_index(name)
        table = table.set_column(index, table.schema.field(index), pa.array(values, table.schema.field(index).type))
    return table


def _recount(statistics: Statistics, before: Mapping[str, Outcome], after: Mapping[str, Outcome]) -> None:
    old, new = _worst(before), _worst(after)
    statistics.statuses = statistics.statuses - Counter([old.status]) + Counter([new.status])
    if old.status == "failed":
        statistics.failed_rows = statistics.failed_rows - Counter([old.error_class])
    if new.status == "failed":
        statistics.failed_rows = statistics.failed_rows + Counter([new.error_class])
    for column, outcome in after.items():
        if outcome is before[column]:
            continue
        earlier = before[column]
        statistics.origins = statistics.origins - Counter([earlier.origin or ""]) + Counter([ORIGIN])
        statistics.flags = statistics.flags - Counter(earlier.flags) + Counter(outcome.flags)


def _worst(outcomes: Mapping[str, Outcome]) -> Outcome:
    return max(outcomes.values(), key=lambda outcome: SEVERITY[outcome.status])


def _letters(output: OutputDirectory, part: str, by_place: Mapping[tuple[int, str], Decision]) -> list[bytes]:
    """Lines of the part's dead letters, without those that were decided."""
    kept = []
    for line in output.read_bytes(dead_letters.file_name(part)).splitlines():
        letter = json.loads(line)
        if (letter.get("row"), letter.get("column")) not in by_place:
            kept.append(line)
    return kept

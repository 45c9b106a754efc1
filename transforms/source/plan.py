"""From input files to units of work: what is counted and known before the first row is read."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from transforms.errors import UsageError
from transforms.source import jsonl, parquet
from transforms.source.json_schema import KindCounts
from transforms.source.text_columns import DEFAULT, choose_text_columns
from transforms.source.work_units import SourceFile, UnitGroup, WorkUnit

LOG = logging.getLogger(__name__)
_FOOTERS_AT_ONCE = 8
_NAMED = 5
"""Of columns or files, in a warning."""


@dataclass(frozen=True)
class InputPlan:
    """The work of a run.

    Attributes:
        groups: In the order of files and rows.
        text_columns: Columns to translate, of all files.
        schemas: The ``pyarrow.Schema`` of each input file by its address; all JSON lines files have the same.
    """

    groups: tuple[UnitGroup, ...]
    text_columns: tuple[str, ...]
    schemas: Mapping[str, Any]

    @property
    def units(self) -> tuple[WorkUnit, ...]:
        """All units, in order."""
        return tuple(unit for group in self.groups for unit in group)

    @property
    def rows(self) -> int:
        """Of all units."""
        return sum(unit.rows for group in self.groups for unit in group)


def plan_inputs(
    sources: Sequence[SourceFile],
    unit_rows: int,
    text_columns: Sequence[str] = (),
    schema_override: Mapping[str, Any] | None = None,
    model_column: str | None = None,
) -> InputPlan:
    """Plans the work: reads the footers of Parquet files, and JSON lines files once from end to end.

    Args:
        sources: The input files.
        unit_rows: About so many rows in a unit.
        text_columns: Columns to translate, as ``choose_text_columns`` takes them.
        schema_override: ``pyarrow.DataType`` by column, for JSON lines.
        model_column: A text column that every file must have and that is not to be translated.

    Raises:
        UsageError: If a file can't be read, or lacks a column that is needed.
    """
    given = dict(schema_override or {})
    tables = [source for source in sources if source.format == "parquet"]
    lines = [source for source in sources if source.format == "jsonl"]
    if given and not lines:
        LOG.warning("--schema is for JSON lines, and there are none among the inputs: it has no effect")
    with ThreadPoolExecutor(_FOOTERS_AT_ONCE) as pool:
        footers = dict(zip(tables, pool.map(parquet.read_footer, tables), strict=True))
    groups: dict[str, Sequence[UnitGroup]] = {
        source.url: parquet.plan_groups(source, footer.group_rows, unit_rows) for source, footer in footers.items()
    }
    schemas = {source.url: footer.schema for source, footer in footers.items()}
    chosen = tuple(text_columns)
    for url, schema in schemas.items():
        chosen = choose_text_columns(schema, chosen, url, model_column)
    if lines:
        expected = (*(chosen or (DEFAULT,)), *filter(None, (model_column,)))
        schema = _scan(lines, unit_rows, given, expected, groups)
        place = lines[0].url if len(lines) == 1 else "the JSON lines"
        chosen = choose_text_columns(schema, chosen, place, model_column)
        schemas |= {source.url: schema for source in lines}
    for difference in differences(schemas):
        LOG.warning("%s", difference)
    return InputPlan(tuple(group for source in sources for group in groups[source.url]), chosen, _shared(schemas))


def _scan(
    sources: Sequence[SourceFile],
    unit_rows: int,
    given: dict[str, Any],
    expected: Sequence[str],
    groups: dict[str, Sequence[UnitGroup]],
) -> Any:
    """Adds the groups of the JSON lines files to ``groups``, and returns the schema of all of them."""
    seen = KindCounts()
    rows = unreadable = 0
    first_fault = ""
    for source in sources:
        scan = jsonl.scan(source, unit_rows, given)
        groups[source.url] = [(unit,) for unit in scan.units]
        seen.merge(scan.seen)
        rows, unreadable = rows + scan.rows, unreadable + scan.unreadable
        first_fault = first_fault or scan.first_fault
        if scan.unreadable:
            LOG.warning(
                "%s: %d of %d lines are not JSON objects; their rows will be marked failed%s",
                source.url,
                scan.unreadable,
                scan.rows,
                f" (the first is {scan.first_fault})" if scan.first_fault else "",
            )
    if rows and rows == unreadable:
        raise UsageError(
            f"no line of {', '.join(source.url for source in sources[:_NAMED])} is a JSON object ({first_fault}): JSON "
            "lines has one object on each line, in UTF-8; an array becomes that with: jq -c '.[]'"
        )
    if not rows:
        # Files without rows say nothing of their columns, and are no mistake.
        return pa.schema({name: pa.string() for name in expected} | given)
    for name in (name for name in given if name not in seen.fields):
        close = difflib.get_close_matches(name, seen.fields, 1)
        hint = f"; did you mean {close[0]}?" if close else ""
        LOG.warning("--schema names column %s, which no row has: it will be null%s", name, hint)
    schema, remarks = jsonl.schema_of(seen, given)
    for remark in remarks:
        LOG.warning("%s", remark)
    return schema


def differences(schemas: Mapping[str, Any]) -> Iterator[str]:
    """A line on how the schemas of input files differ, if they do.

    Args:
        schemas: ``pyarrow.Schema`` by file.
    """
    kinds: dict[str, dict[str, list[str]]] = {}  # column, type, files
    for url, schema in schemas.items():
        for field in schema:
            kinds.setdefault(field.name, {}).setdefault(str(field.type), []).append(url)
    remarks = []
    for name, by_type in kinds.items():
        missing = len(schemas) - sum(map(len, by_type.values()))
        if len(by_type) == 1 and missing <= 0:
            continue
        said = [f"{kind} in {_files(urls)}" for kind, urls in by_type.items()]
        if missing > 0:
            present = {url for urls in by_type.values() for url in urls}
            said.append(f"missing in {_files([url for url in schemas if url not in present])}")
        remarks.append(f"{name} is {', '.join(said)}")
    if remarks:
        more = f"; and {len(remarks) - _NAMED} more" if len(remarks) > _NAMED else ""
        yield f"input files differ, and so will their parts: column {'; column '.join(remarks[:_NAMED])}{more}"


def _files(urls: Sequence[str]) -> str:
    return urls[0] if len(urls) == 1 else f"{urls[0]} and {len(urls) - 1} more"


def _shared(schemas: Mapping[str, Any]) -> dict[str, Any]:
    """The same schemas, equal ones as one object: a thousand files pickle to the size of one."""
    known: dict[bytes, Any] = {}
    return {url: known.setdefault(schema.serialize().to_pybytes(), schema) for url, schema in schemas.items()}

"""From input files to units of work: what is counted and known before the first row is read."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from transforms.errors import UsageError
from transforms.source import parquet
from transforms.source.hive_partitions import add_partition_fields, partition_types
from transforms.source.json_scan import Scan, scan, schema_of
from transforms.source.json_schema import KindCounts
from transforms.source.parquet_footer import KnownSchemas, read_footer
from transforms.source.plan_cache import PlanCache
from transforms.source.schema_differences import differences
from transforms.source.small_files import FETCHED_AT_ONCE, is_small
from transforms.source.text_columns import DEFAULT, choose_text_columns, may_choose
from transforms.source.work_units import SourceFile, UnitGroup, WorkUnit
from transforms.threads import map_in_threads
from transforms.waiting import interruptible

LOG = logging.getLogger(__name__)
_NAMED = 5
"""Maximum number of files named in a message."""


@dataclass(frozen=True)
class InputPlan:
    """The work that the inputs are.

    Attributes:
        groups: Groups of units in the order of files and rows.
        text_columns: Names of the columns to translate, the same in all files.
        schemas: Schema of each input file by its address; files of JSON lines share one.
    """

    groups: tuple[UnitGroup, ...]
    text_columns: tuple[str, ...]
    schemas: Mapping[str, pa.Schema]

    @property
    def units(self) -> tuple[WorkUnit, ...]:
        """All units, in order."""
        return tuple(unit for group in self.groups for unit in group)

    @property
    def rows(self) -> int:
        """Number of rows in all units."""
        return sum(unit.rows for group in self.groups for unit in group)


@dataclass(frozen=True)
class PlanOptions:
    """What planning depends on besides the files.

    Attributes:
        unit_rows: Target number of rows in a unit.
        text_columns: Columns that the user wants to translate, as ``choose_text_columns`` takes them.
        schema: Types of JSON lines' columns that the user has given.
        model_column: A text column that every file must have and that is not translated.
        text_encoding: Encoding of binary text columns, and of JSON lines without a byte order mark.
    """

    unit_rows: int
    text_columns: tuple[str, ...] = ()
    schema: Mapping[str, pa.DataType] | None = None
    model_column: str | None = None
    text_encoding: str | None = None


def plan_inputs(
    sources: Sequence[SourceFile],
    unit_rows: int,
    text_columns: Sequence[str] = (),
    schema_override: Mapping[str, pa.DataType] | None = None,
    model_column: str | None = None,
    text_encoding: str | None = None,
    cache: PlanCache | None = None,
) -> InputPlan:
    """Plan the work: read the footers of Parquet files, and scan JSON lines once from end to end.

    Args:
        sources: The input files.
        unit_rows: Target number of rows in a unit.
        text_columns: Columns that the user wants to translate, as ``choose_text_columns`` takes them.
        schema_override: Types of JSON lines' columns that the user has given.
        model_column: A text column that every file must have and that is not translated.
        text_encoding: Encoding of binary text columns, and of JSON lines without a byte order mark.
        cache: What earlier plannings found in files that may not have changed; new findings are added.

    Raises:
        UsageError: A file can't be read, or lacks a column that is needed.
    """
    options = PlanOptions(unit_rows, tuple(text_columns), schema_override, model_column, text_encoding)
    return interruptible(lambda: _Planner(options, PlanCache() if cache is None else cache).plan(sources))


class _Planner:
    """One planning of all inputs."""

    def __init__(self, options: PlanOptions, cache: PlanCache) -> None:
        self._options = options
        self._cache = cache
        self._given = dict(options.schema or {})
        self._groups: dict[str, Sequence[UnitGroup]] = {}
        self._schemas: dict[str, pa.Schema] = {}
        self._known = KnownSchemas(cache.schemas)
        self._remarks: set[str] = set()

    def plan(self, sources: Sequence[SourceFile]) -> InputPlan:
        tables = [source for source in sources if source.format == "parquet"]
        lines = [source for source in sources if source.format == "jsonl"]
        if self._given and not lines:
            LOG.warning("--schema is for JSON lines, and there are none among the inputs: it has no effect")
        chosen = self._plan_tables(tables)
        if lines:
            chosen = self._plan_lines(lines, chosen)
        self._add_partitions(sources)
        for difference in differences(self._schemas):
            LOG.warning("%s", difference)
        groups = tuple(group for source in sources for group in self._groups[source.url])
        return InputPlan(groups, chosen, {source.url: self._schemas[source.url] for source in sources})

    def _plan_tables(self, sources: Sequence[SourceFile]) -> tuple[str, ...]:
        """Plan the Parquet files; return the text columns that were wanted or chosen."""
        known = {source.url: footer for source in sources if (footer := self._cache.footer(source)) is not None}
        new = [source for source in sources if source.url not in known]
        footers = map_in_threads(lambda source: read_footer(source, self._known), new, FETCHED_AT_ONCE)
        for source, footer in zip(new, footers, strict=True):
            known[source.url] = footer
            self._cache.keep_footer(source, footer)
        for source in sources:
            footer = known[source.url]
            planned = replace(source, content_digest=footer.content_digest)
            self._groups[source.url] = parquet.plan_groups(planned, footer.group_rows, self._options.unit_rows)
            self._schemas[source.url] = footer.schema
            for remark in footer.remarks:
                self._remark(source, remark)
        # Files with one schema have one answer.
        distinct = {id(self._schemas[source.url]): source for source in reversed(sources)}
        examples = [distinct[number] for number in reversed(distinct)]
        chosen = self._options.text_columns
        for source in sorted(examples, key=lambda each: not may_choose(self._schemas[each.url])):
            chosen = self._choose(self._schemas[source.url], chosen, source.url)
        tried = {id(self._schemas[source.url]): source for source in reversed(new)}
        for source in reversed(tried.values()):
            parquet.try_reading(source)
        return chosen

    def _plan_lines(self, sources: Sequence[SourceFile], chosen: Sequence[str]) -> tuple[str, ...]:
        """Plan the files of JSON lines, which have one schema; return the text columns."""
        total = KindCounts()
        rows = unreadable = 0
        first_fault = ""
        remote = any(map(is_small, sources))
        scans = map_in_threads(self._scan, sources, FETCHED_AT_ONCE) if remote else map(self._scan, sources)
        for source, found in zip(sources, scans, strict=True):
            self._groups[source.url] = [(unit,) for unit in found.units]
            total.merge_rows(found.kinds)
            rows, unreadable = rows + found.rows, unreadable + found.unreadable
            first_fault = first_fault or found.first_fault
            _warn_of_lines(source, found)
        if rows and rows == unreadable:
            raise UsageError(
                f"no line of {', '.join(source.url for source in sources[:_NAMED])} is a JSON object ({first_fault}): "
                "JSON lines has one object on each line; an array becomes that with: jq -c '.[]'"
            )
        expected = (*(chosen or (DEFAULT,)), *filter(None, (self._options.model_column,)))
        schema = self._lines_schema(total, rows, expected)
        place = sources[0].url if len(sources) == 1 else "the JSON lines"
        self._schemas |= dict.fromkeys((source.url for source in sources), self._known.shared(schema))
        return self._choose(schema, chosen, place)

    def _scan(self, source: SourceFile) -> Scan:
        """The scan of a file, from the cache if it is there."""
        options = [self._options.unit_rows, sorted(self._given), self._options.text_encoding]
        found = self._cache.scan(source, options)
        if found is None:
            found = scan(source, self._options.unit_rows, self._given, self._options.text_encoding)
            self._cache.keep_scan(source, options, found)
        return found

    def _lines_schema(self, total: KindCounts, rows: int, expected: Sequence[str]) -> pa.Schema:
        if not rows:
            # Files without rows say nothing about their columns, which is not a mistake.
            return pa.schema({name: pa.string() for name in expected} | self._given)
        for name in (name for name in self._given if name not in total.fields):
            close = difflib.get_close_matches(name, total.fields, 1)
            hint = f"; did you mean {close[0]}?" if close else ""
            LOG.warning("--schema names column %s, which no row has: it will be null%s", name, hint)
        schema, remarks = schema_of(total, rows, self._given, expected)
        for remark in remarks:
            LOG.warning("%s", remark)
        return schema

    def _choose(self, schema: pa.Schema, wanted: Sequence[str], place: str) -> tuple[str, ...]:
        has_encoding = self._options.text_encoding is not None
        return choose_text_columns(schema, wanted, place, self._options.model_column, has_encoding)

    def _add_partitions(self, sources: Sequence[SourceFile]) -> None:
        types = partition_types(sources)
        extended: dict[tuple[int, tuple[str, ...]], pa.Schema] = {}
        for source in sources:
            if source.partitions:
                schema = self._schemas[source.url]
                key = (id(schema), tuple(name for name, _ in source.partitions))
                if key not in extended:
                    extended[key] = self._known.shared(add_partition_fields(schema, source, types))
                self._schemas[source.url] = extended[key]

    def _remark(self, source: SourceFile, remark: str) -> None:
        if remark not in self._remarks:
            self._remarks.add(remark)
            LOG.warning("%s: %s", source.url, remark)


def _warn_of_lines(source: SourceFile, found: Scan) -> None:
    if found.unreadable:
        LOG.warning(
            "%s: %d of %d lines are not JSON objects; their rows will be marked failed%s",
            source.url,
            found.unreadable,
            found.rows,
            f" (the first is {found.first_fault})" if found.first_fault else "",
        )
    if found.repeating:
        LOG.warning(
            "%s: %d lines have a key twice; the last value counts, and their rows are flagged src_misfit",
            source.url,
            found.repeating,
        )

"""Plan a run: which rows of which files are translated, and which parts hold the result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from pipeline.options.run import RunOptions
from transforms.sink.columns import added_columns, output_schema
from transforms.sink.output_directory import OutputDirectory
from transforms.source.discovery import list_sources
from transforms.source.plan import InputPlan, plan_inputs
from transforms.source.plan_cache import PlanCache
from transforms.source.schema_option import parse_schema
from transforms.source.work_units import SourceFile, UnitGroup, WorkUnit
from transforms.waiting import announced

PLAN_CACHE = "_state/plan_cache.json.gz"
"""File of the output that holds what planning found in each input file."""


@dataclass(frozen=True)
class RunPlan(InputPlan):
    """The input of a run, cut into units, and the output they go to.

    Attributes:
        inputs: Paths and globs as the user wrote them.
        output_schemas: Schema of the parts of each input file, by the file's address.
        output: Directory of the parts.
    """

    inputs: tuple[str, ...]
    output_schemas: Mapping[str, pa.Schema]
    output: OutputDirectory


def make_plan(options: RunOptions, sources: Sequence[SourceFile] | None = None) -> RunPlan:
    """Plan the input and prepare the output directory.

    Args:
        options: Options of the run.
        sources: Input files; None to find those that the options name.

    Raises:
        UsageError: A file or column is missing, unreadable or unsuitable, or the output cannot be written.
    """
    schema = parse_schema(options.schema) if options.schema else None
    output = OutputDirectory(options.output)
    if sources is None:
        with announced("listing the input files"):
            sources = list_sources(options.input, is_output=output.holds_part)
    with announced(f"reading the schemas and row counts of {len(sources)} input files"):
        cache = PlanCache.from_bytes(output.read_bytes(PLAN_CACHE))
        planned = plan_inputs(
            sources, options.unit_rows, options.text_column, schema, options.model_column, options.text_encoding, cache
        )
    output_schemas = _output_schemas(planned, added_columns(options.evidence, options.confidence))
    with announced(f"preparing the output {output}"):
        output.prepare()
    if cache.changed and not options.dry_run:
        output.write_bytes(PLAN_CACHE, cache.to_bytes())
    groups = planned.groups if options.limit is None else first_rows(planned, options.limit)
    return RunPlan(groups, planned.text_columns, planned.schemas, options.input, output_schemas, output)


def _output_schemas(planned: InputPlan, columns: Mapping[str, pa.DataType]) -> dict[str, pa.Schema]:
    """Return the schema of each file's parts; one object for all files of one schema, so that they pickle as one."""
    known: dict[int, pa.Schema] = {}
    for url, schema in planned.schemas.items():
        if id(schema) not in known:
            known[id(schema)] = output_schema(schema, planned.text_columns, url, columns)
    return {url: known[id(schema)] for url, schema in planned.schemas.items()}


def first_rows(planned: InputPlan, rows: int) -> tuple[UnitGroup, ...]:
    """Return the unit groups of the first ``rows`` rows; the last unit is cut to fit."""
    groups: list[UnitGroup] = []
    left = rows
    for group in planned.groups:
        kept: list[WorkUnit] = []
        for unit in group:
            if left <= 0:
                break
            taken = min(left, unit.rows)
            stop = unit.start + taken if unit.source.format == "parquet" else unit.stop
            kept.append(unit if taken == unit.rows else replace(unit, rows=taken, stop=stop))
            left -= taken
        if kept:
            groups.append(tuple(kept))
    return tuple(groups)

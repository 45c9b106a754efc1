"""From options to work: what is to be read, where it goes, and what it is translated with."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from pipeline.options.run import RunOptions
from transforms.engine.deduplicator import MemorySettings
from transforms.engine.engine import EngineConfig
from transforms.engine.translator import NO_GLOSSARY, TranslatorSettings
from transforms.errors import UsageError
from transforms.fleet.model_names import model_key
from transforms.fleet.settings import FleetSettings
from transforms.memory.places import open_store
from transforms.memory.store import MemoryUnavailable
from transforms.sink.columns import output_schema
from transforms.sink.output_directory import MEMORY_FILE, OutputDirectory
from transforms.sink.recipe import Recipe
from transforms.source.discovery import list_sources
from transforms.source.plan import Plan, plan
from transforms.source.schema_option import parse_schema
from transforms.source.work_units import SourceFile, UnitGroup, WorkUnit
from transforms.text import prompts
from transforms.text.glossary import Glossary, parse_glossary
from transforms.text.prompt_families import DEFAULT_SAMPLING
from transforms.text.prompt_profile import ProfileChoice
from transforms.text.prompts import PromptTemplate

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Work:
    """What a run is about, whoever translates it.

    Attributes:
        inputs: As the user named them.
        runs: Units in the order of files and rows, those of a row group together.
        text_columns: To be translated.
        schemas, output_schemas: By the input file's address.
        output: Where the parts go.
    """

    inputs: tuple[str, ...]
    runs: tuple[UnitGroup, ...]
    text_columns: tuple[str, ...]
    schemas: Mapping[str, Any]
    output_schemas: Mapping[str, Any]
    output: OutputDirectory

    @property
    def units(self) -> tuple[WorkUnit, ...]:
        """All units, in order."""
        return tuple(unit for run in self.runs for unit in run)

    @property
    def rows(self) -> int:
        """Of all units."""
        return sum(unit.rows for unit in self.units)


def make_work(options: RunOptions, sources: Sequence[SourceFile] | None = None) -> Work:
    """Plans the input and prepares the output.

    Args:
        options: Of the run.
        sources: The input files, if not all that the options name.

    Raises:
        UsageError: If something is missing, unreadable, or does not fit.
    """
    schema = parse_schema(options.schema) if options.schema else None
    output = OutputDirectory(options.output)
    found = list_sources(options.input, is_output=output.holds_part) if sources is None else sources
    planned = plan(found, options.unit_rows, options.text_column, schema, options.model_column)
    output_schemas = {url: output_schema(schema, planned.text_columns, url) for url, schema in planned.schemas.items()}
    profile = profile_choice(options).profile(options.model)
    if glossary(options).terms and not profile.template.takes_terms:
        LOG.warning("the prompt of %s has no place for a glossary: its terms are only checked", options.model)
    output.prepare()
    runs = planned.runs if options.limit is None else first_rows(planned, options.limit)
    return Work(options.input, runs, planned.text_columns, planned.schemas, output_schemas, output)


def first_rows(planned: Plan, rows: int) -> tuple[UnitGroup, ...]:
    """The runs of the first ``rows`` rows; the last unit is cut."""
    runs: list[UnitGroup] = []
    left = rows
    for run in planned.runs:
        kept: list[WorkUnit] = []
        for unit in run:
            if left <= 0:
                break
            taken = min(left, unit.rows)
            stop = unit.start + taken if unit.source.format == "parquet" else unit.stop
            kept.append(unit if taken == unit.rows else replace(unit, rows=taken, stop=stop))
            left -= taken
        if kept:
            runs.append(tuple(kept))
    return tuple(runs)


def profile_choice(options: RunOptions) -> ProfileChoice:
    """How the user wishes models to be asked.

    Raises:
        UsageError: If the file of one's own prompt is no template, or the prompt of a model has no place for a wish.
    """
    given = {name: getattr(options, name) for name in DEFAULT_SAMPLING}
    choice = ProfileChoice(
        num_ctx=options.num_ctx,
        family=options.prompt,
        own=_own_template(options),
        domain=options.domain,
        spelling=options.spelling,
        chunk_chars=options.chunk_chars,
        sampling={name: value for name, value in given.items() if value is not None},
        has_glossary=options.glossary is not None,
        context_chars=options.context_chars,
    )
    for model in filter(None, (options.model, options.fallback_model)):
        choice.profile(model, "text" if options.field_names else None)
    return choice


def glossary(options: RunOptions) -> Glossary:
    """The terms that the user gives.

    Raises:
        UsageError: If their file can't be read, or a line of it is wrong.
    """
    if options.glossary is None:
        return NO_GLOSSARY
    try:
        text = Path(options.glossary).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--glossary {options.glossary}: {error}") from None
    return parse_glossary(text, options.glossary)


def _own_template(options: RunOptions) -> PromptTemplate | None:
    if options.prompt_file is None:
        return None
    try:
        text = Path(options.prompt_file).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--prompt_file {options.prompt_file}: {error}") from None
    return prompts.from_file(text, options.prompt_file)


def make_recipe(options: RunOptions, text_columns: tuple[str, ...], digests: Mapping[str, str]) -> Recipe:
    """All that changes what the output means.

    Args:
        options: Of the run.
        text_columns: To be translated.
        digests: Of the models, by their keys, as far as they are known.
    """
    profile = profile_choice(options).profile(options.model)
    return Recipe(
        model=options.model,
        model_digest=digests.get(model_key(options.model)),
        prompt_name=profile.template.name,
        prompt_text=profile.template.fingerprint(),
        options={**profile.sampling, "seed": options.seed},
        num_ctx=options.num_ctx,
        chunk_chars=profile.chunk_chars,
        text_columns=text_columns,
        domain=options.domain,
        model_column=options.model_column,
        fallback_model=options.fallback_model,
        checks=options.checks,
        glossary_digest=glossary(options).digest() if options.glossary else None,
        english=options.english,
        other_language=options.other_language,
        context_chars=options.context_chars,
        field_names=options.field_names,
        langid=options.langid,
        fallback_digest=digests.get(model_key(options.fallback_model)) if options.fallback_model else None,
    )


def memory_settings(options: RunOptions, output: OutputDirectory, recipe: Recipe) -> MemorySettings:
    """Where the translation memory is and what counts of it; makes sure that it can be used.

    Raises:
        UsageError: If the place that was named can't be used.
    """
    return MemorySettings(_memory_place(options.memory, output), recipe.memory_prefix(), uuid4().hex, options.overwrite)


def _memory_place(wanted: str, output: OutputDirectory) -> str | None:
    if wanted == "off":
        return None
    place = output.local_path(MEMORY_FILE) if wanted == "auto" else wanted
    if place is None:
        LOG.info("no translation memory beside %s, as it is not on this machine: see --memory", output)
        return None
    try:
        if "://" not in place:
            Path(place).parent.mkdir(parents=True, exist_ok=True)
            place = str(Path(place).absolute())
        open_store(place, named=wanted != "auto").close()
    except (MemoryUnavailable, OSError) as error:
        if wanted != "auto":
            raise UsageError(f"--memory: {error}") from None
        LOG.warning("%s; the run goes on without it", error)
        return None
    return place


def engine_config(options: RunOptions, digests: Mapping[str, str], memory: MemorySettings) -> EngineConfig:
    """All that a worker needs to translate; ``digests`` are those of the models, by their keys."""
    return EngineConfig(
        hosts=options.hosts,
        fleet=FleetSettings(
            model=options.model,
            options={"num_ctx": options.num_ctx, "seed": options.seed},
            keep_alive=options.keep_alive,
            fallback_model=options.fallback_model,
            any_model=options.model_column is not None,
            digests=digests,
            allow_mixed_digests=options.allow_mixed_digests,
            slots=options.slots,
            request_timeout_seconds=options.request_timeout,
            max_outage_seconds=options.max_outage,
            use_proxy=options.use_proxy,
            hosts_file=options.hosts_from,
        ),
        translator=TranslatorSettings(
            profiles=profile_choice(options),
            model=options.model,
            seed=options.seed,
            fallback_model=options.fallback_model,
            checks=options.checks,
            glossary=glossary(options),
            english=options.english,
            other_language=options.other_language,
            langid=options.langid,
        ),
        memory=memory,
    )

"""Build recipe, memory settings and engine configuration from the options of a run.

The files that the options name are read once per run, by ``read_translation_settings``. All that needs their content
gets it from there, so that the recipe in the footers describes what was sent, even if a file is edited meanwhile.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from pipeline.options.run import RunOptions
from transforms.engine.deduplicator import MemorySettings
from transforms.engine.engine import EngineConfig
from transforms.engine.translator import NO_GLOSSARY, TranslatorSettings
from transforms.errors import UsageError
from transforms.fleet.model_names import model_key
from transforms.fleet.settings import FleetSettings
from transforms.memory.addresses import open_store
from transforms.memory.store import MemoryUnavailable
from transforms.sink.output_directory import MEMORY_FILE, OutputDirectory
from transforms.sink.recipe import Recipe
from transforms.text import prompts
from transforms.text.glossary import Glossary, parse_glossary
from transforms.text.prompt_families import DEFAULT_SAMPLING
from transforms.text.prompt_profile import ProfileChoice

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class TranslationSettings:
    """Prompt and glossary of a run, with the content of the files that hold them.

    Attributes:
        profiles: Prompt, sampling and context budget, from which each model's prompt profile follows.
        glossary: Terms of ``--glossary``; empty without one.
        has_glossary: Whether a glossary file was given; an empty one also belongs to the recipe.
    """

    profiles: ProfileChoice
    glossary: Glossary
    has_glossary: bool


def read_translation_settings(options: RunOptions) -> TranslationSettings:
    """Read the prompt and the glossary that the options name.

    Raises:
        UsageError: A file cannot be read, is malformed, or a model's prompt has no place for what the options ask.
    """
    glossary = _glossary(options)
    profiles = _profile_choice(options)
    profile = profiles.profile(options.model)
    if glossary.terms and not profile.template.takes_terms:
        LOG.warning("the prompt of %s has no place for a glossary: its terms are only checked", options.model)
    return TranslationSettings(profiles, glossary, options.glossary is not None)


def _profile_choice(options: RunOptions) -> ProfileChoice:
    given = {name: getattr(options, name) for name in DEFAULT_SAMPLING}
    choice = ProfileChoice(
        num_ctx=options.num_ctx,
        family=options.prompt,
        own=None
        if options.prompt_file is None
        else prompts.from_file(_content("--prompt_file", options.prompt_file), options.prompt_file),
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


def _glossary(options: RunOptions) -> Glossary:
    if options.glossary is None:
        return NO_GLOSSARY
    return parse_glossary(_content("--glossary", options.glossary), options.glossary)


def _content(option: str, path: str) -> str:
    try:
        return Path(path).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{option} {path}: {error}") from None


def make_recipe(
    options: RunOptions, settings: TranslationSettings, text_columns: tuple[str, ...], digests: Mapping[str, str]
) -> Recipe:
    """Return all that changes what the output means.

    Args:
        options: Options of the run.
        settings: Prompt and glossary, as read.
        text_columns: Columns to translate.
        digests: Known digests of the models, by model key.
    """
    profile = settings.profiles.profile(options.model)
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
        glossary_digest=settings.glossary.digest() if settings.has_glossary else None,
        english=options.english,
        other_language=options.other_language,
        context_chars=options.context_chars,
        field_names=options.field_names,
        langid=options.langid,
        fallback_digest=digests.get(model_key(options.fallback_model)) if options.fallback_model else None,
    )


def memory_settings(options: RunOptions, output: OutputDirectory, recipe: Recipe) -> MemorySettings:
    """Choose the place of the translation memory, and make sure that it can be used.

    Raises:
        UsageError: The place that the user named cannot be used.
    """
    return MemorySettings(
        _memory_place(options.memory, output),
        recipe.memory_prefix(),
        uuid4().hex,
        own_only=options.overwrite,
        retry_failed=options.retry_failed,
    )


def _memory_place(wanted: str, output: OutputDirectory) -> str | None:
    if wanted == "off":
        return None
    place = output.local_path(MEMORY_FILE) if wanted == "auto" else wanted
    if place is None:
        LOG.info("running without translation memory, as %s is not a local directory; set --memory to use one", output)
        return None
    try:
        if "://" not in place:
            Path(place).parent.mkdir(parents=True, exist_ok=True)
            place = str(Path(place).absolute())
        open_store(place, named=wanted != "auto").close()
    except (MemoryUnavailable, OSError) as error:
        if wanted != "auto":
            raise UsageError(f"--memory: {error}") from None
        LOG.warning("%s; running without translation memory", error)
        return None
    return place


def engine_config(
    options: RunOptions, settings: TranslationSettings, digests: Mapping[str, str], memory: MemorySettings
) -> EngineConfig:
    """Return all that a worker needs to translate.

    Args:
        options: Options of the run.
        settings: Prompt and glossary, as read.
        digests: Known digests of the models, by model key.
        memory: Settings of the translation memory.
    """
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
            profiles=settings.profiles,
            model=options.model,
            seed=options.seed,
            fallback_model=options.fallback_model,
            checks=options.checks,
            glossary=settings.glossary,
            english=options.english,
            other_language=options.other_language,
            langid=options.langid,
        ),
        memory=memory,
    )

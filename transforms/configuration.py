"""The configuration of a translation, for the command and for pipelines of others, and what is made from it.

The files that a configuration names are read once, by ``read_translation_settings``. All that needs their content gets
it from there, so that the recipe in the footers describes what was sent, even if a file is edited meanwhile.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from transforms.engine.deduplicator import NO_MEMORY, MemorySettings
from transforms.engine.engine import EngineConfig
from transforms.engine.translator import NO_GLOSSARY, TranslatorSettings
from transforms.errors import UsageError
from transforms.fleet.addresses import DEFAULT_HOST, HostAddress, HostsFile, parse_hosts
from transforms.fleet.model_names import check_models, model_key
from transforms.fleet.settings import FleetSettings
from transforms.sink.recipe import Recipe
from transforms.text.request import prompts
from transforms.text.request.glossary import Glossary, parse_glossary
from transforms.text.request.prompt_families import DEFAULT_SAMPLING, FAMILIES
from transforms.text.request.prompt_profile import AUTO, ProfileChoice
from transforms.text.request.source_language import check_installed
from transforms.text.request.thinking import THINK_CHOICES

LOG = logging.getLogger(__name__)

Policy = Literal["pass_through", "translate", "fail"]

CHOICES: Mapping[str, tuple[object, ...]] = {
    "prompt": (AUTO, *FAMILIES),
    "spelling": (None, "british", "american"),
    "checks": ("off", "flag", "repair"),
    "english": ("pass_through", "translate", "fail"),
    "other_language": ("pass_through", "translate", "fail"),
    "langid": ("words", "lingua"),
    "think": THINK_CHOICES,
}
AT_LEAST: Mapping[str, float] = {
    "num_ctx": 512,
    "chunk_chars": 100,
    "context_chars": 0,
    "temperature": 0,
    "seed": 0,
    "repeat_penalty": 0,
    "top_k": 0,
    "top_p": 0,
    "request_timeout": 1,
    "max_outage": 0,
}


@dataclass(frozen=True)
class Configuration:
    """How texts are translated: hosts, model, prompt, sampling and checks.

    The names, meanings and defaults are those of the command's options (docs/options.md). Picklable: it is sent to
    workers.

    Attributes:
        hosts: Addresses, with the headers that each gets.
        hosts_from: File to read the hosts from again and again; None if they stay the same.

    Raises:
        UsageError: A value is invalid; the message names it.
    """

    hosts: tuple[HostAddress, ...] = parse_hosts(DEFAULT_HOST)
    hosts_from: HostsFile | None = None
    slots: int | Mapping[str, int] | None = None
    use_proxy: bool = False
    keep_alive: str | float = "30m"
    request_timeout: float = 300.0
    max_outage: float = 1800.0
    model: str = "mistral"
    fallback_model: str | None = None
    model_column: str | None = None
    allow_mixed_digests: bool = False
    prompt: str = AUTO
    prompt_file: str | None = None
    domain: str | None = None
    field_names: bool = False
    glossary: str | None = None
    spelling: Literal["british", "american"] | None = None
    num_ctx: int = 4096
    chunk_chars: int | None = None
    context_chars: int = 0
    think: str = "auto"
    temperature: float | None = None
    seed: int = 42
    repeat_penalty: float | None = None
    top_k: int | None = None
    top_p: float | None = None
    checks: Literal["off", "flag", "repair"] = "repair"
    english: Policy = "pass_through"
    other_language: Policy = "pass_through"
    langid: Literal["words", "lingua"] = "words"
    evidence: bool = False
    confidence: bool = False

    def __post_init__(self) -> None:
        for name, allowed in CHOICES.items():
            if getattr(self, name) not in allowed:
                shown = ", ".join(str(each) for each in allowed if each is not None)
                raise UsageError(f"{name} is {getattr(self, name)!r}; choose one of {shown}")
        for name, least in AT_LEAST.items():
            value = getattr(self, name)
            if value is not None and not value >= least:
                raise UsageError(f"{name} is {value!r}; it must be at least {least:g}")
        check_models(self.model, self.fallback_model, {"model": "model", "fallback_model": "fallback_model"})
        if self.prompt_file and self.prompt != AUTO:
            raise UsageError("prompt and prompt_file cannot be combined")
        check_installed(self.langid)


def configuration_of(options: Any) -> Configuration:
    """Return the configuration that the options of a run contain: the values of the same names."""
    return Configuration(**{field.name: getattr(options, field.name) for field in fields(Configuration)})


@dataclass(frozen=True)
class TranslationSettings:
    """A configuration with the content of the files that it names; picklable.

    Attributes:
        configuration: Hosts, model, prompt and checks.
        profiles: Prompt, sampling and context budget, from which each model's prompt profile follows.
        glossary: Terms of the glossary; empty without one.
    """

    configuration: Configuration
    profiles: ProfileChoice
    glossary: Glossary


def read_translation_settings(configuration: Configuration) -> TranslationSettings:
    """Read the prompt and the glossary that a configuration names.

    Raises:
        UsageError: A file cannot be read, is malformed, or a model's prompt has no place for what it asks.
    """
    glossary = _glossary(configuration)
    profiles = _profile_choice(configuration)
    profile = profiles.profile(configuration.model)
    if glossary.terms and not profile.template.takes_terms:
        LOG.warning("the prompt of %s has no place for a glossary: its terms are only checked", configuration.model)
    return TranslationSettings(configuration, profiles, glossary)


def _profile_choice(configuration: Configuration) -> ProfileChoice:
    given = {name: getattr(configuration, name) for name in DEFAULT_SAMPLING}
    choice = ProfileChoice(
        num_ctx=configuration.num_ctx,
        family=configuration.prompt,
        own=None
        if configuration.prompt_file is None
        else prompts.from_file(_content("--prompt_file", configuration.prompt_file), configuration.prompt_file),
        domain=configuration.domain,
        spelling=configuration.spelling,
        chunk_chars=configuration.chunk_chars,
        sampling={name: value for name, value in given.items() if value is not None},
        has_glossary=configuration.glossary is not None,
        context_chars=configuration.context_chars,
        think=configuration.think,
    )
    for model in filter(None, (configuration.model, configuration.fallback_model)):
        choice.profile(model, "text" if configuration.field_names else None)
    return choice


def _glossary(configuration: Configuration) -> Glossary:
    if configuration.glossary is None:
        return NO_GLOSSARY
    return parse_glossary(_content("--glossary", configuration.glossary), configuration.glossary)


def _content(option: str, path: str) -> str:
    try:
        return Path(path).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{option} {path}: {error}") from None


def make_recipe(settings: TranslationSettings, text_columns: tuple[str, ...], digests: Mapping[str, str]) -> Recipe:
    """Return all that changes what the output means.

    Args:
        settings: Configuration, prompt and glossary.
        text_columns: Columns to translate.
        digests: Known digests of the models, by model key.
    """
    configuration = settings.configuration
    profile = settings.profiles.profile(configuration.model)
    thoughts = {"think": profile.think or "model"}
    return Recipe(
        model=configuration.model,
        model_digest=digests.get(model_key(configuration.model)),
        prompt_name=profile.template.name,
        prompt_text=profile.template.fingerprint(),
        # Only where it differs from what it was before there was a choice, so that earlier parts still match.
        options={**profile.sampling, "seed": configuration.seed, **({} if profile.think is False else thoughts)},
        num_ctx=configuration.num_ctx,
        chunk_chars=profile.chunk_chars,
        text_columns=text_columns,
        domain=configuration.domain,
        model_column=configuration.model_column,
        fallback_model=configuration.fallback_model,
        checks=configuration.checks,
        glossary_digest=None if configuration.glossary is None else settings.glossary.digest(),
        english=configuration.english,
        other_language=configuration.other_language,
        context_chars=configuration.context_chars,
        field_names=configuration.field_names,
        langid=configuration.langid,
        evidence=configuration.evidence,
        confidence=configuration.confidence,
        fallback_digest=digests.get(model_key(configuration.fallback_model)) if configuration.fallback_model else None,
    )


def engine_config(
    settings: TranslationSettings,
    digests: Mapping[str, str],
    memory: MemorySettings = NO_MEMORY,
    known_slots: Mapping[str, int] = MappingProxyType({}),
    second_process: bool = False,
) -> EngineConfig:
    """Return all that a worker needs to translate.

    Args:
        settings: Configuration, prompt and glossary.
        digests: Known digests of the models, by model key.
        memory: Settings of the translation memory.
        known_slots: Slots of hosts in an earlier run, by the host's address.
        second_process: See ``EngineConfig``.
    """
    configuration = settings.configuration
    return EngineConfig(
        hosts=configuration.hosts,
        fleet=FleetSettings(
            model=configuration.model,
            options={"num_ctx": configuration.num_ctx, "seed": configuration.seed},
            keep_alive=configuration.keep_alive,
            fallback_model=configuration.fallback_model,
            any_model=configuration.model_column is not None,
            digests=digests,
            allow_mixed_digests=configuration.allow_mixed_digests,
            slots=configuration.slots,
            known_slots=dict(known_slots),
            request_timeout_seconds=configuration.request_timeout,
            max_outage_seconds=configuration.max_outage,
            use_proxy=configuration.use_proxy,
            hosts_file=configuration.hosts_from,
            logprobs=configuration.confidence,
        ),
        translator=TranslatorSettings(
            profiles=settings.profiles,
            model=configuration.model,
            seed=configuration.seed,
            fallback_model=configuration.fallback_model,
            checks=configuration.checks,
            glossary=settings.glossary,
            english=configuration.english,
            other_language=configuration.other_language,
            langid=configuration.langid,
        ),
        memory=memory,
        second_process=second_process,
    )

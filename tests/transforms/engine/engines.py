"""Engines for tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

from pipeline.sandbox.running import SandboxThread
from transforms.engine.deduplicator import NO_MEMORY, MemorySettings
from transforms.engine.engine import Engine, EngineConfig
from transforms.engine.outcome import TextResult
from transforms.engine.translator import SourceText, TranslatorSettings
from transforms.fleet.addresses import parse_host
from transforms.fleet.settings import FleetSettings
from transforms.text.request.prompt_profile import ProfileChoice

StartEngine = Callable[..., Engine]
SENTENCE = "Le technicien a remplacé la pompe du bâtiment principal. "


def make_settings(num_ctx: int = 2048, fallback_model: str | None = None) -> TranslatorSettings:
    return TranslatorSettings(ProfileChoice(num_ctx, chunk_chars=1000), "mistral", 7, fallback_model)


def make_config(
    hosts: Sequence[SandboxThread],
    num_ctx: int = 2048,
    fallback_model: str | None = None,
    memory: MemorySettings = NO_MEMORY,
    translator: TranslatorSettings | None = None,
    **settings: Any,
) -> EngineConfig:
    translator = translator or make_settings(num_ctx, fallback_model)
    options = {"num_ctx": num_ctx, "temperature": 0.0, "seed": 7, "repeat_penalty": 1.0}
    return EngineConfig(
        tuple(parse_host(host.url) for host in hosts),
        FleetSettings(translator.model, options, "30m", fallback_model, **settings),
        translator,
        memory,
    )


def make_engine(hosts: Sequence[SandboxThread], **settings: Any) -> Engine:
    return Engine(make_config(hosts, **settings))


def submit(
    engine: Engine,
    texts: Sequence[str | None],
    models: Sequence[str | None] | None = None,
    field_names: Sequence[str] | None = None,
) -> Future[list[TextResult]]:
    """Submit texts as one batch."""
    nothing: list[str | None] = [None] * len(texts)
    sources = [
        None if text is None else SourceText(text, model, name)
        for text, model, name in zip(texts, models or nothing, field_names or nothing, strict=True)
    ]
    return engine.submit(sources, lambda count: None)


def translate(engine: Engine, *texts: str | None, **rows: Any) -> list[TextResult]:
    """Translate texts as one batch, and wait for the results."""
    return submit(engine, texts, **rows).result(100)


def bodies(host: SandboxThread) -> list[dict[str, Any]]:
    """The requests that a host with ``record_requests`` got."""
    return [request["body"] for request in host.stats(with_requests=True)["requests"]]

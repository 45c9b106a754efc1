"""Engines for tests."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from pipeline.sandbox.running import SandboxThread
from transforms.engine.deduplicator import NO_MEMORY, MemorySettings
from transforms.engine.engine import Engine, EngineConfig, Submission
from transforms.engine.translator import TranslatorSettings
from transforms.fleet.hosts import parse_host
from transforms.fleet.settings import FleetSettings
from transforms.text.prompt_profile import ProfileChoice


def make_settings(num_ctx: int = 2048, fallback_model: str | None = None) -> TranslatorSettings:
    return TranslatorSettings(ProfileChoice(num_ctx, chunk_chars=1000), "mistral", 7, fallback_model)


def make_engine(
    hosts: Sequence[SandboxThread],
    num_ctx: int = 2048,
    fallback_model: str | None = None,
    memory: MemorySettings = NO_MEMORY,
    translator: TranslatorSettings | None = None,
    **settings: Any,
) -> Engine:
    translator = translator or make_settings(num_ctx, fallback_model)
    options = {"num_ctx": num_ctx, "temperature": 0.0, "seed": 7, "repeat_penalty": 1.0}
    return Engine(
        EngineConfig(
            tuple(parse_host(host.url) for host in hosts),
            FleetSettings(translator.model, options, "30m", fallback_model, **settings),
            translator,
            memory,
        )
    )


def submit(
    engine: Engine,
    texts: Sequence[str | None],
    models: Sequence[str | None] | None = None,
    field_names: Sequence[str] | None = None,
) -> Submission:
    ended = threading.Event()
    submission = Submission(texts, lambda: None, ended.set, models, field_names)
    engine.submit(submission)
    assert ended.wait(30)
    return submission

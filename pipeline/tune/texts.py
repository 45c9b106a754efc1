"""The user's own texts: a sample of the input, the context that it needs, and the requests that a run would send."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pipeline.estimate import UNIT_ROWS, spread_texts
from pipeline.tune.options import TuneOptions
from transforms.configuration import Configuration, read_translation_settings
from transforms.engine.chunk_prompt import ChunkPrompt
from transforms.engine.retry_policy import Ask
from transforms.errors import UsageError
from transforms.fleet.settings import FleetSettings
from transforms.source.discovery import list_sources
from transforms.source.plan import plan_inputs
from transforms.source.schema_option import parse_schema
from transforms.text.request.chunks import split
from transforms.text.request.gate import Gate, classify
from transforms.text.request.prompt_profile import ProfileChoice
from transforms.text.request.sanitize import sanitize

LEAST_CONTEXT, MOST_CONTEXT, CONTEXT_STEP = 1024, 8192, 512
WHOLE_SHARE = 0.99
"""The share of texts that the context should hold whole; longer ones are split, as in a run."""

SEED = 1


@dataclass(frozen=True)
class Prompt:
    """One request of the load.

    Attributes:
        body: The JSON object to send; private.
        characters: Length of the source text in it.
    """

    body: Mapping[str, Any] = field(repr=False)
    characters: int


@dataclass(frozen=True)
class Sample:
    """Texts of the input, as requests.

    Attributes:
        prompts: The requests, in the order in which every trial sends them.
        texts: Number of texts.
        mean_characters: Mean length of a text.
        num_ctx: Context size in tokens.
        whole_share: Share of texts that fit it whole.
        model: The model.
        options: Ollama's options with which the model is loaded.
        keep_alive: How long a host keeps the model loaded.
    """

    prompts: tuple[Prompt, ...] = field(repr=False)
    texts: int
    mean_characters: float
    num_ctx: int
    whole_share: float
    model: str
    options: Mapping[str, Any]
    keep_alive: str | float


def read_sample(options: TuneOptions) -> Sample:
    """Read texts of the input at random, and make the requests that a run would send for them.

    Raises:
        UsageError: A file, column or prompt is unusable, or the input has no text to translate.
        RunFailed: A file cannot be read.
    """
    settings = read_translation_settings(_configuration(options))
    texts = _texts(options)
    num_ctx = options.num_ctx or fitting_context(texts, settings.profiles, options.model)
    profile = replace(settings.profiles, num_ctx=num_ctx).profile(options.model)
    constant = {"num_ctx": num_ctx, "seed": settings.configuration.seed}
    fleet = FleetSettings(options.model, constant, options.keep_alive)

    def prompt(chunk: str) -> Prompt:
        request = ChunkPrompt.of(chunk, profile, settings.glossary, "").request(
            profile, Ask(profile.sampling), frozenset(), None
        )
        return Prompt(request.body(fleet), len(chunk))

    chunks = [chunk.core for text in texts for chunk in split(text, profile.budget, profile.chunk_chars)]
    return Sample(
        prompts=tuple(prompt(chunk) for chunk in chunks if chunk),
        texts=len(texts),
        mean_characters=sum(map(len, texts)) / len(texts),
        num_ctx=num_ctx,
        whole_share=sum(map(profile.budget.fits, texts)) / len(texts),
        model=options.model,
        options=constant,
        keep_alive=options.keep_alive,
    )


def fitting_context(texts: Sequence[str], profiles: ProfileChoice, model: str) -> int:
    """The smallest context, in tokens, that holds nearly all texts whole, within bounds.

    A slot takes memory for its whole context, so that a smaller one leaves room for more slots.

    Args:
        texts: Sampled texts.
        profiles: Prompt settings.
        model: The model's name.
    """
    for num_ctx in range(LEAST_CONTEXT, MOST_CONTEXT, CONTEXT_STEP):
        try:
            budget = replace(profiles, num_ctx=num_ctx).profile(model).budget
        except UsageError:  # no room for a text beside the prompt
            continue
        if sum(map(budget.fits, texts)) >= WHOLE_SHARE * len(texts):
            return num_ctx
    return MOST_CONTEXT


def _configuration(options: TuneOptions) -> Configuration:
    return Configuration(
        model=options.model,
        prompt=options.prompt,
        prompt_file=options.prompt_file,
        domain=options.domain,
        glossary=options.glossary,
        think=options.think,
        num_ctx=options.num_ctx or MOST_CONTEXT,
    )


def _texts(options: TuneOptions) -> list[str]:
    schema = parse_schema(options.schema) if options.schema else None
    planned = plan_inputs(
        list_sources(options.input), UNIT_ROWS, options.text_column, schema, text_encoding=options.text_encoding
    )
    found = spread_texts(planned.groups, planned.schemas, planned.text_columns, options.text_encoding or "utf-8")
    texts = list(
        dict.fromkeys(sanitize(text) for text in found if text is not None and classify(text) is Gate.TRANSLATE)
    )
    if not texts:
        raise UsageError(f"no text to translate in {', '.join(options.input)}: tune needs texts to measure with")
    random.Random(SEED).shuffle(texts)
    return texts[: options.sample]

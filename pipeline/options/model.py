"""Options about models, prompts and sampling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

from pipeline.options import values
from pipeline.options.command_line import CommandOptions
from pipeline.options.table import flag, option
from transforms.text.request.prompt_families import DEFAULT_CHUNK_CHARS, DEFAULT_SAMPLING, FAMILIES
from transforms.text.request.prompt_profile import AUTO
from transforms.text.request.thinking import THINK_CHOICES

MODEL = "Model and prompt"


def _family_default(name: str) -> str:
    return f"the model family's, usually {DEFAULT_SAMPLING[name]:g}"


def _spelling(text: str) -> Literal["british", "american"] | None:
    return cast('Literal["british", "american"]', values.choice("british", "american")(text))


@dataclass(frozen=True)
class ModelOptions(CommandOptions):
    """Options about models, prompts and sampling."""

    model: str = option(
        "mistral", parse=values.text, help="model, by its name on the hosts", group=MODEL, metavar="MODEL"
    )
    fallback_model: str | None = option(
        None,
        parse=values.text,
        help="second model, for texts that the first one fails to translate",
        group=MODEL,
        metavar="MODEL",
    )
    model_column: str | None = option(
        None,
        parse=values.column,
        help="column that names each row's model; rows without one use --model. A host keeps a model loaded as long as "
        "there are rows for it",
        group=MODEL,
        metavar="NAME",
    )
    allow_mixed_digests: bool = flag(
        help="also use hosts whose model has a different digest than most hosts' model", group=MODEL
    )
    prompt: str = option(
        AUTO,
        parse=values.choice(AUTO, *FAMILIES),
        help="prompt family: auto chooses by the model's name, general has a system prompt, simple is one sentence; "
        f"the others are for translation models: {', '.join(FAMILIES)}",
        group=MODEL,
        metavar="FAMILY",
    )
    prompt_file: str | None = option(
        None,
        parse=values.text,
        help="file with your own prompt template, instead of --prompt",
        group=MODEL,
        metavar="FILE",
    )
    domain: str | None = option(
        None,
        parse=values.text,
        help="kind of texts, for the prompt: 'incident reports'",
        group=MODEL,
        metavar="TEXT",
    )
    field_names: bool = flag(help="tell the model the column of each text", group=MODEL)
    glossary: str | None = option(
        None,
        parse=values.text,
        help="CSV or TSV file of French terms with the columns source and target, optionally case and note; a term "
        "without target is kept as it is",
        group=MODEL,
        metavar="FILE",
    )
    spelling: Literal["british", "american"] | None = option(
        None,
        parse=_spelling,
        help="spelling to ask for in the prompt: british or american",
        group=MODEL,
        metavar="KIND",
    )
    num_ctx: int = option(
        4096,
        parse=values.whole(512),
        help="context of a request in tokens, prompt and answer together",
        group=MODEL,
        metavar="TOKENS",
    )
    chunk_chars: int | None = option(
        None,
        parse=values.whole(100),
        help="maximum length of the chunks of a text that is too long for one request",
        group=MODEL,
        metavar="CHARACTERS",
        shown=f"the model family's, usually {DEFAULT_CHUNK_CHARS}",
    )
    context_chars: int = option(
        0,
        parse=values.whole(0, 10_000),
        help="characters of preceding text given to the model as context for a chunk",
        group=MODEL,
        metavar="CHARACTERS",
    )
    think: str = option(
        "auto",
        parse=values.choice(*THINK_CHOICES),
        help="whether the model thinks first, with a token budget of its own: auto (low for gpt-oss, else false), "
        "false, low, medium, high, or model (as the model decides)",
        group=MODEL,
        metavar="LEVEL",
    )
    temperature: float | None = option(
        None,
        parse=values.number(0, 2),
        help="sampling temperature of the first attempt",
        group=MODEL,
        metavar="NUMBER",
        shown=_family_default("temperature"),
    )
    seed: int = option(
        42,
        parse=values.whole(0, 2**31 - 1),
        help="seed of the first attempt; each further attempt adds one",
        group=MODEL,
        metavar="NUMBER",
    )
    repeat_penalty: float | None = option(
        None,
        parse=values.number(0, 2, above=True),
        help="repetition penalty; 1 disables it",
        group=MODEL,
        metavar="NUMBER",
        shown=_family_default("repeat_penalty"),
    )
    top_k: int | None = option(
        None,
        parse=values.whole(0),
        help="sample only from the K most probable tokens",
        group=MODEL,
        metavar="K",
        shown=_family_default("top_k"),
    )
    top_p: float | None = option(
        None,
        parse=values.number(0, 1, above=True),
        help="sample only from the most probable tokens that together have this probability",
        group=MODEL,
        metavar="NUMBER",
        shown=_family_default("top_p"),
    )

"""The options of a run: one table, from which command line, environment and help follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, cast

from pipeline.options import values as kind
from pipeline.options.beam import LOCAL_RUNNER, all_masked
from pipeline.options.table import flag, option, repeated
from pipeline.options.values import shown
from transforms.fleet.hosts import (
    DEFAULT_HOST,
    Header,
    HostAddress,
    HostsFile,
    parse_header,
    parse_hosts,
    parse_slots,
)
from transforms.text.prompt_families import DEFAULT_CHUNK_CHARS, DEFAULT_SAMPLING, FAMILIES
from transforms.text.prompt_profile import AUTO

_FILES = "Input and output"
_HOSTS = "Hosts"
_MODEL = "Model and prompt"
_CHECKS = "Checks"
_REPORTS = "Result and reports"

_NOT_SHOWN = ("notices", "hosts_from")


def _family_shown(name: str) -> str:
    return f"the model family's, {DEFAULT_SAMPLING[name]:g} for most"


def _spelling(text: str) -> Literal["british", "american"] | None:
    return cast('Literal["british", "american"]', kind.choice("british", "american")(text))


def _watch_seconds(text: str) -> float | None:
    return kind.duration(0.1)(text)


@dataclass(frozen=True, repr=False)
class RunOptions:
    """What ``run`` does. A field with ``option``, ``flag`` or ``repeated`` is an option of the command line.

    Attributes:
        hosts_from: Where ``hosts`` were read from, to be read again.
        runner: Beam's runner: its name, or the full path of a class.
        beam_arguments: For Beam's ``PipelineOptions``; ``--runner`` is among them.
        notices: What the user should know about these options; to be logged once logging is set up.
    """

    input: tuple[str, ...] = repeated(
        kind.one(kind.text),
        "files to translate: a path, glob, directory or fsspec URL; .parquet, .jsonl, .ndjson, .json (lines), these "
        "also as .gz or .zst",
        _FILES,
        "PATH",
    )
    output: str = option("", kind.text, "directory or fsspec URL for the translated parts", _FILES, "DIRECTORY")
    text_column: tuple[str, ...] = repeated(
        kind.one(kind.column),
        "column to translate",
        _FILES,
        "NAME",
        shown="'text', else the only text column",
    )
    schema: str | None = option(
        None,
        kind.text,
        "columns and types of JSONL input, instead of finding them in the data: 'code:string,day:timestamp[us]'",
        _FILES,
        "COLUMNS",
    )
    unit_rows: int = option(5000, kind.whole(1), "rows of one part, about", _FILES, "ROWS")
    memory: str = option(
        "auto",
        kind.text,
        "translation memory, so that nothing is paid for twice: auto (a file beside a local output), a file, "
        "redis://host:port/0 for many machines, or off",
        _FILES,
        "PLACE",
    )
    overwrite: bool = flag("translate again what is there already, also with other settings", _FILES)
    retry_failed: bool = flag("translate again only the rows that failed or are partial; all others stay", _FILES)
    limit: int | None = option(
        None, kind.whole(1), "translate the first rows only, and show them side by side", _FILES, "ROWS"
    )
    dry_run: bool = flag("plan, check and estimate; translate nothing", _FILES)

    watch: float | None = option(
        None,
        _watch_seconds,
        "run again whenever the input has changed, looking every so many seconds, until it is stopped; files that are "
        "still being written are left until they are complete",
        _FILES,
        "SECONDS",
    )

    hosts: tuple[HostAddress, ...] = repeated(
        parse_hosts,
        "Ollama hosts, separated by commas: gpu0, gpu0:11434, http://gpu0:11434/prefix, https://user:password@gpu0. "
        "As in Ollama, gpu0 alone means port 11434, but http://gpu0 port 80 and https://gpu0 port 443",
        _HOSTS,
        "HOSTS",
        default=parse_hosts(DEFAULT_HOST),
        shown=DEFAULT_HOST,
        separators="",
        variables=("OLLAMA_HOSTS", "OLLAMA_HOST"),
    )
    hosts_file: str | None = option(
        None,
        kind.text,
        "file with the hosts instead of --hosts, one or several on a line, # for comments; it is read again during the "
        "run: hosts that appear in it join, those that go finish what they have",
        _HOSTS,
        "FILE",
    )
    slots: int | Mapping[str, int] | None = option(
        None,
        parse_slots,
        "requests at a time per host: auto to find out, a number for each host, or HOST=NUMBER,HOST=NUMBER",
        _HOSTS,
        "SLOTS",
        shown="auto",
    )
    header: tuple[Header, ...] = repeated(
        lambda text: (parse_header(text),),
        "header for all requests, 'Name: value'",
        _HOSTS,
        "HEADER",
        separators="\n",
        secret=True,
    )
    allow_insecure_auth: bool = flag("send keys and secret headers over plain http, too", _HOSTS)
    use_proxy: bool = flag("use the proxies that the environment names (HTTP_PROXY and others)", _HOSTS)
    keep_alive: str | float = option(
        cast("str | float", "30m"),
        kind.keep_alive,
        "how long a host keeps the model loaded after a request: seconds, or a duration; negative is for ever",
        _HOSTS,
        "TIME",
    )
    request_timeout: float = option(
        300.0,
        kind.duration(1),
        "the longest that a request may take, with loading the model: seconds, or a duration such as 5m",
        _HOSTS,
        "TIME",
        shown="300",
    )
    max_outage: float = option(
        1800.0,
        kind.duration(0),
        "how long to wait for a host that is well, for each model: seconds, or a duration such as 30m",
        _HOSTS,
        "TIME",
        shown="30m",
    )
    sandbox: int | None = option(
        None,
        kind.whole(1, 16),
        "start N simulated hosts (2 by default) and use them; needs no Ollama, and the output is not real",
        _HOSTS,
        "N",
        bare="2",
    )

    model: str = option("mistral", kind.text, "model, as the hosts know it", _MODEL, "MODEL")
    fallback_model: str | None = option(
        None, kind.text, "second model, tried on texts that the first failed at", _MODEL, "MODEL"
    )
    model_column: str | None = option(
        None,
        kind.column,
        "column that names each row's model; --model is for rows where it is empty. A host stays with one model as "
        "long as there are rows for it",
        _MODEL,
        "NAME",
    )
    allow_mixed_digests: bool = flag("use hosts whose model has another digest than most, too", _MODEL)
    prompt: str = option(
        AUTO,
        kind.choice(AUTO, *FAMILIES),
        "prompt family: auto chooses by the model's name, general has a system prompt, simple is one sentence, the "
        f"others are those of translation models: {', '.join(FAMILIES)}",
        _MODEL,
        "FAMILY",
    )
    prompt_file: str | None = option(
        None, kind.text, "file with a prompt template of your own, instead of --prompt", _MODEL, "FILE"
    )
    domain: str | None = option(
        None, kind.text, "what the texts are, for the prompt: 'incident reports'", _MODEL, "TEXT"
    )
    field_names: bool = flag("tell the model which column each text comes from", _MODEL)
    glossary: str | None = option(
        None,
        kind.text,
        "CSV or TSV file with columns source, target, and if needed case and note: French terms and how they are to be "
        "translated; without a target a term stays as it is",
        _MODEL,
        "FILE",
    )
    spelling: Literal["british", "american"] | None = option(
        None, _spelling, "which English is wanted, for the prompt: british or american", _MODEL, "KIND"
    )
    num_ctx: int = option(
        4096, kind.whole(512), "context of a request in tokens: prompt and answer together", _MODEL, "TOKENS"
    )
    chunk_chars: int | None = option(
        None,
        kind.whole(100),
        "longest piece of a text that is too long for one request",
        _MODEL,
        "CHARACTERS",
        shown=f"the model family's, {DEFAULT_CHUNK_CHARS} for most",
    )
    context_chars: int = option(
        0,
        kind.whole(0, 10_000),
        "of what stands before a piece of a cut text, that the model is shown with it, for understanding only",
        _MODEL,
        "CHARACTERS",
    )
    temperature: float | None = option(
        None, kind.number(0, 2), "of the first try", _MODEL, "NUMBER", shown=_family_shown("temperature")
    )
    seed: int = option(42, kind.whole(0, 2**31 - 1), "of the first try; later tries count up from it", _MODEL, "NUMBER")
    repeat_penalty: float | None = option(
        None, kind.number(0, 2, above=True), "1 is none", _MODEL, "NUMBER", shown=_family_shown("repeat_penalty")
    )
    top_k: int | None = option(
        None, kind.whole(0), "tokens that are considered", _MODEL, "NUMBER", shown=_family_shown("top_k")
    )
    top_p: float | None = option(
        None,
        kind.number(0, 1, above=True),
        "share of probability that is considered",
        _MODEL,
        "NUMBER",
        shown=_family_shown("top_p"),
    )

    checks: Literal["off", "flag", "repair"] = option(
        "repair",
        kind.choice("off", "flag", "repair"),
        "checks of each translation: off, flag only tells what is wrong, repair also tries again and marks as failed "
        "what stays wrong",
        _CHECKS,
        "KIND",
    )
    english: Literal["pass_through", "translate", "fail"] = option(
        "pass_through",
        kind.choice("pass_through", "translate", "fail"),
        "what becomes of texts that are in English already",
        _CHECKS,
        "POLICY",
    )
    other_language: Literal["pass_through", "translate", "fail"] = option(
        "pass_through",
        kind.choice("pass_through", "translate", "fail"),
        "what becomes of texts in a language that is neither French nor English",
        _CHECKS,
        "POLICY",
    )
    langid: Literal["words", "lingua"] = option(
        "words",
        kind.choice("words", "lingua"),
        "how the language of a text is found: words needs nothing; lingua, of the extra 'langid', also knows short "
        "texts, and takes some 200 MB more",
        _CHECKS,
        "KIND",
    )

    max_failed_ratio: float = option(
        0.01, kind.number(0, 1), "share of failed rows above which the run exits with 3", _REPORTS, "RATIO"
    )
    skip_exit_code: int | None = option(
        None,
        lambda text: int(kind.choice("99")(text)),
        "99: exit with 99 instead of 0 when there is nothing to do, which Airflow shows as skipped",
        _REPORTS,
        "99",
    )
    summary_file: str | None = option(
        None, kind.text, "where to write the summary besides OUTPUT/_summary.json", _REPORTS, "FILE"
    )
    progress: Literal["auto", "rich", "plain", "off"] = option(
        "auto",
        kind.choice("auto", "rich", "plain", "off"),
        "progress on stderr: rich is a bar, plain a line now and then, auto a bar on a terminal",
        _REPORTS,
        "KIND",
    )
    log_format: Literal["text", "json"] = option(
        "text", kind.choice("text", "json"), "text, or json with one object per line", _REPORTS, "FORMAT"
    )
    log_level: Literal["debug", "info", "warning", "error"] = option(
        "info", kind.choice("debug", "info", "warning", "error"), "least level that is logged", _REPORTS, "LEVEL"
    )

    hosts_from: HostsFile | None = None
    runner: str = LOCAL_RUNNER
    beam_arguments: tuple[str, ...] = (f"--runner={LOCAL_RUNNER}",)
    notices: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"RunOptions({', '.join(f'{name}={value!r}' for name, value in echo(self).items())})"


def echo(options: RunOptions) -> dict[str, Any]:
    """What is in force, as plain JSON values for the log: secrets masked, and without what is not set."""
    values = {each.name: getattr(options, each.name) for each in fields(options) if each.name not in _NOT_SHOWN}
    values["hosts"] = [host.url for host in options.hosts]
    values["header"] = [f"{header.name}: ***" for header in options.header]
    values["slots"] = "auto" if options.slots is None else options.slots
    values["input"] = [shown(url) for url in options.input]
    values["text_column"] = list(options.text_column)
    values["beam_arguments"] = all_masked(options.beam_arguments)
    for name in ("output", "hosts_file", "prompt_file", "glossary", "summary_file"):
        values[name] = shown(values[name]) if values[name] else None
    return {name: value for name, value in values.items() if value not in (None, [])}

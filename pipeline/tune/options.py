"""Options of ``tune``: an input to take texts from, a model, and an ``ollama`` command or hosts to try them on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from pipeline.options import values
from pipeline.options.command_line import CommandLine, LogSettings
from pipeline.options.hosts import HostOptions, with_hosts
from pipeline.options.run import RunOptions
from pipeline.options.table import Readout, option, same_as
from pipeline.options.values import check_readable
from transforms.errors import UsageError
from transforms.fleet.model_names import check_models

TRIALS = "Trials"
OLLAMA = "ollama"


@dataclass(frozen=True)
class TuneOptions(HostOptions):
    """Options of ``tune``; options with the same name mean the same as in a run.

    Attributes:
        local: Whether servers are started on this machine, instead of measuring hosts that run already.
    """

    input: tuple[str, ...] = same_as(
        RunOptions, "input", help="files to take texts from: a path, glob, directory or fsspec URL"
    )
    text_column: tuple[str, ...] = same_as(RunOptions, "text_column")
    schema: str | None = same_as(RunOptions, "schema")
    text_encoding: str | None = same_as(RunOptions, "text_encoding")
    sample: int = option(
        256, parse=values.whole(1, 100_000), help="number of texts to measure with", group=TRIALS, metavar="TEXTS"
    )
    ollama: str = option(
        OLLAMA,
        parse=values.text,
        help="ollama command to start servers with; without --hosts, layouts of this machine are tried",
        group=TRIALS,
        metavar="PATH",
    )
    tune_seconds: float = option(
        1800.0,
        parse=values.duration(1),
        help="time limit for all trials together: seconds or a duration such as 30m",
        group=TRIALS,
        metavar="TIME",
        shown="30m",
    )
    hosts_file: str | None = same_as(HostOptions, "hosts_file", help="file with hosts instead of --hosts")
    model: str = same_as(RunOptions, "model")
    prompt: str = same_as(RunOptions, "prompt")
    prompt_file: str | None = same_as(RunOptions, "prompt_file")
    domain: str | None = same_as(RunOptions, "domain")
    glossary: str | None = same_as(RunOptions, "glossary")
    num_ctx: int | None = same_as(
        RunOptions, "num_ctx", default=None, shown="the smallest that holds 99 % of the texts whole, 1024 to 8192"
    )
    think: str = same_as(RunOptions, "think")
    summary_format: Literal["auto", "json", "table"] = same_as(RunOptions, "summary_format")
    local: bool = True


def _complete(readout: Readout, environ: Mapping[str, str]) -> TuneOptions:
    options, places = TuneOptions(**readout.values), readout.places
    if not options.input:
        raise UsageError("missing --input PATH: name the files whose texts tune measures with")
    check_models(options.model, None, {"model": places.get("model", "--model")})
    for name in ("prompt_file", "glossary"):
        if (path := getattr(options, name)) is not None:
            check_readable(places[name], path)
    on_command_line = [name for name in ("hosts", "hosts_file") if places.get(name, "").startswith("--")]
    if on_command_line and places.get("ollama", "").startswith("--"):
        raise UsageError(f"--{on_command_line[0]} and --ollama cannot be combined: measure hosts, or start servers")
    # OLLAMA_HOST is also how a machine tells its own server where to listen.
    named = [place for name in ("hosts", "hosts_file") if (place := places.get(name, "OLLAMA_HOST")) != "OLLAMA_HOST"]
    if named and not places.get("ollama", "").startswith("--"):
        return replace(with_hosts(options, places, environ), local=False)
    return options


TUNE = CommandLine(
    summary="find the fastest layout of Ollama on this machine, or the best load of hosts; see tune --help",
    usage="python -m pipeline tune --input PATH [--model MODEL] [--hosts HOSTS] [OPTIONS]",
    description="""\
Without --hosts: tries layouts of Ollama on this machine with a sample of your own texts. It starts and stops servers on
spare ports: one per GPU or one over all, 1 to 32 slots, flash attention, KV cache type. Nothing else should use the
GPUs meanwhile. Prints the throughput of each layout, what limits it, and the lines that set up the best one.
With --hosts: measures each host with more and more requests in flight, up to the number from which throughput no longer
grows, then all hosts together. Hosts are used, not changed.
Your texts are sent to these servers or hosts only, and never printed.""",
    epilog="Exit codes: 0 done, 1 nothing could be measured, 2 wrong usage, 130 interrupted, 143 terminated.",
    options=TuneOptions,
    complete=_complete,
    log_settings=lambda options: LogSettings(level="info"),
)

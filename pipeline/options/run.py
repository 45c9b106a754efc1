"""Options of ``run``, and the checks that need more than one of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from importlib.util import find_spec
from typing import Any

from pipeline.options import values
from pipeline.options.beam import LOCAL_RUNNER, all_masked, beam_arguments, refuse_unknown
from pipeline.options.command_line import CommandLine, LogSettings
from pipeline.options.files import FileOptions
from pipeline.options.hosts import API_KEY_VARIABLE, HOSTS, HostOptions, with_hosts
from pipeline.options.model import ModelOptions
from pipeline.options.reports import CheckOptions, ReportOptions
from pipeline.options.table import Readout, option, options_of
from pipeline.options.values import check_readable, check_writable
from transforms.errors import UsageError
from transforms.fleet.addresses import parse_slots
from transforms.fleet.model_names import check_models
from transforms.masking import mask_values
from transforms.text.request.prompt_profile import AUTO
from transforms.text.request.source_language import check_installed

_NOT_SHOWN = ("notices", "hosts_from")


@dataclass(frozen=True)
class FleetOptions(HostOptions):
    """Options about hosts that only a run has."""

    slots: int | Mapping[str, int] | None = option(
        None,
        parse=parse_slots,
        help="concurrent requests per host: auto to detect it, a number for every host, or HOST=NUMBER,HOST=NUMBER",
        group=HOSTS,
        metavar="SLOTS",
        shown="auto",
    )
    max_outage: float = option(
        1800.0,
        parse=values.duration(0),
        help="how long to wait while no host is healthy, per model: seconds or a duration such as 30m",
        group=HOSTS,
        metavar="TIME",
        shown="30m",
    )
    workers: int = option(
        1,
        parse=values.whole(1, 64),
        help="number of processes that translate, for hosts that are faster than one process",
        group=HOSTS,
        metavar="N",
    )
    sandbox: int | None = option(
        None,
        parse=values.whole(1, 16),
        help="start N simulated hosts (2 by default) and use them; needs no Ollama, and the output is not real",
        group=HOSTS,
        metavar="N",
        bare="2",
    )


# The fields of a dataclass are those of its bases, from the last base to the first.
@dataclass(frozen=True, repr=False)
class RunOptions(ReportOptions, CheckOptions, ModelOptions, FleetOptions, FileOptions):
    """Options of ``run``.

    Attributes:
        runner: Name or full class path of Beam's runner.
        beam_arguments: Arguments for Beam's ``PipelineOptions``, ``--runner`` included.
    """

    runner: str = LOCAL_RUNNER
    beam_arguments: tuple[str, ...] = (f"--runner={LOCAL_RUNNER}",)

    def __repr__(self) -> str:
        return f"RunOptions({', '.join(f'{name}={value!r}' for name, value in echo(self).items())})"


def echo(options: RunOptions) -> dict[str, Any]:
    """Return the options in force as JSON values, with secrets masked and without those that are not set."""
    shown_values = {each.name: getattr(options, each.name) for each in fields(options) if each.name not in _NOT_SHOWN}
    shown_values["hosts"] = [host.url for host in options.hosts]
    shown_values["header"] = [f"{header.name}: ***" for header in options.header]
    shown_values["slots"] = "auto" if options.slots is None else options.slots
    shown_values["text_column"] = list(options.text_column)
    shown_values["beam_arguments"] = all_masked(options.beam_arguments)
    return {name: mask_values(value) for name, value in shown_values.items() if value not in (None, "", [], ())}


def validate(options: RunOptions, places: Mapping[str, str] | None = None) -> None:
    """Check options against each other and against the file system.

    Args:
        options: Options to check.
        places: Where each option was given, for messages; see ``Readout``.

    Raises:
        UsageError: An option is missing or invalid; the message names the option and its value.
    """
    place = {name: f"--{name}" for name in options_of(RunOptions)} | dict(places or {})
    if not options.input:
        raise UsageError("missing --input PATH: name the files to translate (see --help)")
    if not options.output:
        raise UsageError("missing --output DIRECTORY: name a directory for the translations (see --help)")
    check_models(options.model, options.fallback_model, place)
    for name in ("overwrite", "retry_failed", "limit", "dry_run"):
        if options.watch is not None and getattr(options, name):
            raise UsageError(f"{place['watch']} and {place[name]} cannot be combined")
    if options.overwrite and options.retry_failed:
        raise UsageError(f"{place['overwrite']} and {place['retry_failed']} cannot be combined")
    if options.prompt_file and options.prompt != AUTO:
        raise UsageError(f"{place['prompt']} and {place['prompt_file']} cannot be combined")
    check_installed(options.langid)
    if options.metrics_port is not None and find_spec("prometheus_client") is None:
        raise UsageError(
            f"{place['metrics_port']} needs the package prometheus_client: pip install 'beam-ollama-translate[metrics]'"
        )
    _check_slots(options, place["slots"])
    if options.prompt_file:
        check_readable(place["prompt_file"], options.prompt_file)
    if options.glossary:
        check_readable(place["glossary"], options.glossary)
    check_writable(place["output"], options.output, directory=True)
    if options.summary_file:
        check_writable(place["summary_file"], options.summary_file, directory=False)


def _check_slots(options: RunOptions, place: str) -> None:
    if isinstance(options.slots, Mapping) and options.hosts_from is None:
        urls = [host.url for host in options.hosts]
        unknown = [url for url in options.slots if url not in urls]
        if unknown:
            raise UsageError(f"{place} names {', '.join(unknown)}, but the hosts are {', '.join(urls)}")


def _complete(readout: Readout, environ: Mapping[str, str]) -> RunOptions:
    ours = list(options_of(RunOptions))
    refuse_unknown(readout.left, ours)
    options = RunOptions(**readout.values)
    if options.sandbox is not None:
        options = _with_sandbox(options, readout.places)
    options = with_hosts(options, readout.places, environ)
    validate(options, readout.places)
    beam = beam_arguments(readout.left, ours)  # late, as it imports Beam if there are any
    if options.workers > 1 and beam.runner != LOCAL_RUNNER:
        raise UsageError(
            f"{readout.places['workers']} is for runs without --runner: {beam.runner} starts workers of its own"
        )
    return replace(options, runner=beam.runner, beam_arguments=beam.arguments)


def _with_sandbox(options: RunOptions, places: Mapping[str, str]) -> RunOptions:
    """Check that the command line names no other hosts, and drop those that environment variables name."""
    for name in ("hosts", "hosts_file"):
        if places.get(name, "").startswith("--"):
            raise UsageError(f"--sandbox starts its own hosts: remove --{name}")
    if options.model_column is not None:
        raise UsageError(f"--sandbox has only one model: remove {places['model_column']}")
    if isinstance(options.slots, Mapping):
        raise UsageError(f"--sandbox starts its own hosts: {places['slots']} must be auto or a number")
    return replace(options, hosts=(), hosts_file=None, header=())


def changed(options: RunOptions) -> dict[str, Any]:
    """Return the options that differ from their defaults, as ``echo`` shows them."""
    defaults = echo(RunOptions())
    return {name: value for name, value in echo(options).items() if defaults.get(name) != value}


RUN = CommandLine(
    summary="translate files (the default command; the word may be omitted)",
    usage="python -m pipeline [run] --input PATH --output DIRECTORY [OPTIONS]",
    description="Translates the French text columns of Parquet and JSONL files to English on your own Ollama hosts.",
    epilog=f"""\
Options are written --num_ctx=2048, --num_ctx 2048 or --num-ctx 2048. The command line takes precedence over the
environment, where several values of one option are separated by commas or line breaks. {API_KEY_VARIABLE} is sent to
https hosts. Apache Beam's own options are passed through (--runner, --labels, --setup_file, ...); without --runner, and
with --runner=DirectRunner, Beam's FnApiRunner runs the pipeline in this process, or in each of --workers N.
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done but too many rows failed, 99 nothing to do (if asked for with
--skip_exit_code), 130 interrupted, 143 terminated. The summary is one line of JSON on stdout; everything else goes to
stderr.""",
    options=RunOptions,
    complete=_complete,
    log_settings=lambda options: LogSettings(options.log_format, options.log_level),
    takes_others=True,
)

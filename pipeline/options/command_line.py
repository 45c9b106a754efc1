"""From the command line and the environment to the options of a run, checked before anything starts."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace

from pipeline.options.beam import beam_arguments
from pipeline.options.hosts import API_KEY_VARIABLE, find_hosts
from pipeline.options.run import RunOptions
from pipeline.options.table import help_text, options_of, read
from pipeline.options.values import check_readable, check_writable
from transforms.errors import UsageError
from transforms.fleet.model_names import is_cloud_model, model_key
from transforms.text.prompt_profile import AUTO
from transforms.text.source_language import check_installed

USAGE = "python -m pipeline [run] --input PATH --output DIRECTORY [OPTIONS]"
DESCRIPTION = "Translates the French text columns of Parquet and JSONL files to English on your own Ollama hosts."
EPILOG = f"""\
Options are written --num_ctx=2048, --num_ctx 2048 or --num-ctx 2048. In the environment, several values of one option
are separated by commas, or by line breaks; the command line comes first. {API_KEY_VARIABLE} is sent to https hosts.
Apache Beam's own options are passed on (--runner, --labels, --setup_file, ...); without --runner, and with
--runner=DirectRunner, Beam's FnApiRunner runs the pipeline in this process.
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done but too many rows failed, 99 nothing to do (if asked for),
130 interrupted, 143 terminated. The summary is one line of JSON on stdout; all else goes to stderr."""


def parse(arguments: Sequence[str], environ: Mapping[str, str] = os.environ) -> RunOptions:
    """The options of a run, complete and valid.

    Args:
        arguments: Of the command line, without the command's name.
        environ: The environment.

    Raises:
        UsageError: Anything is wrong; nothing was started, opened or sent.
    """
    readout = read(RunOptions, arguments, environ)
    names = list(options_of(RunOptions))
    beam = beam_arguments(readout.left, names)
    options = RunOptions(**readout.values, runner=beam.runner, beam_arguments=beam.arguments)
    if options.sandbox is not None:
        options = _with_sandbox(options, readout.places)
    found = find_hosts(options, readout.places, environ)
    options = replace(options, hosts=found.hosts, hosts_from=found.file, notices=found.notices)
    validate(options, readout.places)
    return options


def validate(options: RunOptions, places: Mapping[str, str] | None = None) -> None:
    """Checks what the text of one option alone does not tell.

    Args:
        options: To be checked.
        places: Where options were given, as of ``Readout``; for messages.

    Raises:
        UsageError: It names the option and the value.
    """
    place = {name: f"--{name}" for name in options_of(RunOptions)} | dict(places or {})
    if not options.input:
        raise UsageError("nothing to translate: name the files with --input (and see --help)")
    if not options.output:
        raise UsageError("no place for the result: name a directory with --output (and see --help)")
    for name, model in (("model", options.model), ("fallback_model", options.fallback_model or "")):
        if is_cloud_model(model):
            raise UsageError(f"{place[name]} {model!r} runs in Ollama's cloud, and texts must not leave your own hosts")
    if options.fallback_model is not None and model_key(options.fallback_model) == model_key(options.model):
        raise UsageError(f"{place['fallback_model']} is the same as {place['model']}: a second try needs another model")
    for name in ("overwrite", "retry_failed", "limit", "dry_run"):
        if options.watch is not None and getattr(options, name):
            raise UsageError(f"{place['watch']} and {place[name]} exclude each other")
    if options.overwrite and options.retry_failed:
        raise UsageError(f"{place['overwrite']} and {place['retry_failed']} exclude each other")
    if options.prompt_file and options.prompt != AUTO:
        raise UsageError(f"{place['prompt']} and {place['prompt_file']} exclude each other")
    check_installed(options.langid)
    _check_slots(options, place["slots"])
    if options.prompt_file:
        check_readable(place["prompt_file"], options.prompt_file)
    if options.glossary:
        check_readable(place["glossary"], options.glossary)
    check_writable(place["output"], options.output, directory=True)
    if options.summary_file:
        check_writable(place["summary_file"], options.summary_file, directory=False)


def help_of_run(commands: str) -> str:
    """The complete help of ``run``, with a list of the other commands."""
    return help_text(RunOptions, USAGE, f"{DESCRIPTION}\n\n{commands}", EPILOG)


def _with_sandbox(options: RunOptions, places: Mapping[str, str]) -> RunOptions:
    """Variables that name hosts are for other runs; options on the command line contradict ``--sandbox``."""
    for name in ("hosts", "hosts_file"):
        if places.get(name, "").startswith("--"):
            raise UsageError(f"--sandbox brings hosts of its own: leave out --{name}")
    if options.model_column is not None:
        raise UsageError(f"--sandbox has no other models: leave out {places['model_column']}")
    if isinstance(options.slots, Mapping):
        raise UsageError(f"--sandbox brings hosts of its own: {places['slots']} must be auto or a number")
    return replace(options, hosts=(), hosts_file=None, header=())


def _check_slots(options: RunOptions, place: str) -> None:
    if isinstance(options.slots, Mapping) and options.hosts_from is None:
        urls = [host.url for host in options.hosts]
        strange = [url for url in options.slots if url not in urls]
        if strange:
            raise UsageError(f"{place} names {', '.join(strange)}, but the hosts are {', '.join(urls)}")

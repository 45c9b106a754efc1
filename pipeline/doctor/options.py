"""The options of the ``doctor`` command: those of a run that matter to hosts and models, and a few more."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pipeline.options.hosts import find_hosts
from pipeline.options.run import RunOptions
from pipeline.options.table import flag, help_text, options_of, read, same_as, stray
from transforms.errors import UsageError
from transforms.fleet.hosts import Header, HostAddress
from transforms.fleet.model_names import is_cloud_model

USAGE = "python -m pipeline doctor [--hosts HOSTS] [--model MODEL] [OPTIONS]"
DESCRIPTION = """\
Looks at each host as a run would: does it answer, has it the model, is the model the same everywhere, does it load, is
it on the GPU. Then measures with a few short requests how many it works on at once, and how fast. Says what to do about
what it finds. No text of yours is sent."""
EPILOG = "Exit codes: 0 all hosts can take part, 1 some can't (each is named, with the reason), 2 wrong usage."


@dataclass(frozen=True)
class DoctorOptions:
    """What ``doctor`` does; options of the same name mean the same as in a run."""

    hosts: tuple[HostAddress, ...] = same_as(RunOptions, "hosts")
    hosts_file: str | None = same_as(RunOptions, "hosts_file", help="file with the hosts instead of --hosts")
    header: tuple[Header, ...] = same_as(RunOptions, "header")
    allow_insecure_auth: bool = same_as(RunOptions, "allow_insecure_auth")
    use_proxy: bool = same_as(RunOptions, "use_proxy")
    keep_alive: str | float = same_as(RunOptions, "keep_alive")
    request_timeout: float = same_as(
        RunOptions,
        "request_timeout",
        default=60.0,
        shown="60",
        help="the longest that loading the model, and then each request, may take",
    )
    model: str = same_as(RunOptions, "model")
    fallback_model: str | None = same_as(RunOptions, "fallback_model", help="second model, which hosts may have, too")
    num_ctx: int = same_as(RunOptions, "num_ctx")
    input: tuple[str, ...] = same_as(
        RunOptions, "input", help="files to estimate the time for: a path, glob, directory or fsspec URL"
    )
    text_column: tuple[str, ...] = same_as(RunOptions, "text_column")
    schema: str | None = same_as(RunOptions, "schema")
    json: bool = flag("one JSON object on stdout instead of a table", "Result and reports")

    notices: tuple[str, ...] = ()


def parse_doctor(arguments: Sequence[str], environ: Mapping[str, str] = os.environ) -> DoctorOptions:
    """The options of ``doctor``, complete and valid.

    Raises:
        UsageError: Anything is wrong; nothing was sent.
    """
    readout = read(DoctorOptions, arguments, environ)
    if readout.left:
        raise stray(readout.left[0], options_of(DoctorOptions), options_of(RunOptions))
    options = DoctorOptions(**readout.values)
    for model in filter(None, (options.model, options.fallback_model)):
        if is_cloud_model(model):
            raise UsageError(f"the model {model!r} runs in Ollama's cloud, and texts must not leave your own hosts")
    found = find_hosts(options, readout.places, environ)
    return replace(options, hosts=found.hosts, notices=found.notices)


def help_of_doctor() -> str:
    """The complete help of ``doctor``."""
    return help_text(DoctorOptions, USAGE, DESCRIPTION, EPILOG)

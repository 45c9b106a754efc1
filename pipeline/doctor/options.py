"""Options of ``doctor``: those of a run that concern hosts and models, and a few more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.options.command_line import CommandLine
from pipeline.options.hosts import HostOptions, with_hosts
from pipeline.options.reports import REPORTS
from pipeline.options.run import RunOptions
from pipeline.options.table import Readout, flag, same_as
from transforms.fleet.model_names import refuse_cloud


@dataclass(frozen=True)
class DoctorOptions(HostOptions):
    """Options of ``doctor``; options with the same name mean the same as in a run."""

    hosts_file: str | None = same_as(HostOptions, "hosts_file", help="file with hosts instead of --hosts")
    request_timeout: float = same_as(
        HostOptions,
        "request_timeout",
        default=60.0,
        shown="60",
        help="time limit for loading the model, and for each request",
    )
    model: str = same_as(RunOptions, "model")
    fallback_model: str | None = same_as(RunOptions, "fallback_model", help="second model that hosts may have")
    num_ctx: int = same_as(RunOptions, "num_ctx")
    think: str = same_as(RunOptions, "think")
    input: tuple[str, ...] = same_as(
        RunOptions, "input", help="files to estimate the time for: a path, glob, directory or fsspec URL"
    )
    text_column: tuple[str, ...] = same_as(RunOptions, "text_column")
    schema: str | None = same_as(RunOptions, "schema")
    json: bool = flag(help="print one JSON object instead of a table", group=REPORTS)


def _complete(readout: Readout, environ: Mapping[str, str]) -> DoctorOptions:
    options = DoctorOptions(**readout.values)
    for model in filter(None, (options.model, options.fallback_model)):
        refuse_cloud(model, "the model")
    return with_hosts(options, readout.places, environ)


DOCTOR = CommandLine(
    summary="check the hosts: what is wrong, how fast they are, what to do; see doctor --help",
    usage="python -m pipeline doctor [--hosts HOSTS] [--model MODEL] [OPTIONS]",
    description="""\
Checks each host as a run would: does it answer, does it have the model, with the same digest as the other hosts, does
the model load, is it on the GPU. Then measures with a few short requests how many the host processes at once, and how
fast. Says what to do about each problem. None of your texts are sent.""",
    epilog="Exit codes: 0 all hosts are usable, 1 some are not (each is named, with the reason), 2 wrong usage.",
    options=DoctorOptions,
    complete=_complete,
)

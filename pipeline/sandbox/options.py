"""Options of ``sandbox``: one simulated Ollama host on loopback."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.options import values
from pipeline.options.command_line import CommandLine, CommandOptions
from pipeline.options.table import Readout, option, repeated
from pipeline.sandbox.settings import HostSettings

HOST = "Simulated host"


def _settings(text: str) -> str:
    try:
        is_object = isinstance(json.loads(text), dict)
    except ValueError:
        is_object = False
    if not is_object:
        raise ValueError("must be a JSON object")
    return text


@dataclass(frozen=True)
class SandboxOptions(CommandOptions):
    """Options of ``sandbox``."""

    port: int = option(
        11500,
        parse=values.whole(0, 65535),
        help="port on 127.0.0.1; 0 picks a free one",
        group=HOST,
        metavar="PORT",
    )
    control_port: int = option(
        0,
        parse=values.whole(0, 65535),
        help="port for statistics and control; 0 picks a free one",
        group=HOST,
        metavar="PORT",
    )
    model: tuple[str, ...] = repeated(
        parse=values.one(values.text),
        help="installed model",
        group=HOST,
        metavar="MODEL",
        shown="every requested one",
    )
    num_parallel: int = option(
        4,
        parse=values.whole(1, 1024),
        help="requests processed in parallel, as OLLAMA_NUM_PARALLEL",
        group=HOST,
        metavar="N",
    )
    tokens_per_second: float = option(
        0.0,
        parse=values.number(0, 1e9),
        help="speed of a single request; 0 answers instantly",
        group=HOST,
        metavar="NUMBER",
        shown="0",
    )
    load_seconds: float = option(
        0.0, parse=values.number(0, 3600), help="duration of a model load", group=HOST, metavar="SECONDS", shown="0"
    )
    settings: str = option(
        "{}",
        parse=_settings,
        help="JSON object with further settings, such as faults (see pipeline/sandbox/settings.py)",
        group=HOST,
        metavar="JSON",
    )

    def host(self) -> HostSettings:
        """Return all settings of the host.

        Raises:
            UsageError: ``--settings`` has an unknown name or an invalid value.
        """
        settings = HostSettings(
            models=self.model or HostSettings.models,
            any_model=not self.model,
            num_parallel=self.num_parallel,
            tokens_per_second=self.tokens_per_second,
            load_seconds=self.load_seconds,
        )
        return settings.changed(json.loads(self.settings))


def _complete(readout: Readout, environ: Mapping[str, str]) -> SandboxOptions:
    options = SandboxOptions(**readout.values)
    options.host()
    return options


SANDBOX = CommandLine(
    summary="run a simulated Ollama host to try things without one; see sandbox --help",
    usage="python -m pipeline sandbox [OPTIONS]",
    description="""\
Runs a simulated Ollama host on loopback until Ctrl-C or SIGTERM, to try the program without Ollama. Its answers are
made word by word from a small lexicon and are not real translations. Prints one line of JSON with its address and its
control port on stdout.""",
    epilog="",
    options=SandboxOptions,
    complete=_complete,
)

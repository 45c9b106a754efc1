"""The options of the ``sandbox`` command, which runs one simulated host on loopback."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.options import values as kind
from pipeline.options.table import help_text, option, options_of, read, repeated, stray
from pipeline.sandbox.settings import HostSettings

USAGE = "python -m pipeline sandbox [OPTIONS]"
DESCRIPTION = """\
Run a simulated Ollama host on loopback until Ctrl-C or SIGTERM, to try the program without Ollama. Its answers are made
word by word from a small lexicon and are not real translations. It prints one line of JSON with its address and its
control address."""

_HOST = "Simulated host"


def _settings(text: str) -> str:
    """A JSON object."""
    try:
        is_object = isinstance(json.loads(text), dict)
    except ValueError:
        is_object = False
    if not is_object:
        raise ValueError("must be a JSON object")
    return text


@dataclass(frozen=True)
class SandboxOptions:
    """Options of the ``sandbox`` command."""

    port: int = option(11500, kind.whole(0, 65535), "port on 127.0.0.1; 0 picks a free one", _HOST, "PORT")
    control_port: int = option(
        0, kind.whole(0, 65535), "port for statistics and control; 0 picks a free one", _HOST, "PORT"
    )
    model: tuple[str, ...] = repeated(
        kind.one(kind.text), "installed model", _HOST, "MODEL", shown="every requested one"
    )
    num_parallel: int = option(
        4, kind.whole(1, 1024), "requests processed in parallel, as OLLAMA_NUM_PARALLEL", _HOST, "N"
    )
    tokens_per_second: float = option(
        0.0, kind.number(0, 1e9), "speed of a single request; 0 answers instantly", _HOST, "NUMBER", shown="0"
    )
    load_seconds: float = option(0.0, kind.number(0, 3600), "duration of a model load", _HOST, "SECONDS", shown="0")
    settings: str = option(
        "{}",
        _settings,
        "JSON object with further settings, such as faults (see pipeline/sandbox/settings.py)",
        _HOST,
        "JSON",
    )

    def host(self) -> HostSettings:
        """The host's settings.

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


def parse_sandbox(arguments: Sequence[str], environ: Mapping[str, str] = os.environ) -> SandboxOptions:
    """Parse and validate the options.

    Raises:
        UsageError: An option is unknown or invalid.
    """
    readout = read(SandboxOptions, arguments, environ)
    if readout.left:
        raise stray(readout.left[0], options_of(SandboxOptions))
    options = SandboxOptions(**readout.values)
    options.host()
    return options


def help_of_sandbox() -> str:
    """The help text of ``sandbox``."""
    return help_text(SandboxOptions, USAGE, DESCRIPTION, "")

"""The options of the ``sandbox`` command: one simulated host on loopback."""

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
Runs a simulated Ollama host on loopback until Ctrl-C or SIGTERM, to try the program without Ollama. What it answers is
made word by word from a small lexicon and is not a real translation. One line of JSON on stdout tells its address and
its control port."""

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
    """What ``sandbox`` does."""

    port: int = option(11500, kind.whole(0, 65535), "port on 127.0.0.1; 0 chooses a free one", _HOST, "PORT")
    control_port: int = option(
        0, kind.whole(0, 65535), "port that shows figures and changes settings; 0 chooses a free one", _HOST, "PORT"
    )
    model: tuple[str, ...] = repeated(
        kind.one(kind.text), "model that it has", _HOST, "MODEL", shown="any that is asked for"
    )
    num_parallel: int = option(
        4, kind.whole(1, 1024), "requests that it works on at a time, as OLLAMA_NUM_PARALLEL", _HOST, "N"
    )
    tokens_per_second: float = option(
        0.0, kind.number(0, 1e9), "speed of one request that is alone; 0 answers at once", _HOST, "NUMBER", shown="0"
    )
    load_seconds: float = option(0.0, kind.number(0, 3600), "time to load a model", _HOST, "SECONDS", shown="0")
    settings: str = option(
        "{}", _settings, "JSON object with more settings, faults among them (see pipeline/sandbox)", _HOST, "JSON"
    )

    def host(self) -> HostSettings:
        """All settings of the host.

        Raises:
            UsageError: A name or a value of ``--settings`` is wrong.
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
    """The options of a simulated host, complete and valid.

    Raises:
        UsageError: Anything is wrong.
    """
    readout = read(SandboxOptions, arguments, environ)
    if readout.left:
        raise stray(readout.left[0], options_of(SandboxOptions))
    options = SandboxOptions(**readout.values)
    options.host()
    return options


def help_of_sandbox() -> str:
    """The complete help of ``sandbox``."""
    return help_text(SandboxOptions, USAGE, DESCRIPTION, "")

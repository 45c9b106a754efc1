"""The lines that set up a layout: for a shell, for systemd and for containers, and the options of a run. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.tune.layouts import Layout
from pipeline.tune.texts import Sample

FIRST_PORT = 11434
DROP_IN = "/etc/systemd/system/ollama.service.d/tune.conf"
UNIT = "/etc/systemd/system/ollama-{}.service"


@dataclass(frozen=True)
class SetUp:
    """Lines to run or to write.

    Attributes:
        shell: Commands that start the servers.
        systemd: A drop-in for the service that Ollama's installer makes, and a unit for each further server.
        compose: A compose file.
        run: The command that translates with these servers.
    """

    shell: str
    systemd: str
    compose: str
    run: str


def set_up(
    layout: Layout,
    ollama: str,
    version: str,
    inputs: Sequence[str],
    sample: Sample,
    more: Sequence[str] = (),
    models: str | None = None,
) -> SetUp:
    """Return the lines for a layout.

    Args:
        layout: The layout.
        ollama: Path of the command.
        version: Ollama's version; empty if unknown.
        inputs: Inputs of the run.
        sample: The texts that were measured with, for their model and context.
        more: Further options of the run.
        models: The store that the trials used (``OLLAMA_MODELS``); None for Ollama's default.
    """
    addresses = [f"127.0.0.1:{FIRST_PORT + number}" for number in range(len(layout.servers))]
    store = {"OLLAMA_MODELS": models} if models else {}
    servers = [{"OLLAMA_HOST": address, **store, **layout.variables(n)} for n, address in enumerate(addresses)]
    return SetUp(
        shell=_shell(ollama, servers),
        systemd=_systemd(ollama, servers),
        compose=_compose(layout, version, sample.model),
        run=run_line(inputs, addresses, str(layout.num_parallel + 1), sample, more),
    )


def run_line(inputs: Sequence[str], hosts: Sequence[str], slots: str, sample: Sample, more: Sequence[str] = ()) -> str:
    """Return the command of a run.

    Args:
        inputs: Inputs of the run.
        hosts: Addresses of the hosts.
        slots: Value of ``--slots``: one more than a host has, so that none of its slots waits for the next request.
        sample: The texts that were measured with, for their model and context.
        more: Further options.
    """
    words = [word for path in inputs for word in ("--input", path)]
    words += ["--output", "english", "--model", sample.model, "--num_ctx", str(sample.num_ctx)]
    words += ["--hosts", ",".join(hosts), "--slots", slots, *more]
    return f"beam-ollama-translate {shlex.join(words)}"


def _shell(ollama: str, servers: Sequence[Mapping[str, str]]) -> str:
    lines = ["# first stop the servers that use these ports or GPUs, such as: sudo systemctl stop ollama"]
    for variables in servers:
        assignments = " ".join(f"{name}={shlex.quote(value)}" for name, value in variables.items())
        lines.append(f"{assignments} {shlex.quote(ollama)} serve &")
    return "\n".join(lines)


def _systemd(ollama: str, servers: Sequence[Mapping[str, str]]) -> str:
    parts, units = [], ["ollama"]
    for number, variables in enumerate(servers):
        environment = "\n".join(f'Environment="{name}={value}"' for name, value in variables.items())
        if number == 0:
            parts.append(f"# {DROP_IN}\n[Service]\n{environment}")
            continue
        units.append(f"ollama-{number}")
        parts.append(
            f"# {UNIT.format(number)}\n[Unit]\nDescription=Ollama, server {number + 1}\nAfter=network-online.target\n\n"
            f"[Service]\nExecStart={ollama} serve\nUser=ollama\nGroup=ollama\nRestart=always\n{environment}\n\n"
            "[Install]\nWantedBy=default.target"
        )
    parts.append(
        f"# then: systemctl daemon-reload && systemctl enable {' '.join(units)} && systemctl restart {' '.join(units)}"
    )
    return "\n\n".join(parts)


def _image(version: str) -> str:
    """The image of a version; 0.0.0 is what Ollama calls a build of one's own."""
    return f"ollama/ollama:{version if version and version != '0.0.0' else 'latest'}"


def _compose(layout: Layout, version: str, model: str) -> str:
    lines = ["services:"]
    names = []
    for number, devices in enumerate(layout.servers):
        names.append(f"ollama{number}")
        hidden = ("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER")  # a container sees only the GPUs that it is given
        variables = {name: value for name, value in layout.variables(number).items() if name not in hidden}
        lines += [
            f"  {names[-1]}:",
            f"    image: {_image(version)}",
            "    restart: unless-stopped",
            "    environment:",
            *(f'      {name}: "{value}"' for name, value in variables.items()),
            "    volumes:",
            "      - models:/root/.ollama",
            "    ports:",
            f'      - "127.0.0.1:{FIRST_PORT + number}:11434"',
        ]
        if devices:
            identifiers = ", ".join(f'"{device}"' for device in devices)
            lines += [
                "    deploy:",
                "      resources:",
                "        reservations:",
                "          devices:",
                f"            - driver: nvidia\n              device_ids: [{identifiers}]",
                "              capabilities: [gpu]",
            ]
    lines += [
        "volumes:",
        "  models:",
        f"# then: docker compose up -d && docker compose exec {names[0]} ollama pull {model}",
    ]
    return "\n".join(lines)

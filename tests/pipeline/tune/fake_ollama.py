"""A fake command ``ollama``: ``serve`` starts a simulated host with the properties of a layout.

The environment variable ``FAKE_OLLAMA`` names the folder of a ``FakeMachine``, whose ``properties.json`` says what the
machine is like. Each server leaves a file there, with its process id and the variables that it was started with.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from aiohttp import web

from pipeline.sandbox import replies
from pipeline.sandbox.host import SandboxHost
from pipeline.sandbox.settings import HostSettings

VARIABLE = "FAKE_OLLAMA"
NOT_ENOUGH_MEMORY = "model requires more system memory (31.0 GiB) than is available (12.4 GiB)"
TAKEN = "Error: listen tcp 127.0.0.1:0: bind: address already in use"


@dataclass(frozen=True)
class Properties:
    """What the machine is like.

    Attributes:
        models: Installed models.
        tokens_per_second: Speed of a single request on one GPU.
        knee_slots: Slots up to which throughput grows; beyond, it falls to ``beyond_knee`` of the highest.
        fits_slots: Slots for which a GPU has memory. With more, half of the model goes to the CPU, or the load fails.
        load_fails: Whether the load fails.
        small_cache_slots: ``fits_slots`` with the KV cache type q8_0.
        one_slot: Whether one request is processed at a time, whatever the layout.
        spread_speed: Speed of one server over several GPUs, relative to one GPU.
        flash_speed: Speed with flash attention.
        small_cache_speed: Speed with another type of KV cache.
        on_gpu: Whether there is a GPU.
        prompt_tokens_per_second: Speed of reading prompts; 0 for instant.
        serve: How the server starts: ``ok``, ``silent`` (it never answers), ``ends``, or ``port_taken`` (once).
        ignores_term: Whether it survives SIGTERM.
    """

    models: tuple[str, ...] = ("mistral:latest",)
    tokens_per_second: float = 400.0
    knee_slots: int = 32
    beyond_knee: float = 0.7
    fits_slots: int = 1024
    load_fails: bool = False
    small_cache_slots: int = 1024
    one_slot: bool = False
    spread_speed: float = 1.0
    flash_speed: float = 1.0
    small_cache_speed: float = 1.0
    on_gpu: bool = True
    prompt_tokens_per_second: float = 0.0
    serve: str = "ok"
    ignores_term: bool = False

    def settings(self, environ: dict[str, str]) -> tuple[HostSettings, bool]:
        """The simulated host for a server's variables, and whether its model can be loaded."""
        slots = int(environ["OLLAMA_NUM_PARALLEL"])
        devices = [device for device in environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if device]
        flash = environ.get("OLLAMA_FLASH_ATTENTION") == "1"
        small_cache = environ.get("OLLAMA_KV_CACHE_TYPE", "f16") != "f16"
        fits = slots <= max(1, len(devices)) * (self.small_cache_slots if small_cache else self.fits_slots)
        speed = self.tokens_per_second
        speed *= self.flash_speed if flash else 1.0
        speed *= self.small_cache_speed if small_cache else 1.0
        speed *= self.spread_speed if len(devices) > 1 else 1.0
        speed *= 1.0 if fits else 0.2
        wanted = slots if slots <= self.knee_slots else self.knee_slots * self.beyond_knee
        settings = HostSettings(
            models=self.models,
            num_parallel=1 if self.one_slot else slots,
            tokens_per_second=speed,
            prompt_tokens_per_second=self.prompt_tokens_per_second,
            # With all slots busy, n / (1 + c (n - 1)) times the speed of one.
            contention=0.0 if slots == 1 or self.one_slot else (slots / wanted - 1) / (slots - 1),
            vram_share=0.0 if not self.on_gpu else 1.0 if fits else 0.5,
        )
        return settings, fits or not self.load_fails


@dataclass(frozen=True)
class FakeMachine:
    """A folder with the commands ``ollama`` and, if there are GPUs, ``nvidia-smi``."""

    folder: Path

    @property
    def ollama(self) -> str:
        """Path of the command."""
        return str(self.folder / "bin" / "ollama")

    def become(self, properties: Properties, gpus: tuple[str, ...] = ()) -> None:
        """Set what the machine is like; ``gpus`` are lines of nvidia-smi."""
        (self.folder / "properties.json").write_text(json.dumps(asdict(properties)))
        binaries = self.folder / "bin"
        binaries.mkdir(exist_ok=True)
        _write_script(binaries / "ollama", f'exec {sys.executable} {__file__} "$@"')
        if gpus:
            (self.folder / "gpus.csv").write_text("".join(f"{line}\n" for line in gpus))
            _write_script(binaries / "nvidia-smi", f"cat {self.folder / 'gpus.csv'}")

    def started(self) -> list[dict[str, str]]:
        """The variables of each server that was started, in order."""
        return [json.loads(path.read_text()) for path in sorted(self.folder.glob("server-*.json"))]

    def stopped(self) -> int:
        """How many servers had time to stop cleanly."""
        return len(list(self.folder.glob("stopped-*")))

    def living(self) -> list[int]:
        """Process ids of servers that still run."""
        return [pid for each in self.started() if is_alive(pid := int(each["pid"]))]


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and was not waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _write_script(path: Path, line: str) -> None:
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)


class _Host(SandboxHost):
    """A simulated host whose model may not load."""

    def __init__(self, settings: HostSettings, port: int, loads: bool) -> None:
        super().__init__(settings, port)
        self._loads = loads

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/api/generate" and not self._loads:
            return replies.reply_json({"error": NOT_ENOUGH_MEMORY}, 500)
        return await super()._handle(request)


async def _serve(host: SandboxHost, folder: Path) -> None:
    end = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, end.set)
    await host.start()
    await end.wait()
    await host.stop()
    (folder / f"stopped-{os.getpid()}").touch()


def main() -> None:
    """Serve."""
    assert sys.argv[1:] == ["serve"]
    folder = Path(os.environ[VARIABLE])
    given = json.loads((folder / "properties.json").read_text())
    properties = Properties(**{**given, "models": tuple(given["models"])})
    number = len(list(folder.glob("server-*.json")))
    record = {name: value for name, value in os.environ.items() if name.startswith(("OLLAMA_", "CUDA_", "ROCR_"))}
    part = folder / f"part-{os.getpid()}"
    part.write_text(json.dumps({**record, "pid": str(os.getpid())}))
    part.rename(folder / f"server-{number:03}-{os.getpid()}.json")
    if properties.ignores_term:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if properties.serve == "ends" or (properties.serve == "port_taken" and number == 0):
        print("time=2026 level=INFO msg=starting", file=sys.stderr)
        print(TAKEN if properties.serve == "port_taken" else "Error: could not find the store", file=sys.stderr)
        sys.exit(1)
    if properties.serve == "silent":
        time.sleep(600)
    settings, loads = properties.settings(dict(os.environ))
    port = int(os.environ["OLLAMA_HOST"].rpartition(":")[2])
    if properties.ignores_term:
        asyncio.run(_serve_for_ever(_Host(settings, port, loads)))
    asyncio.run(_serve(_Host(settings, port, loads), folder))


async def _serve_for_ever(host: SandboxHost) -> None:
    await host.start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    main()

"""Layouts: which servers there are, which GPUs each one uses, and the settings that all of them share. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

MAX_PARALLEL = 32
KEEP_ALIVE = "30m"

REPLACED = (
    "OLLAMA_HOST",
    "OLLAMA_NUM_PARALLEL",
    "OLLAMA_MAX_LOADED_MODELS",
    "OLLAMA_KEEP_ALIVE",
    "OLLAMA_FLASH_ATTENTION",
    "OLLAMA_KV_CACHE_TYPE",
    "OLLAMA_SCHED_SPREAD",
    "OLLAMA_CONTEXT_LENGTH",
    "OLLAMA_DEBUG",  # it writes prompts to the server's log
    "OLLAMA_DEBUG_LOG_REQUESTS",
)
"""Variables that a trial does not inherit. All others are, ``OLLAMA_MODELS`` above all."""


@dataclass(frozen=True)
class Layout:
    """Servers and their settings.

    Attributes:
        servers: GPUs of each server, as ``CUDA_VISIBLE_DEVICES`` names them; none if the server finds its devices
            itself.
        num_parallel: Slots of each server.
        flash_attention: Whether flash attention is switched on or off; None for Ollama's choice.
        kv_cache_type: Type of the KV cache, such as ``q8_0``; None for Ollama's choice, which is ``f16``.
    """

    servers: tuple[tuple[str, ...], ...]
    num_parallel: int = 1
    flash_attention: bool | None = None
    kv_cache_type: str | None = None

    def doubled(self) -> Layout:
        """The same with twice as many slots."""
        return replace(self, num_parallel=2 * self.num_parallel)

    @property
    def slots(self) -> int:
        """Slots of all servers together."""
        return self.num_parallel * len(self.servers)

    @property
    def placement(self) -> str:
        """Where the servers run, in words."""
        devices = self.servers[0]
        if len(self.servers) > 1:
            return "one server per GPU" if len(devices) == 1 else f"one server per {len(devices)} GPUs"
        if len(devices) > 1:
            return f"one server over {len(devices)} GPUs"
        return f"one server on GPU {devices[0]}" if devices else "one server"

    @property
    def settings(self) -> str:
        """Flash attention and KV cache in words; empty for Ollama's defaults."""
        flash = {None: "", True: "flash attention", False: "no flash attention"}[self.flash_attention]
        return ", ".join(filter(None, (flash, self.kv_cache_type and f"KV cache {self.kv_cache_type}")))

    def __str__(self) -> str:
        slots = f"{self.num_parallel} slot{'s' * (self.num_parallel > 1)}{' each' * (len(self.servers) > 1)}"
        return ", ".join(filter(None, (self.placement, slots, self.settings)))

    def variables(self, server: int) -> dict[str, str]:
        """The environment variables that make a server of this layout, without its address."""
        found = {
            "OLLAMA_NUM_PARALLEL": str(self.num_parallel),
            "OLLAMA_MAX_LOADED_MODELS": "1",
            "OLLAMA_KEEP_ALIVE": KEEP_ALIVE,
        }
        devices = self.servers[server]
        if devices:
            # CUDA's own order is by speed; nvidia-smi's, from which the numbers come, is by bus.
            found |= {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"} if all(map(str.isdigit, devices)) else {}
            found["CUDA_VISIBLE_DEVICES"] = ",".join(devices)
        if len(devices) > 1:
            found["OLLAMA_SCHED_SPREAD"] = "1"  # otherwise a model that fits one GPU leaves the others idle
        if self.flash_attention is not None:
            found["OLLAMA_FLASH_ATTENTION"] = str(int(self.flash_attention))
        if self.kv_cache_type is not None:
            found["OLLAMA_KV_CACHE_TYPE"] = self.kv_cache_type
        return found

    def environment(self, server: int, address: str, inherited: Mapping[str, str]) -> dict[str, str]:
        """The whole environment of a server.

        Args:
            server: Its index.
            address: Address to listen on, ``127.0.0.1:11500``.
            inherited: The environment of this process.
        """
        kept = {name: value for name, value in inherited.items() if name not in REPLACED}
        return {**kept, **self.variables(server), "OLLAMA_HOST": address}


def placements(devices: Sequence[str]) -> list[tuple[tuple[str, ...], ...]]:
    """Ways to divide GPUs evenly among servers, fewest GPUs per server first; without GPUs, one server.

    Args:
        devices: GPUs, as ``CUDA_VISIBLE_DEVICES`` names them.
    """
    count = len(devices)
    sizes = [size for size in range(1, count + 1) if count % size == 0] or [1]
    return [tuple(tuple(devices[start : start + size]) for start in range(0, max(1, count), size)) for size in sizes]


def visible_devices(found: Sequence[int], environ: Mapping[str, str]) -> list[str]:
    """GPUs to use, as ``CUDA_VISIBLE_DEVICES`` names them: those that the variable already names, else all.

    Args:
        found: Numbers of the machine's GPUs, as the driver gives them.
        environ: The environment of this process.
    """
    given = environ.get("CUDA_VISIBLE_DEVICES")
    if given is None or not found:
        return [str(number) for number in found]
    return [device.strip() for device in given.split(",") if device.strip() not in ("", "-1")]

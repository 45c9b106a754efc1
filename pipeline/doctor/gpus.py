"""GPUs of this machine, as reported by ``nvidia-smi``."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

QUERY = "index,name,memory.used,memory.total,utilization.gpu"
TIMEOUT_SECONDS = 5.0
SAMPLE_SECONDS = 1.0
MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class Gpu:
    """One GPU.

    Attributes:
        index: Number that the driver gives it.
        name: Product name.
        used_bytes, total_bytes: Used and total memory.
        busy_percent: Utilisation during the last sampling period.
    """

    index: int
    name: str
    used_bytes: int
    total_bytes: int
    busy_percent: int


def local_gpus() -> tuple[Gpu, ...]:
    """Return the GPUs of this machine; none if there is no ``nvidia-smi``, or if it fails."""
    command = shutil.which("nvidia-smi")
    if command is None:
        return ()
    try:
        answer = subprocess.run(  # noqa: S603 - the path is the one that was found
            [command, f"--query-gpu={QUERY}", "--format=csv,noheader,nounits"],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=True,
        )
        return tuple(_parse(line) for line in answer.stdout.splitlines() if line.strip())
    except (OSError, subprocess.SubprocessError, ValueError):
        return ()  # a broken driver says nothing about the hosts, which are examined themselves


def _parse(line: str) -> Gpu:
    index, name, used, total, busy = (value.strip() for value in line.split(","))
    return Gpu(int(index), name, int(used) * MEBIBYTE, int(total) * MEBIBYTE, int(busy) if busy.isdigit() else 0)


class GpuWatch:
    """Samples the GPUs once per second.

    Attributes:
        gpus: The GPUs as last sampled, each with its highest utilisation.
    """

    def __init__(self) -> None:
        self.gpus = local_gpus()

    async def watch(self) -> None:
        """Sample until cancelled; return at once if there is no GPU."""
        while self.gpus:
            await asyncio.sleep(SAMPLE_SECONDS)
            before = {gpu.index: gpu for gpu in self.gpus}
            now = await asyncio.to_thread(local_gpus)
            self.gpus = (
                tuple(max((gpu, before.get(gpu.index, gpu)), key=lambda each: each.busy_percent) for gpu in now)
                or self.gpus
            )


def is_local(url: str) -> bool:
    """Whether the address is one of this machine."""
    name = urlsplit(url).hostname or ""
    return name in ("localhost", "::1", socket.gethostname().lower()) or name.startswith("127.")


def about_gpus(gpus: Iterable[Gpu], urls: Iterable[str]) -> list[str]:
    """Return advice about the GPUs of this machine and the hosts that share them."""
    count, hosts = len(list(gpus)), [url for url in urls if is_local(url)]
    if count > 1 and len(hosts) == 1:
        advice = (
            f"this machine has {count} GPUs and one Ollama, {hosts[0]}: if the model fits into one GPU, run one Ollama "
            "per GPU (CUDA_VISIBLE_DEVICES=0, 1, …, each on its own port) for more throughput"
        )
        return [advice]
    if count == 1 and len(hosts) > 1:
        advice = (
            f"{', '.join(hosts)} share one GPU, and each loads its own copy of the model: run one Ollama with a larger "
            "OLLAMA_NUM_PARALLEL, which needs less memory"
        )
        return [advice]
    return []

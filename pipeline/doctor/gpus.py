"""GPUs of this machine, as ``nvidia-smi`` tells."""

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
        index: As the driver counts.
        used_bytes, total_bytes: Of its memory.
        busy_percent: Share of the last moment in which it worked.
    """

    index: int
    name: str
    used_bytes: int
    total_bytes: int
    busy_percent: int


def local_gpus() -> tuple[Gpu, ...]:
    """The GPUs of this machine; none if there is no ``nvidia-smi``, or if it does not answer."""
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
        return ()  # a broken driver says nothing of the hosts, which are asked themselves


def _parse(line: str) -> Gpu:
    index, name, used, total, busy = (value.strip() for value in line.split(","))
    return Gpu(int(index), name, int(used) * MEBIBYTE, int(total) * MEBIBYTE, int(busy) if busy.isdigit() else 0)


class GpuWatch:
    """Looks at the GPUs now and then; ``gpus`` has the highest use seen of each."""

    def __init__(self) -> None:
        self.gpus = local_gpus()

    async def watch(self) -> None:
        """Until it is cancelled; returns at once if there is no GPU to look at."""
        while self.gpus:
            await asyncio.sleep(SAMPLE_SECONDS)
            before = {gpu.index: gpu for gpu in self.gpus}
            now = await asyncio.to_thread(local_gpus)
            self.gpus = (
                tuple(max((gpu, before.get(gpu.index, gpu)), key=lambda each: each.busy_percent) for gpu in now)
                or self.gpus
            )


def is_local(url: str) -> bool:
    """Whether a host is on this machine, by its address."""
    name = urlsplit(url).hostname or ""
    return name in ("localhost", "::1", socket.gethostname().lower()) or name.startswith("127.")


def about_gpus(gpus: Iterable[Gpu], urls: Iterable[str]) -> list[str]:
    """What to say of GPUs and of the hosts on this machine that use them."""
    count, hosts = len(list(gpus)), [url for url in urls if is_local(url)]
    if count > 1 and len(hosts) == 1:
        told = (
            f"this machine has {count} GPUs and one Ollama, {hosts[0]}: if the model fits into one GPU, one Ollama for "
            "each GPU (CUDA_VISIBLE_DEVICES=0, 1, …, each with a port of its own) does more than one over all of them"
        )
        return [told]
    if count == 1 and len(hosts) > 1:
        told = (
            f"{', '.join(hosts)} share one GPU: each loads the model for itself. One Ollama with a larger "
            "OLLAMA_NUM_PARALLEL does the same with less memory"
        )
        return [told]
    return []

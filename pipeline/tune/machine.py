"""Watch the machine during a trial: memory and use of its GPUs, and its main memory."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Sequence
from pathlib import Path

from pipeline.doctor.gpus import Gpu, local_gpus
from transforms.errors import TranslateError

SAMPLE_SECONDS = 1.0
LEAST_FREE_SHARE = 0.03
"""Below this share of free main memory a trial is ended, before the system ends processes."""

MEMORY_INFO = Path("/proc/meminfo")


class MemoryShort(TranslateError):
    """The main memory of the machine is nearly full."""


class MachineWatch:
    """Samples of one trial.

    Attributes:
        before: The GPUs before the trial.
    """

    def __init__(self) -> None:
        self.before = local_gpus()
        self._samples: list[tuple[Gpu, ...]] = []
        self._measured_from = 0

    async def watch(self) -> None:
        """Sample until cancelled.

        Raises:
            MemoryShort: The main memory is nearly full.
        """
        while True:
            share = free_memory_share()
            if share is not None and share < LEAST_FREE_SHARE:
                raise MemoryShort(f"the machine has only {share:.0%} of its main memory left")
            if self.before:
                self._samples.append(await asyncio.to_thread(local_gpus))
            await asyncio.sleep(SAMPLE_SECONDS)

    def begin(self) -> None:
        """Take only the following samples for ``busy_percent``."""
        self._measured_from = len(self._samples)

    @property
    def used_bytes(self) -> int | None:
        """GPU memory that the trial took at most, over all GPUs; None if it is not known."""
        known = [sample for sample in self._samples if sample]
        return max(max(0, _used(sample) - _used(self.before)) for sample in known) if known else None

    def busy_percent(self) -> dict[int, int]:
        """Mean use of each GPU while the load was measured, by its number."""
        measured: dict[int, list[int]] = {}
        for sample in self._samples[self._measured_from :]:
            for gpu in sample:
                measured.setdefault(gpu.index, []).append(gpu.busy_percent)
        return {index: round(statistics.mean(percents)) for index, percents in measured.items()}


def free_memory_share(info: Path = MEMORY_INFO) -> float | None:
    """The share of main memory that is available, 0 to 1; None where the system does not say."""
    try:
        lines = dict(line.split(":", 1) for line in info.read_text("ascii").splitlines() if ":" in line)
        return int(lines["MemAvailable"].split()[0]) / int(lines["MemTotal"].split()[0])
    except (OSError, KeyError, ValueError, ZeroDivisionError):
        return None


def _used(gpus: Sequence[Gpu]) -> int:
    return sum(gpu.used_bytes for gpu in gpus)

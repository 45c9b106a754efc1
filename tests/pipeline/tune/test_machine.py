from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.tune import machine as machine_module
from pipeline.tune.machine import MachineWatch, MemoryShort, free_memory_share
from tests.pipeline.tune.fake_ollama import FakeMachine, Properties

GIBIBYTE = 1 << 30


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - a thread looks
        await asyncio.sleep(0.001)


def test_memory_and_use_of_the_gpus(machine: FakeMachine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine_module, "SAMPLE_SECONDS", 0.001)
    machine.become(Properties(), ("0, A, 1024, 8192, 0", "1, B, 0, 8192, 0"))

    async def watch() -> MachineWatch:
        watched = MachineWatch()
        task = asyncio.create_task(watched.watch())
        machine.become(Properties(), ("0, A, 3072, 8192, 100", "1, B, 1024, 8192, 100"))
        await until(lambda: (watched.used_bytes or 0) == 3 * GIBIBYTE)
        machine.become(Properties(), ("0, A, 2048, 8192, 60", "1, B, 0, 8192, 20"))
        await until(lambda: watched.busy_percent()[0] < 100)
        assert watched.busy_percent() != {0: 60, 1: 20}
        watched.begin()
        await until(lambda: bool(watched.busy_percent()))
        assert watched.busy_percent() == {0: 60, 1: 20}
        task.cancel()
        return watched

    assert asyncio.run(watch()).used_bytes == 3 * GIBIBYTE


def test_without_gpus_nothing_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    watch = MachineWatch()
    assert (watch.used_bytes, watch.busy_percent()) == (None, {})


@pytest.mark.parametrize(
    ("text", "share"),
    [("MemTotal:  1000 kB\nMemAvailable:  250 kB\n", 0.25), ("MemTotal:  1000 kB\n", None), ("nonsense", None)],
)
def test_the_share_of_free_memory(text: str, share: float | None, tmp_path: Path) -> None:
    (tmp_path / "meminfo").write_text(text)
    assert free_memory_share(tmp_path / "meminfo") == share
    assert free_memory_share(tmp_path / "missing") is None


def test_a_machine_that_runs_out_of_memory_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine_module, "free_memory_share", lambda: 0.01)
    with pytest.raises(MemoryShort, match="only 1% of its main memory left"):
        asyncio.run(MachineWatch().watch())

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from pipeline.doctor import gpus
from pipeline.doctor.gpus import Gpu, GpuWatch, about_gpus, is_local, local_gpus

TWO = ["0, NVIDIA RTX 4090, 6000, 24564, 37", "1, NVIDIA RTX 4090, 10, 24564, [N/A]"]


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """A command of this name that stands before all others."""
    command = folder / "nvidia-smi"
    command.write_text(f"#!/bin/sh\n{script}\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


def printing(lines: list[str]) -> str:
    return "\n".join(f"echo '{line}'" for line in lines)


def test_what_the_driver_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch, printing(TWO))
    first, second = local_gpus()
    assert first == Gpu(0, "NVIDIA RTX 4090", 6000 << 20, 24564 << 20, 37)
    assert (second.index, second.busy_percent) == (1, 0)


@pytest.mark.parametrize("script", ["exit 9", "echo 'NVIDIA-SMI has failed'", "echo '0, x, y'"])
def test_a_broken_driver_tells_nothing(script: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch, script)
    assert local_gpus() == ()


def test_no_driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert local_gpus() == ()
    asyncio.run(GpuWatch().watch())


def test_the_highest_use_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpus, "SAMPLE_SECONDS", 0.001)
    install(tmp_path, monkeypatch, printing(["0, A, 10, 100, 20"]))

    async def watch() -> tuple[Gpu, ...]:
        watched = GpuWatch()
        task = asyncio.create_task(watched.watch())
        install(tmp_path, monkeypatch, printing(["0, A, 50, 100, 90"]))
        while watched.gpus[0].busy_percent != 90:  # noqa: ASYNC110 - a thread looks
            await asyncio.sleep(0.001)
        install(tmp_path, monkeypatch, printing(["0, A, 20, 100, 5"]))
        await asyncio.sleep(0.05)
        task.cancel()
        return watched.gpus

    (gpu,) = asyncio.run(watch())
    assert (gpu.busy_percent, gpu.used_bytes) == (90, 50 << 20)


def test_one_host_for_each_gpu_is_proposed() -> None:
    one, two = (Gpu(number, "A", 1, 2, 0) for number in range(2))
    here, there = "http://127.0.0.1:11434", "http://gpu0:11434"
    assert about_gpus([], [here]) == about_gpus([one], [here]) == about_gpus([one, two], [there]) == []
    assert "2 GPUs" in about_gpus([one, two], [here, there])[0]
    assert "share one GPU" in about_gpus([one], [here, "http://localhost:11435"])[0]


def test_what_is_local() -> None:
    assert all(map(is_local, ("http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1")))
    assert not is_local("http://gpu0.example:11434")

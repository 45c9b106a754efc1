"""Inputs, hosts and measured runs for the benchmarks."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.sandbox.running import SandboxProcess, start_processes
from pipeline.sandbox.settings import HostSettings

SENTENCES = (
    "Le technicien a remplacé la pompe de la chaudière numéro {n} et contrôlé la pression pendant dix minutes. ",
    "La cliente signale une coupure au bâtiment {n} ; un rendez-vous a été fixé avec l'équipe de secteur. ",
    "Le rapport {n} décrit les travaux de la toiture, livrés avec un retard de trois jours. ",
)

FLEET = ((4, 1.0), (4, 2.5), (2, 1.0))
"""Slots and speed of each of three unequal hosts."""

POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Measured:
    """One run of the program in a child process.

    Attributes:
        wall_seconds, cpu_seconds: Times of the whole process with its workers, including start-up.
        peak_mb: Peak resident memory of the process in 10**6 bytes, without the hosts; summed up over its workers.
        resident_mb: Resident memory of the process without its workers, sampled every tenth of a second.
        summary: The summary line on stdout.
    """

    wall_seconds: float
    cpu_seconds: float
    peak_mb: float
    resident_mb: list[float]
    summary: dict[str, Any]


def text_of(number: int, characters: int) -> str:
    """A French text of the given length that is unique to ``number``."""
    sentence = SENTENCES[number % len(SENTENCES)].format(n=number)
    return (sentence * (characters // len(sentence) + 1))[:characters]


def write_records(path: Path, rows: int, characters: int, rows_per_group: int) -> Path:
    """Write a Parquet file of records with an id and a text, one row group at a time."""
    schema = pa.schema([("id", pa.int64()), ("text", pa.string())])
    with pq.ParquetWriter(path, schema) as writer:
        for start in range(0, rows, rows_per_group):
            numbers = range(start, min(rows, start + rows_per_group))
            texts = [text_of(number, characters) for number in numbers]
            writer.write_table(pa.table([pa.array(numbers, pa.int64()), texts], schema=schema), rows_per_group)
    return path


@contextmanager
def hosts(count: int, **settings: Any) -> Iterator[list[SandboxProcess]]:
    """Simulated hosts in child processes, with fields of ``HostSettings``."""
    running = start_processes(count, HostSettings().changed(settings))
    try:
        yield running
    finally:
        for host in running:
            host.close()


@contextmanager
def unequal_hosts(tokens_per_second: float, sigma: float) -> Iterator[list[SandboxProcess]]:
    """The hosts of ``FLEET``; ``sigma`` is the spread of their answers' lengths."""
    with ExitStack() as running:
        yield [
            running.enter_context(
                hosts(1, num_parallel=slots, tokens_per_second=tokens_per_second * speed, sigma=sigma)
            )[0]
            for slots, speed in FLEET
        ]


@contextmanager
def folder() -> Iterator[Path]:
    """A temporary folder."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as name:
        yield Path(name)


def run(
    source: Path, output: Path, running: list[SandboxProcess], *more: str, checkout: Path | None = None
) -> Measured:
    """Run the program once, of this checkout or of another one. Its log goes to this process's stderr."""
    urls = ",".join(host.url for host in running)
    command = [sys.executable, "-m", "pipeline", "--input", str(source), "--output", str(output), "--hosts", urls]
    started = time.monotonic()
    process = subprocess.Popen([*command, "--progress", "plain", *more], stdout=subprocess.PIPE, cwd=checkout)
    assert process.stdout is not None
    peaks_mb: dict[int, float] = {}
    resident_mb = []
    while not (waited := os.wait4(process.pid, os.WNOHANG))[0]:
        for pid in (process.pid, *_children(process.pid)):
            peaks_mb[pid] = max(peaks_mb.get(pid, 0.0), _memory_mb(pid, "VmHWM"))
        resident_mb.append(_memory_mb(process.pid, "VmRSS"))
        time.sleep(POLL_SECONDS)
    _, status, usage = waited
    wall_seconds = time.monotonic() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    line = process.stdout.read()
    process.stdout.close()
    if process.returncode != 0:
        raise SystemExit(f"the run failed with exit code {process.returncode}")
    cpu_seconds = usage.ru_utime + usage.ru_stime
    return Measured(wall_seconds, cpu_seconds, sum(peaks_mb.values()), resident_mb, json.loads(line))


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _memory_mb(pid: int, name: str) -> float:
    """A memory figure of a process. ``VmHWM`` is its peak; ``ru_maxrss`` would include the parent's, from the fork."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    found = re.search(rf"{name}:\s+(\d+) kB", status)
    return int(found[1]) * 1024 / 1e6 if found else 0.0

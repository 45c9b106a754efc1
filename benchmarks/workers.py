"""What more than one process is worth: the program with one and with several workers on the same instant hosts.

    python -m benchmarks.workers [--workers 2] [--rows 40000] [--rounds 3]

Memory and checks are on. Figures are per row, without the start of the program: the difference of a long and a short
run. The hosts run on the same machine, so that the gain in rows/s is bounded by the cores that they leave; and one
process, too, uses more than one core where its second process helps with the checks. What workers can gain on cores of
their own follows from the CPU per row. Fails if that is less than 1.7 times the rows/s with two of them.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.runs import folder, hosts, run, write_records
from pipeline.sandbox.running import SandboxProcess

LEAST_GAIN = 0.85
"""Of each worker's core, as a part of what the core of a single process does."""

CHARACTERS = 100
UNIT_ROWS = 1000
FEW_UNITS = 8
"""Of the short run, so that each worker gets some."""

HOSTS = 2
SLOTS = 16
"""Of each host; given, since instant answers say nothing about slots."""

CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Figures:
    """Of the program with some number of workers.

    Attributes:
        rows_per_second: Of the whole run, without its start.
        cpu_ms, hosts_cpu_ms: CPU milliseconds per row, of all processes of the program and of the hosts.
        peak_mb: Sum of the peaks of all processes of the program, in 10**6 bytes.
    """

    rows_per_second: float
    cpu_ms: float
    hosts_cpu_ms: float
    peak_mb: float


def cpu_seconds(running: list[SandboxProcess]) -> float:
    """CPU time of the hosts up to now."""
    fields = [Path(f"/proc/{host.pid}/stat").read_text().rpartition(")")[2].split() for host in running]
    return sum(int(each[11]) + int(each[12]) for each in fields) / CLOCK_TICKS


def figures(place: Path, few: Path, many: Path, rows: int, workers: int, running: list[SandboxProcess]) -> Figures:
    """Measure a short and a long run."""
    options = ("--workers", str(workers), "--slots", str(SLOTS), "--unit_rows")
    short = run(few, place / f"few-{workers}", running, *options, str(UNIT_ROWS // FEW_UNITS), "--overwrite")
    before = cpu_seconds(running)
    long = run(many, place / f"many-{workers}", running, *options, str(UNIT_ROWS), "--overwrite")
    hosts_seconds = cpu_seconds(running) - before
    more = rows - UNIT_ROWS
    return Figures(
        more / (long.wall_seconds - short.wall_seconds),
        1000 * (long.cpu_seconds - short.cpu_seconds) / more,
        1000 * hosts_seconds / rows,
        long.peak_mb,
    )


def main() -> int:
    """Print the figures of each round, and the medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rows", type=int, default=40_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    cores = len(os.sched_getaffinity(0))
    rounds: list[tuple[Figures, Figures]] = []
    with folder() as place, hosts(HOSTS, num_parallel=32) as running:
        few = write_records(place / "few.parquet", UNIT_ROWS, CHARACTERS, UNIT_ROWS)
        many = write_records(place / "many.parquet", given.rows, CHARACTERS, 5 * UNIT_ROWS)
        for _ in range(given.rounds):
            one, several = (figures(place, few, many, given.rows, workers, running) for workers in (1, given.workers))
            for workers, found in ((1, one), (given.workers, several)):
                print(
                    f"{workers} of --workers: {found.rows_per_second:,.0f} rows/s, CPU {found.cpu_ms:.3f} ms a row and "
                    f"{found.hosts_cpu_ms:.3f} of the hosts, peak {found.peak_mb:.0f} MB",
                    flush=True,
                )
            rounds.append((one, several))
    gain = statistics.median(several.rows_per_second / one.rows_per_second for one, several in rounds)
    left = statistics.median(cores - each.hosts_cpu_ms * each.rows_per_second / 1000 for _, each in rounds)
    # The least, as other work on the machine only adds to it.
    one_cpu, several_cpu = (min(each[which].cpu_ms for each in rounds) for which in (0, 1))
    share = one_cpu / several_cpu
    print(
        f"{given.workers} workers are {gain:.2f} times as fast as one (medians); "
        f"the hosts leave {left:.2f} of {cores} cores"
    )
    print(f"by their CPU, with a core for each, they can be {share * given.workers:.2f} times as fast as one core")
    return int(share < LEAST_GAIN)


if __name__ == "__main__":
    sys.exit(main())

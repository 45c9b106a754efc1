"""What a row costs beside a bare client: the whole program against a minimal aiohttp client on the same instant hosts.

    python -m benchmarks.row_cost [--rows 20000] [--rounds 3] [--against DIRECTORY]
    python -m benchmarks.row_cost --memory_at 100 200 400 --rows 2000 --rounds 6

Memory and checks are on. Each round runs the bare client, this checkout and, with ``--against``, another one, so that
all of them see the same machine. Figures are per row, without the start of the program: the difference of a long and a
short run. Fails if the median CPU is above 3 times, or the rows per second below half of the bare client's.

``--memory_at`` compares runs with and without the translation memory instead, on hosts that answer so many rows per
second together: one of each in a round, in alternating order. Rows per second are counted from the first request to the
last answer. Fails if the median with the memory is below 95 % of that without.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import math
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from benchmarks.runs import folder, hosts, run, text_of, write_records
from pipeline.sandbox.answering import tokens_of
from pipeline.sandbox.running import SandboxProcess

MOST_CPU, LEAST_RATE = 3.0, 0.5
LEAST_WITH_MEMORY = 0.95
SLOTS, SIGMA = 8, 0.5
"""Of each of the two hosts that answer at a given rate: slots, and spread of the times of their answers."""
CHARACTERS = 100
FEW_ROWS = 100
REQUESTS_AT_ONCE = 16
"""Requests that the bare client has in flight at each host."""


@dataclass(frozen=True)
class Cost:
    """CPU milliseconds and wall milliseconds of a row."""

    cpu: float
    wall: float


async def request_all(urls: list[str], rows: int) -> Cost:
    """Send ``rows`` requests and parse the answers, with nothing else."""
    body = {"model": "mistral", "stream": False, "options": {"num_ctx": 4096, "num_predict": 200}}
    texts = (text_of(number, CHARACTERS) for number in itertools.count())
    numbers = iter(range(rows))
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def work(url: str) -> None:
            for _ in numbers:
                async with session.post(f"{url}/api/generate", json={**body, "prompt": next(texts)}) as answer:
                    await answer.json()

        started, cpu_started = time.monotonic(), time.process_time()
        await asyncio.gather(*(work(url) for url in urls for _ in range(REQUESTS_AT_ONCE)))
        cpu_seconds, seconds = time.process_time() - cpu_started, time.monotonic() - started
        return Cost(1000 * cpu_seconds / rows, 1000 * seconds / rows)


def bare(urls: list[str], rows: int) -> Cost:
    """Return the cost of the bare client, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.row_cost", "--rows", str(rows), "--bare", *urls]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    return Cost(**json.loads(output))


def rate_and_cpu(source: Path, output: Path, running: list[SandboxProcess], rows: int, memory: str) -> Cost:
    """Run the program with or without a memory."""
    for host in running:
        host.control(reset=True)
    measured = run(source, output, running, "--memory", memory)
    counts = [host.stats() for host in running]
    seconds = max(each["last_answer_at"] for each in counts) - min(each["first_call_at"] for each in counts)
    return Cost(1000 * measured.cpu_seconds / rows, 1000 * seconds / rows)


def memory_at(rows_per_second: float, rows: int, rounds: int) -> float:
    """Return the rows per second with the memory as a multiple of those without; the median of some rounds."""
    tokens = tokens_of(text_of(0, CHARACTERS)) * math.exp(SIGMA**2 / 2) * rows_per_second / (2 * SLOTS)
    ratios = []
    with folder() as place, hosts(2, num_parallel=SLOTS, tokens_per_second=tokens, sigma=SIGMA) as running:
        source = write_records(place / "rows.parquet", rows, CHARACTERS, rows)
        for number in range(rounds):
            found = {
                memory: rate_and_cpu(source, place / f"{number}-{memory}", running, rows, memory)
                for memory in (("auto", "off") if number % 2 else ("off", "auto"))
            }
            with_memory, without = found["auto"], found["off"]
            ratios.append(without.wall / with_memory.wall)
            print(
                f"hosts of {rows_per_second:.0f} rows/s: {1000 / with_memory.wall:.1f} with the memory and "
                f"{1000 / without.wall:.1f} without; CPU {with_memory.cpu:.3f} and {without.cpu:.3f} ms a row",
                flush=True,
            )
    return statistics.median(ratios)


def main() -> int:
    """Print the figures of each round, and the medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--against", type=Path, help="another checkout")
    parser.add_argument("--memory_at", type=float, nargs="+", metavar="ROWS_PER_SECOND", help="see above")
    parser.add_argument("--bare", nargs="+", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.bare:
        print(json.dumps(vars(asyncio.run(request_all(given.bare, given.rows)))))
        return 0
    if given.memory_at:
        ratios_at = {rate: memory_at(rate, given.rows, given.rounds) for rate in given.memory_at}
        for rate, ratio in ratios_at.items():
            print(f"hosts of {rate:.0f} rows/s: with the memory {ratio:.3f} of the rows/s without (median)")
        return int(min(ratios_at.values()) < LEAST_WITH_MEMORY)
    checkouts = [Path(__file__).parents[1], *([given.against] if given.against else [])]
    ratios: list[list[tuple[float, float]]] = [[] for _ in checkouts]
    with folder() as place, hosts(2, num_parallel=32) as running:
        few, many = (
            write_records(place / f"{rows}.parquet", rows, CHARACTERS, rows) for rows in (FEW_ROWS, given.rows)
        )
        for number in range(given.rounds):
            least = bare([host.url for host in running], given.rows)
            for which, checkout in enumerate(checkouts):
                short, long = (
                    run(source, place / f"{number}-{which}-{source.stem}", running, checkout=checkout)
                    for source in (few, many)
                )
                rows = given.rows - FEW_ROWS
                cost = Cost(
                    1000 * (long.cpu_seconds - short.cpu_seconds) / rows,
                    1000 * (long.wall_seconds - short.wall_seconds) / rows,
                )
                ratios[which].append((cost.cpu / least.cpu, least.wall / cost.wall))
                print(
                    f"{checkout.name}: CPU {cost.cpu:.3f} ms a row against {least.cpu:.3f}; "
                    f"{1000 / cost.wall:,.0f} rows/s against {1000 / least.wall:,.0f}; peak {long.peak_mb:.0f} MB",
                    flush=True,
                )
    medians = [tuple(map(statistics.median, zip(*each, strict=True))) for each in ratios]
    for checkout, (cpu, rate) in zip(checkouts, medians, strict=True):
        print(f"{checkout.name}: {cpu:.2f} x the CPU of the bare client, {rate:.2f} of its rows/s (medians)")
    cpu, rate = medians[0]
    return int(cpu > MOST_CPU or rate < LEAST_RATE)


if __name__ == "__main__":
    sys.exit(main())

"""What a row costs beside a bare client: the whole program against a minimal aiohttp client on the same instant hosts.

    python -m benchmarks.row_cost [--rows 20000] [--rounds 3] [--against DIRECTORY]

Memory and checks are on. Each round runs the bare client, this checkout and, with ``--against``, another one, so that
all of them see the same machine. Figures are per row, without the start of the program: the difference of a long and a
short run. Fails if the median CPU is above 3 times, or the rows per second below half of the bare client's.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from benchmarks.runs import folder, hosts, run, text_of, write_records

MOST_CPU, LEAST_RATE = 3.0, 0.5
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


def main() -> int:
    """Print the figures of each round, and the medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--against", type=Path, help="another checkout")
    parser.add_argument("--bare", nargs="+", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.bare:
        print(json.dumps(vars(asyncio.run(request_all(given.bare, given.rows)))))
        return 0
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

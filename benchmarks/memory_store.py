"""The translation memory alone: look-ups and additions per second, and CPU per stored entry.

    python -m benchmarks.memory_store [--entries 1000000] [--characters 600] [--seconds 5] [--redis URL]

Measures SQLite with both settings of ``synchronous``, and Redis if a server is named or can be started. Half of the
looked-up keys exist. "remember" is the asynchronous front at a constant rate, including its background tasks.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import os
import random
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

from benchmarks.runs import folder
from tests.transforms.memory.stores import redis_executable, redis_server
from transforms.memory.addresses import open_store
from transforms.memory.memory import Memory
from transforms.memory.sqlite_store import SqliteStore
from transforms.memory.store import Store

ADD_BATCH = 256
LOOK_UP_BATCHES = (64, 512)
LOOK_UPS = 50_000
PACES = (1_000, 5_000)
TICK_SECONDS = 0.01
"""Interval of the bursts in which entries are submitted, as answers of many hosts arrive in bursts."""


def keys(start: int, stop: int) -> list[bytes]:
    """Digests like the pipeline's digests of texts."""
    return [hashlib.sha256(number.to_bytes(8, "big")).digest() for number in range(start, stop)]


def adds_per_second(store: Store, entries: int, value: bytes) -> float:
    """Add entries and return the rate."""
    began = time.perf_counter()
    for start in range(0, entries, ADD_BATCH):
        store.add([(key, value) for key in keys(start, min(entries, start + ADD_BATCH))])
    return entries / (time.perf_counter() - began)


def look_ups_per_second(store: Store, entries: int, batch: int) -> float:
    """Look up random keys, half of which exist, and return the rate."""
    numbers = random.Random(batch).choices(range(2 * entries), k=LOOK_UPS)
    sought = [key for number in numbers for key in keys(number, number + 1)]
    began = time.perf_counter()
    found = sum(len(store.look_up(sought[start : start + batch])) for start in range(0, LOOK_UPS, batch))
    seconds = time.perf_counter() - began
    assert 0.45 < found / LOOK_UPS < 0.55, f"{found} of {LOOK_UPS} found"
    return LOOK_UPS / seconds


async def remembering(store: Store, first: int, pace: int, seconds: float, value: bytes) -> tuple[float, list[float]]:
    """CPU milliseconds per entry, and the seconds that each entry waited for its commit."""
    memory = Memory(store)
    waits: list[float] = []

    async def keep(key: bytes) -> None:
        began = time.perf_counter()
        await memory.keep(key, value)
        waits.append(time.perf_counter() - began)

    def bursts() -> Iterator[list[bytes]]:
        size = int(pace * TICK_SECONDS)
        for tick in range(int(seconds / TICK_SECONDS)):
            yield keys(first + tick * size, first + (tick + 1) * size)

    prepared = list(bursts())
    began, cpu = time.perf_counter(), time.process_time()
    tasks: list[asyncio.Task[None]] = []
    for tick, burst in enumerate(prepared):
        tasks += [asyncio.create_task(keep(key)) for key in burst]
        await asyncio.sleep(max(0.0, began + (tick + 1) * TICK_SECONDS - time.perf_counter()))
    await asyncio.gather(*tasks)
    await memory.close()
    cpu_seconds = time.process_time() - cpu
    assert memory.counters.written == len(waits)
    return 1000 * cpu_seconds / len(waits), waits


def measure(name: str, opened: Callable[[], Store], given: argparse.Namespace) -> None:
    """Print the figures of one store, which must be empty."""
    value = os.urandom(given.characters)
    store = opened()
    adds = adds_per_second(store, given.entries, value)
    rates = [f"{look_ups_per_second(store, given.entries, batch):,.0f} ({batch})" for batch in LOOK_UP_BATCHES]
    store.close()
    print(f"{name}: {adds:,.0f} adds/s in batches of {ADD_BATCH}; look-ups/s in batches of {', '.join(rates)}")
    for number, pace in enumerate(PACES):
        first = 3 * given.entries + number * 1_000_000_000
        cpu_ms, waits = asyncio.run(remembering(opened(), first, pace, given.seconds, value))
        print(
            f"{name}: remember at {pace:,}/s: {cpu_ms:.3f} ms CPU per entry; waits "
            f"{1000 * statistics.median(waits):.0f} ms (median), {1000 * max(waits):.0f} ms (maximum)",
            flush=True,
        )


def main() -> None:
    """Measure each store and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--characters", type=int, default=600, help="length of each value")
    parser.add_argument("--seconds", type=float, default=5.0, help="duration of the measurement at each rate")
    parser.add_argument("--redis", default="", help="URL of a server to fill with entries; default: start one")
    given = parser.parse_args()
    with ExitStack() as stack:
        place = stack.enter_context(folder())
        measure("SQLite, normal", lambda: SqliteStore(place / "normal.sqlite", "normal"), given)
        measure("SQLite, full", lambda: SqliteStore(place / "full.sqlite", "full"), given)
        if url := given.redis or (redis_executable() and stack.enter_context(redis_server(place))):
            measure("Redis", lambda: open_store(url), given)
        else:
            print("Redis: not measured, no server found")


if __name__ == "__main__":
    main()

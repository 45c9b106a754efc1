"""The usual script: a random host per text, and ``asyncio.gather``."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

from benchmarks.fleet.job import RETRIES, Hosts, Job, Record

BATCH = 32


async def ask_somewhere(hosts: Hosts, urls: Sequence[str], row: int, text: str) -> bool:
    """Try a random host and, after failures, up to three others. Returns whether the row was answered."""
    url = random.choice(urls)
    for _ in range(RETRIES + 1):
        if await hosts.ask(url, row, text):
            return True
        url = random.choice([other for other in urls if other != url] or urls)
    return False


async def _gather(job: Job, record: Record, batch: int) -> None:
    hosts = Hosts(job, record)
    for start in range(0, len(job.texts), batch):
        rows = range(start, min(start + batch, len(job.texts)))
        await asyncio.gather(*(ask_somewhere(hosts, job.urls, row, job.texts[row]) for row in rows))


def gather_32(job: Job, record: Record) -> None:
    """Batches of 32; each starts after the last answer of the previous one."""
    asyncio.run(_gather(job, record, BATCH))


def gather_all(job: Job, record: Record) -> None:
    """All requests at once."""
    asyncio.run(_gather(job, record, len(job.texts)))

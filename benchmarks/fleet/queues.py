"""Pull dispatch: our fleet, which has to detect the slots, and a queue with one worker per slot, which knows them."""

from __future__ import annotations

import asyncio
from collections import deque

from benchmarks.fleet.job import KEEP_ALIVE, MODEL, NUM_PREDICT, OPTIONS, RETRIES, SYSTEM, Hosts, Job, Record, prompt_of
from transforms.engine.window import MIN_TEXTS, TEXTS_PER_SLOT
from transforms.fleet.addresses import HostAddress
from transforms.fleet.faults import RowRejected
from transforms.fleet.fleet import Fleet
from transforms.fleet.jobs import Attempt
from transforms.fleet.settings import FleetSettings, GenerateRequest

PAUSE_SECONDS = 1.0


def ours(job: Job, record: Record) -> None:
    """Our fleet with adaptive limits, and as many unfinished texts as a run has."""
    asyncio.run(_ours(job, record))


async def _ours(job: Job, record: Record) -> None:
    fleet = Fleet([HostAddress(url) for url in job.urls], FleetSettings(MODEL, OPTIONS, KEEP_ALIVE))
    unfinished: set[int] = set()
    one_less = asyncio.Event()

    async def one(row: int, text: str) -> None:
        attempts: list[Attempt] = []
        try:
            await fleet.generate(GenerateRequest(prompt_of(text), SYSTEM, NUM_PREDICT, {}, len(text)), attempts)
            record.answered(row)
        except RowRejected:
            pass  # lost: counted as not answered
        finally:
            record.requests.update(attempt.host for attempt in attempts)
            unfinished.remove(row)
            one_less.set()

    fleet.start()
    try:
        tasks = []
        for row, text in enumerate(job.texts):
            while len(unfinished) >= max(MIN_TEXTS, TEXTS_PER_SLOT * fleet.capacity()):
                one_less.clear()
                await one_less.wait()
            unfinished.add(row)
            tasks.append(asyncio.create_task(one(row, text)))
        await asyncio.gather(*tasks)
        record.limits.update({view.url: view.limit for view in fleet.view()})
    finally:
        await fleet.close()


def known_slots(job: Job, record: Record) -> None:
    """One worker per slot pulls from one queue. A failed row returns to the queue, up to three times, and its worker
    pauses for a second, so that a host that fails fast does not drain the queue.
    """
    asyncio.run(_known_slots(job, record))


async def _known_slots(job: Job, record: Record) -> None:
    hosts = Hosts(job, record)
    pending = deque((row, 0) for row in range(len(job.texts)))
    unfinished = set(range(len(job.texts)))
    changed = asyncio.Condition()

    async def worker(url: str) -> None:
        while True:
            async with changed:
                await changed.wait_for(lambda: pending or not unfinished)
                if not unfinished:
                    return
                row, failures = pending.popleft()
            answered = await hosts.ask(url, row, job.texts[row])
            async with changed:
                if answered or failures == RETRIES:
                    unfinished.remove(row)
                else:
                    pending.append((row, failures + 1))
                if not unfinished or not answered:
                    changed.notify_all()
            if not answered:
                await asyncio.sleep(PAUSE_SECONDS)

    workers = [worker(url) for url, slots in zip(job.urls, job.slots, strict=True) for _ in range(slots)]
    await asyncio.gather(*workers)

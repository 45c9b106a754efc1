"""A fleet of loopback hosts for the length of a function."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from transforms.fleet.addresses import HostAddress
from transforms.fleet.fleet import Fleet
from transforms.fleet.http.answers import Answer
from transforms.fleet.jobs import Attempt
from transforms.fleet.settings import FleetSettings, GenerateRequest

T = TypeVar("T")
OPTIONS = {"num_ctx": 4096, "temperature": 0.0, "seed": 1, "repeat_penalty": 1.0}


def request(number: int = 0, model: str | None = None) -> GenerateRequest:
    text = f"Le rapport {number} est prêt."
    return GenerateRequest(f"<source>\n{text}\n</source>", "Translate.", 100, {}, len(text), model=model)


def run(urls: Sequence[str], use: Callable[[Fleet], Awaitable[T]], **settings: Any) -> T:
    async def inside() -> T:
        fleet = Fleet([HostAddress(url) for url in urls], FleetSettings("mistral", OPTIONS, "30m", **settings))
        fleet.start()
        try:
            return await use(fleet)
        finally:
            await fleet.close()

    return asyncio.run(inside())


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - the hosts live in other threads
        await asyncio.sleep(0.005)


def ask(rows: int) -> Callable[[Fleet], Awaitable[tuple[list[Answer], list[list[Attempt]]]]]:
    async def use(fleet: Fleet) -> tuple[list[Answer], list[list[Attempt]]]:
        logs: list[list[Attempt]] = [[] for _ in range(rows)]
        answers = await asyncio.gather(*(fleet.generate(request(i), log) for i, log in enumerate(logs)))
        return answers, logs

    return use

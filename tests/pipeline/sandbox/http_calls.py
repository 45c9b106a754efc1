"""Plain HTTP for the tests of the simulated host, without any client library's opinion."""

from __future__ import annotations

import asyncio
import http.client
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import aiohttp

TEXT = "La vanne du bâtiment nord a été remplacée, sans autre défaut."
ENGLISH = "The valve of the building north was replaced, without other fault."


def prompt_of(text: str) -> str:
    return f"<source>\n{text}\n</source>"


def body_of(text: str = TEXT, **changes: Any) -> dict[str, Any]:
    """A request as the program sends it; a change to None leaves a field out."""
    options = {"num_ctx": 4096, "num_predict": 512, "temperature": 0, "seed": 1}
    body = {
        "model": "mistral",
        "prompt": prompt_of(text),
        "stream": False,
        "think": False,
        "truncate": False,
        "options": options,
    }
    return {name: value for name, value in (body | changes).items() if value is not None}


class Reply:
    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    def json(self) -> Any:
        return json.loads(self.body)


def send(url: str, method: str, path: str, body: Any = None) -> Reply:
    """One request; ``body`` is sent as it is if it is bytes, else as JSON."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    try:
        connection.request(method, path, body if body is None or isinstance(body, bytes) else json.dumps(body))
        response = connection.getresponse()
        return Reply(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())
    finally:
        connection.close()


def generate(url: str, text: str = TEXT, **changes: Any) -> Reply:
    return send(url, "POST", "/api/generate", body_of(text, **changes))


def generate_all(url: str, bodies: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """All at once; each answer with its ``status``, in the order of ``bodies``."""

    async def one(session: aiohttp.ClientSession, body: dict[str, Any]) -> dict[str, Any]:
        async with session.post(f"{url}/api/generate", json=body) as response:
            answer: dict[str, Any] = await response.json()
            return answer | {"status": response.status}

    async def run() -> list[dict[str, Any]]:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            return list(await asyncio.gather(*(one(session, body) for body in bodies)))

    return asyncio.run(run())


def wait_until(holds: Callable[[], bool], seconds: float = 10.0) -> None:
    """Returns as soon as ``holds()``; fails after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.002)


def residual_ms(answer: dict[str, Any]) -> float:
    parts = answer["load_duration"] + answer["prompt_eval_duration"] + answer["eval_duration"]
    return float(answer["total_duration"] - parts) / 1e6

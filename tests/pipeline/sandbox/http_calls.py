"""Plain HTTP for the tests of the simulated host, without any client library's opinion."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from pipeline.sandbox.running import SandboxThread

TEXT = "La vanne du bâtiment nord a été remplacée, sans autre défaut."
ENGLISH = "The valve of the building north was replaced, without other fault."

SERVICE_SECONDS = 0.1
SPEED = {"tokens_per_second": 20 / SERVICE_SECONDS}
"""The speed at which the 20 tokens of ENGLISH take SERVICE_SECONDS."""


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
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
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


def generate_together(host: SandboxThread, *groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """All requests at the same moment on the host's clock, one group after the other, however busy the machine is."""
    host.control(hang=True)
    count = host.stats()["in_flight"]
    calls = []
    with ThreadPoolExecutor(len(groups)) as pool:
        for bodies in groups:
            calls.append(pool.submit(generate_all, host.url, bodies))
            count += len(bodies)
            wait_until(lambda count=count: host.stats()["in_flight"] == count)  # type: ignore[misc]
        host.control(hang=False)
        return [answer for call in calls for answer in call.result()]


class Leaver:
    """A client that sends a request and can disconnect at any moment."""

    def __init__(self, url: str, **changes: Any) -> None:
        address = urlsplit(url)
        body = json.dumps(body_of(**changes)).encode()
        self._socket = socket.create_connection((address.hostname or "", address.port or 0))
        self._socket.sendall(b"POST /api/generate HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    def received(self, until: bytes = b"", silent_seconds: float = 0.15) -> bytes:
        """What arrives up to ``until`` and in a short time after it. Fails if the host closes the connection."""
        received = b""
        self._socket.settimeout(20.0 if until else silent_seconds)
        while True:
            try:
                part = self._socket.recv(65536)
            except TimeoutError:
                assert until in received
                return received
            assert part, "the connection was closed"
            received += part
            if until in received:
                self._socket.settimeout(silent_seconds)

    def leave(self) -> None:
        self._socket.close()


def is_running(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_until(holds: Callable[[], bool], seconds: float = 30.0) -> None:
    """Returns as soon as ``holds()``; fails after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "the condition did not hold in time"
        time.sleep(0.002)


def residual_ms(answer: dict[str, Any]) -> float:
    parts = answer["load_duration"] + answer["prompt_eval_duration"] + answer["eval_duration"]
    return float(answer["total_duration"] - parts) / 1e6

"""A headless Chromium that is controlled over the DevTools protocol."""

from __future__ import annotations

import asyncio
import base64
import re
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

NAMES = ("chromium", "chromium-browser", "google-chrome")
START_SECONDS = 60.0


def executable() -> str | None:
    """Path of an installed browser, or None."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


class Page:
    """A page of the browser."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse[bool]) -> None:
        self._socket = socket
        self._number = 0
        self._loaded = False
        self.requests: list[str] = []
        self.messages: list[str] = []

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and return its result; events are collected meanwhile."""
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": parameters})
        while True:
            message = await self._socket.receive_json()
            if message.get("id") == self._number:
                assert "error" not in message, message
                result: dict[str, Any] = message["result"]
                return result
            self._collect(message)

    def _collect(self, message: dict[str, Any]) -> None:
        parameters = message.get("params", {})
        if message.get("method") == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])
        if message.get("method") == "Page.loadEventFired":
            self._loaded = True
        if message.get("method") == "Log.entryAdded":
            self.messages.append(parameters["entry"]["text"])

    async def open(self, url: str) -> None:
        """Load a page."""
        for domain in ("Page", "Network", "Log", "Runtime"):
            await self.call(f"{domain}.enable")
        self._loaded = False
        await self.call("Page.navigate", url=url)
        while not self._loaded:
            self._collect(await self._socket.receive_json())

    async def evaluate(self, expression: str) -> Any:
        """Value of a JavaScript expression in the page."""
        result = await self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    async def resize(self, width: int, height: int = 900) -> None:
        """Set the size of the window in CSS pixels."""
        await self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )

    async def media(self, scheme: str = "light", kind: str = "screen") -> None:
        """Emulate a colour scheme and a kind of medium."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        await self.call("Emulation.setEmulatedMedia", media=kind, features=features)

    async def screenshot(self, area: tuple[int, int, int, int]) -> bytes:
        """PNG of a part of the page: left, top, width and height in CSS pixels."""
        clip = dict(zip(("x", "y", "width", "height"), area, strict=True))
        result = await self.call(
            "Page.captureScreenshot", format="png", captureBeyondViewport=True, clip={**clip, "scale": 1}
        )
        return base64.b64decode(result["data"])

    async def pdf(self) -> bytes:
        """The page as it is printed."""
        return base64.b64decode((await self.call("Page.printToPDF", printBackground=False))["data"])


@asynccontextmanager
async def browser_page() -> AsyncIterator[Page]:
    """A page in a new browser, which is closed at the end."""
    with tempfile.TemporaryDirectory(prefix="browser-") as profile:
        command = [str(executable()), "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0"]
        process = await asyncio.create_subprocess_exec(
            *command,
            "--no-proxy-server",
            f"--user-data-dir={profile}",
            "about:blank",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        try:
            address = await asyncio.wait_for(_address(process), START_SECONDS)
            async with aiohttp.ClientSession() as session:
                async with session.get(f"http://{address}/json/list") as reply:
                    targets = await reply.json(content_type=None)
                url = next(target["webSocketDebuggerUrl"] for target in targets if target["type"] == "page")
                async with session.ws_connect(url, max_msg_size=0) as socket:
                    yield Page(socket)
        finally:
            process.kill()
            await process.communicate()


async def _address(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    async for line in process.stderr:
        if found := re.search(rb"DevTools listening on ws://([^/]+)/", line):
            return found[1].decode()
    raise RuntimeError("the browser did not start")

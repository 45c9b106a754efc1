"""Simulated hosts outside the caller's event loop: in a thread, or in a child process that ends with this one."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import select
import subprocess
import sys
import threading
from collections.abc import Coroutine
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import urlsplit

from pipeline.sandbox.host import SandboxHost
from pipeline.sandbox.settings import HostSettings
from transforms.errors import RunFailed, UsageError

START_SECONDS = 60.0
STOP_SECONDS = 5.0

_T = TypeVar("_T")


class SandboxThread:
    """A simulated host in a thread with its own event loop. Starting one takes about 5 ms.

    Use it as a context manager, or call ``close``.
    """

    def __init__(self, settings: HostSettings | None = None) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="sandbox host", daemon=True)
        self._thread.start()
        self.host = SandboxHost(settings)
        try:
            self._run(self.host.start())
        except BaseException:
            self.close()
            raise
        self.url = self.host.url
        self.control_url = self.host.control_url

    def control(self, **changes: Any) -> None:
        """Change settings: fields of ``HostSettings``, ``reset=True`` or ``unload=True``.

        Raises:
            UsageError: Unknown name or invalid value; nothing is changed.
        """
        self._run(self.host.control(changes))

    def stats(self, with_requests: bool = False) -> dict[str, Any]:
        """The reply of ``GET /_sandbox/stats``."""

        async def read() -> dict[str, Any]:
            return self.host.stats_json(with_requests)

        return self._run(read())

    def close(self) -> None:
        """Stop the host and its thread. Further calls do nothing."""
        if self._loop.is_closed():
            return
        self._run(self.host.stop())
        self._run(_cancel_others())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def __enter__(self) -> SandboxThread:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class SandboxProcess:
    """A simulated host in a child process.

    The child exits when its standard input closes, so it never outlives its parent, even one that is killed. Use it
    as a context manager, or call ``close``.
    """

    def __init__(self, settings: HostSettings | None = None, port: int = 0) -> None:
        """Start the process, without waiting until it listens.

        Raises:
            OSError: The process can't be started.
        """
        command = [sys.executable, "-m", "pipeline.sandbox.server", "--until_stdin_closes", "--port", str(port)]
        # The child must import the same code, whatever its working directory.
        root = str(Path(__file__).resolve().parents[2])
        path = os.pathsep.join(part for part in (root, os.environ.get("PYTHONPATH", "")) if part)
        self._process = subprocess.Popen(  # noqa: S603 - our own module and settings
            [*command, "--settings", (settings or HostSettings()).as_json()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
        )
        self._addresses: dict[str, str] | None = None

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid

    @property
    def url(self) -> str:
        """Address of Ollama's HTTP. Waits until the host listens.

        Raises:
            RunFailed: The process ended, or did not listen in time.
        """
        return self._listening()["url"]

    @property
    def control_url(self) -> str:
        """Address of the control port. Waits until the host listens.

        Raises:
            RunFailed: The process ended, or did not listen in time.
        """
        return self._listening()["control"]

    def control(self, **changes: Any) -> None:
        """Change settings: fields of ``HostSettings``, ``reset=True`` or ``unload=True``.

        Raises:
            UsageError: Unknown name or invalid value; nothing is changed.
        """
        answer = self._ask("POST", "/_sandbox/control", json.dumps(changes))
        if "error" in answer:
            raise UsageError(answer["error"])

    def stats(self, with_requests: bool = False) -> dict[str, Any]:
        """The reply of ``GET /_sandbox/stats``."""
        return self._ask("GET", f"/_sandbox/stats{'?requests=1' if with_requests else ''}")

    def close(self) -> None:
        """End the process and wait for it. Further calls do nothing."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _listening(self) -> dict[str, str]:
        if self._addresses is None:
            output = self._process.stdout
            ready = output is not None and not output.closed and select.select([output], [], [], START_SECONDS)[0]
            line = output.readline() if output is not None and ready else b""
            if not line:
                self.close()
                raise RunFailed(
                    f"a simulated host did not start: its process exited with code {self._process.returncode}"
                )
            self._addresses = json.loads(line)
        return self._addresses

    def _ask(self, method: str, path: str, body: str | None = None) -> dict[str, Any]:
        # http.client, because urllib would use a proxy from the environment.
        connection = http.client.HTTPConnection(urlsplit(self.control_url).netloc, timeout=START_SECONDS)
        try:
            connection.request(method, path, body)
            answer: dict[str, Any] = json.loads(connection.getresponse().read())
            return answer
        finally:
            connection.close()

    def __enter__(self) -> SandboxProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def start_processes(count: int, settings: HostSettings | None = None) -> list[SandboxProcess]:
    """Start ``count`` simulated hosts, each in a child process and on a free port, and wait until all of them listen.

    They differ only in their seed, so that a fault's share affects different texts on each. The caller closes them.

    Raises:
        RunFailed: A host did not start; all of them are closed.
    """
    settings = settings or HostSettings()
    hosts: list[SandboxProcess] = []
    try:
        for number in range(count):
            hosts.append(SandboxProcess(settings.changed({"seed": settings.seed + number})))  # noqa: PERF401
        for host in hosts:
            _ = host.url
    except BaseException:
        for host in hosts:
            host.close()
        raise
    return hosts


async def _cancel_others() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)

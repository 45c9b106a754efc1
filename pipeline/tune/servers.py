"""Start and stop ``ollama serve`` on spare ports, so that no server is left behind."""

from __future__ import annotations

import asyncio
import ctypes
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import IO

from pipeline.tune.layouts import Layout
from transforms.errors import TranslateError, UsageError
from transforms.fleet.addresses import HostAddress
from transforms.fleet.faults import RequestFailed
from transforms.fleet.http.client import HostClient

LOOPBACK = "127.0.0.1"
START_SECONDS = 60.0
STOP_SECONDS = 5.0
"""Time between SIGTERM and SIGKILL. Ollama ends within 0.3 s."""

POLL_SECONDS = 0.05
PORT_ATTEMPTS = 3
LARGEST_LOG = 100_000
SHOWN_CHARACTERS = 300
PR_SET_PDEATHSIG = 1
"""Option of Linux's prctl(2): the signal that a process gets when its parent ends."""

_TAKEN = re.compile("address already in use", re.IGNORECASE)
_ERROR = re.compile(r"\berror\b", re.IGNORECASE)


class ServerFailed(TranslateError):
    """A server ended, or did not answer in time."""


class Server:
    """One ``ollama serve`` in a process group of its own.

    Attributes:
        url: Its address.
        client: Sends requests to it.
    """

    def __init__(self, ollama: str, layout: Layout, number: int, environ: Mapping[str, str]) -> None:
        """Start the process, without waiting until it listens.

        Args:
            ollama: Path of the command.
            layout: The layout.
            number: Index of the server in the layout.
            environ: The environment of this process.

        Raises:
            UsageError: The command can't be started.
        """
        address = f"{LOOPBACK}:{spare_port()}"
        self.url = f"http://{address}"
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the process lives
        try:
            # A group of its own: the signals of a terminal must reach it through this process only, which stops it.
            self._process = subprocess.Popen(  # noqa: S603 - the command that the user named
                [ollama, "serve"],
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
                env=layout.environment(number, address, environ),
                start_new_session=True,
                preexec_fn=_end_with_parent,
            )
        except OSError as error:
            self._log.close()
            raise UsageError(f"cannot start {ollama!r} (--ollama): {error.strerror}") from None
        self.client = HostClient(HostAddress(self.url))

    @property
    def pid(self) -> int:
        """The process id, which is that of its group, too."""
        return self._process.pid

    @property
    def ended(self) -> bool:
        """Whether the process has ended by itself."""
        return self._process.poll() is not None

    def check(self) -> None:
        """Check that it still runs; if not, what answered last may have been another server at its port.

        Raises:
            ServerFailed: It ended.
        """
        if self.ended:
            raise ServerFailed(self.reason())

    async def ready(self) -> None:
        """Return as soon as it answers.

        Raises:
            ServerFailed: It ended, or did not answer in time.
        """
        clock = asyncio.get_running_loop().time
        give_up_at = clock() + START_SECONDS
        while clock() < give_up_at:
            self.check()
            try:
                await self.client.version()
                return
            except RequestFailed:
                await asyncio.sleep(POLL_SECONDS)
        raise ServerFailed(f"the server did not answer within {START_SECONDS:.0f} s after its start")

    def reason(self) -> str:
        """Why it ended, from the last error in its log."""
        self._log.seek(max(0, self._log.seek(0, os.SEEK_END) - LARGEST_LOG))
        lines = [line.strip() for line in self._log.read().decode("utf-8", "replace").splitlines() if line.strip()]
        told = next((line for line in reversed(lines) if _ERROR.search(line)), "")
        ended = f"the server ended with code {self._process.poll()}"
        return f"{ended}: {told[:SHOWN_CHARACTERS]}" if told else ended

    @property
    def port_was_taken(self) -> bool:
        """Whether it ended because another process listens at its port."""
        return self.ended and _TAKEN.search(self.reason()) is not None

    async def stop(self) -> None:
        """Stop the process group and wait for it: first SIGTERM, then SIGKILL."""
        clock = asyncio.get_running_loop().time
        try:
            self._signal(signal.SIGTERM)
            give_up_at = clock() + STOP_SECONDS
            while not self.ended and clock() < give_up_at:  # noqa: ASYNC110 - it is a process
                await asyncio.sleep(POLL_SECONDS)
        finally:
            # Also where the server itself has ended: its runners may live on.
            self._signal(signal.SIGKILL)
            self._process.wait()
            self._log.close()
        await self.client.close()

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):  # nobody is left in the group
            os.killpg(self._process.pid, number)


@asynccontextmanager
async def running(ollama: str, layout: Layout, environ: Mapping[str, str]) -> AsyncIterator[list[Server]]:
    """Run the servers of a layout while the context is open; they answer when it opens.

    Raises:
        UsageError: The command can't be started.
        ServerFailed: A server ended, or did not answer in time.
    """
    servers: list[Server] = []
    try:
        await _start(ollama, layout, environ, servers)
        yield servers
    finally:
        await asyncio.gather(*(server.stop() for server in servers))


async def _start(ollama: str, layout: Layout, environ: Mapping[str, str], servers: list[Server]) -> None:
    """Start all servers, and wait until they answer; ``servers`` has each of them from its start on."""
    for number in range(len(layout.servers)):
        servers.append(Server(ollama, layout, number, environ))  # noqa: PERF401 - the next one may not start
    for number in range(len(servers)):
        for attempt in range(PORT_ATTEMPTS):
            try:
                await servers[number].ready()
                break
            except ServerFailed:
                if not servers[number].port_was_taken or attempt == PORT_ATTEMPTS - 1:
                    raise
                await servers[number].stop()
                servers[number] = Server(ollama, layout, number, environ)


def spare_port() -> int:
    """A port of loopback that nobody listens at."""
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        port: int = listener.getsockname()[1]
        return port


_LIBC = ctypes.CDLL(None) if sys.platform.startswith("linux") else None


def _end_with_parent() -> None:
    """Ask Linux for SIGTERM when this program ends in a way that leaves it no time to stop its servers."""
    if _LIBC is not None:
        _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)

"""A second process for the checks, where hosts answer faster than one core can check.

The event loop sends, receives and checks in one thread, and Python runs one thread at a time. So hosts that together
give more than about a thousand short answers per second would wait for it. Once the loop has been busy for a while, a
second process is started that takes over what are pure functions of strings. It needs 25 MB. With ordinary hosts, it
is never started.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import pickle
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

from transforms.child_signals import signals_left_to_parent
from transforms.engine import check_server
from transforms.engine.check_server import FRAME_LENGTH, Call, Result, frame
from transforms.engine.large_texts import LARGE_CHARS, call

LOG = logging.getLogger(__name__)

T = TypeVar("T")

LOOK_SECONDS = 0.25
BUSY_SHARE = 0.6
BUSY_LOOKS = 2
"""The process is started when the loop's thread has used so much of a core in so many successive looks."""

MOST_WAITING = 64
"""Calls that may wait for the process; others are made here, so that both are busy."""

GATHER_SECONDS = 0.003
"""Calls are sent together after this time: each message costs both processes a system call and a switch, and nobody
waits for the result of a check while hosts are busy with other texts."""

STUCK_SECONDS = 10.0
"""A process that owes an answer for so long is given up."""

_MAIN = f"import json, sys; sys.path[:] = json.loads(sys.argv[1]); from {check_server.__name__} import main; main()"


class _Waiting(NamedTuple):
    """A call that goes to the process, and since when."""

    call: Call
    future: asyncio.Future[Any]
    since: float


class SecondProcess(asyncio.Protocol):
    """Calls pure functions of strings, in a second process if the loop is busy. Belongs to one event loop.

    Args:
        enabled: Whether a process may be started.
    """

    def __init__(self, enabled: bool) -> None:
        self._loop = asyncio.get_running_loop()
        self._process: subprocess.Popen[bytes] | None = None
        self._transport: asyncio.WriteTransport | None = None
        self._collected: list[_Waiting] = []
        self._sent: deque[_Waiting] = deque()
        self._received = bytearray()
        self._watch = self._loop.create_task(self._start_if_busy()) if enabled and (os.cpu_count() or 1) > 1 else None

    @property
    def running(self) -> bool:
        """Whether calls go to the process."""
        return self._transport is not None

    async def call(self, size: int, function: Callable[..., T], *arguments: Any) -> T:
        """The result of a function of a module, here or in the process; see ``large_texts.call``.

        Args:
            size: The characters that the function works on.
            function: It raises no error, and can be pickled, as can its arguments and its result.
            *arguments: Of the function.
        """
        full = len(self._sent) + len(self._collected) >= MOST_WAITING
        if self._transport is None or full or size > LARGE_CHARS:
            return await call(size, function, *arguments)
        future: asyncio.Future[T] = self._loop.create_future()
        if not self._collected:
            self._loop.call_later(GATHER_SECONDS, self._send)
        self._collected.append(_Waiting((function, arguments), future, time.monotonic()))
        return await future

    def _send(self) -> None:
        self._sent += self._collected
        if self._transport is None:
            self._take_back()
        else:
            self._transport.write(frame([waiting.call for waiting in self._collected]))
        self._collected = []

    async def _start_if_busy(self) -> None:
        """Waits until the loop has been busy for a while, starts the process, and gives it up should it be stuck."""
        looks = 0
        while looks < BUSY_LOOKS:
            looked_at, used = time.monotonic(), time.thread_time()
            await asyncio.sleep(LOOK_SECONDS)
            busy = time.thread_time() - used >= BUSY_SHARE * (time.monotonic() - looked_at)
            looks = looks + 1 if busy else 0
        await self._start()
        while self._transport is not None:
            if self._sent and time.monotonic() - self._sent[0].since > STUCK_SECONDS:
                self._transport.abort()
            await asyncio.sleep(LOOK_SECONDS)

    async def _start(self) -> None:
        ours, theirs = socket.socketpair()
        command = [sys.executable, "-c", _MAIN, json.dumps(sys.path), str(theirs.fileno())]
        try:
            with theirs, signals_left_to_parent():
                self._process = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)  # noqa: S603, ASYNC220
        except OSError as error:
            ours.close()
            LOG.warning("cannot start a second process for the checks, so they stay in this one: %s", error)
            return
        ours.setblocking(False)
        await self._loop.create_connection(lambda: self, sock=ours)
        LOG.info("hosts answer faster than one core can check: a second process helps")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send calls to the process from now on."""
        self._transport = cast(asyncio.WriteTransport, transport)

    def data_received(self, data: bytes) -> None:
        """Pass on the results that have arrived."""
        self._received += data
        while len(self._received) >= FRAME_LENGTH.size:
            (size,) = FRAME_LENGTH.unpack_from(self._received)
            end = FRAME_LENGTH.size + size
            if len(self._received) < end:
                return
            results: list[Result] = pickle.loads(self._received[FRAME_LENGTH.size : end])  # noqa: S301 - our process
            del self._received[:end]
            for result in results:
                _settle(self._sent.popleft(), result)

    def connection_lost(self, error: Exception | None) -> None:
        """Make the calls here that the process has not answered."""
        self._transport = None
        self._take_back()

    def _take_back(self) -> None:
        while self._sent:
            _settle(self._sent.popleft(), None)

    async def close(self) -> None:
        """End the process."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.wait([self._watch])
        if self._transport is not None:
            self._transport.abort()
        if self._process is not None:
            self._process.kill()
            self._process.wait()


def _settle(waiting: _Waiting, result: Result) -> None:
    """Ends the wait for a call: with its result, or with that of a call in this process."""
    future = waiting.future
    if future.done():  # its task was cancelled
        return
    if result is not None:
        future.set_result(result[0])
        return
    function, arguments = waiting.call
    try:
        future.set_result(function(*arguments))
    except Exception as error:
        future.set_exception(error)

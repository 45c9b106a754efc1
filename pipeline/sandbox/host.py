"""A simulated Ollama host: its two ports, its routes, going down and coming back.

The first port speaks Ollama's HTTP. The second one controls the host for tests and benchmarks, and works whatever
state the first one is in:

``POST /_sandbox/control`` takes a JSON object with fields of ``HostSettings`` and replies with ``{"settings": {...}}``,
all settings after the change. Examples: ``{"hang": true}``, ``{"listening": false}``, ``{"num_parallel": 2}``,
``{"faults": ["bad_gateway_502", {"kind": "busy_503", "share": 0.1}]}``. In addition, ``"reset": true`` clears the
request counts and the texts seen, and ``"unload": true`` unloads all models. An invalid name or value gives 400 with
``{"error": "..."}`` and changes nothing.

``GET /_sandbox/stats`` replies with the fields of ``RequestCounts``, and with ``active`` and ``waiting`` (calls in a
slot and queued for one), ``loads``, ``reloads``, ``pending`` (calls that wait for a load), ``loaded_num_ctx``
({model: tokens}) and ``listening``. With ``?requests=1`` and the setting ``record_requests`` it adds ``requests``:
objects with ``chat``, ``prompt``, ``system``, ``source`` (the text to translate), ``body`` (the fields as sent, names
in lower case, without nulls) and ``outcome``.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import socket
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from pipeline.sandbox import discovery, replies
from pipeline.sandbox.errors import Refusal
from pipeline.sandbox.request_counts import RequestCounts
from pipeline.sandbox.serving import early_fault, serve_call
from pipeline.sandbox.settings import HostSettings
from pipeline.sandbox.state import ServerState
from transforms.errors import UsageError

LOOPBACK = "127.0.0.1"
BACKLOG = 2048
ACCEPT_STEPS = 3
"""Steps of the event loop from accepting a connection until it is set up."""

KEEPALIVE_SECONDS = 10.0**7  # Ollama never closes an idle connection

_METHODS: dict[str, tuple[str, ...]] = {
    "/": ("GET", "HEAD"),
    "/api/version": ("GET", "HEAD"),
    "/api/tags": ("GET", "HEAD"),
    "/api/ps": ("GET",),
    "/api/status": ("GET",),
    "/api/show": ("POST",),
    "/api/generate": ("POST",),
    "/api/chat": ("POST",),
}


class SandboxHost:
    """A simulated host in the running event loop.

    Example::

        host = SandboxHost(HostSettings(num_parallel=2))
        await host.start()
        ...  # requests to host.url
        await host.stop()
    """

    def __init__(self, settings: HostSettings | None = None, port: int = 0, control_port: int = 0) -> None:
        self._settings = settings or HostSettings()
        self._port = port
        self._control_port = control_port
        self._state: ServerState | None = None
        self._runner: web.ServerRunner | None = None
        self._control_runner: web.ServerRunner | None = None
        self._socket: socket.socket | None = None
        self._site: web.SockSite | None = None

    @property
    def url(self) -> str:
        """Address of Ollama's HTTP. The port survives ``go_down`` and ``come_back``."""
        return f"http://{LOOPBACK}:{self._port}"

    @property
    def control_url(self) -> str:
        """Address of the control port."""
        return f"http://{LOOPBACK}:{self._control_port}"

    @property
    def settings(self) -> HostSettings:
        """The current settings."""
        return self.state.settings

    @property
    def counts(self) -> RequestCounts:
        """The counts since the start or the last reset."""
        return self.state.counts

    @property
    def state(self) -> ServerState:
        """The host without its sockets.

        Raises:
            RuntimeError: The host was not started.
        """
        if self._state is None:
            raise RuntimeError("the simulated host was not started")
        return self._state

    async def start(self) -> None:
        """Open both ports.

        Raises:
            OSError: A port is in use.
        """
        self._state = ServerState(self._settings)
        self._runner = await _runner(self._handle)
        self._control_runner = await _runner(self._handle_control)
        await web.TCPSite(self._control_runner, LOOPBACK, self._control_port, backlog=BACKLOG).start()
        self._control_port = self._control_runner.addresses[0][1]
        await self.come_back()
        if not self._settings.listening:
            await self.go_down()

    async def stop(self) -> None:
        """Close both ports and abort all connections."""
        await self.go_down()
        await _accepted()
        for runner in (self._runner, self._control_runner):
            if runner is not None:
                _abort_connections(runner)
                await runner.cleanup()
        self._runner = self._control_runner = None

    async def go_down(self) -> None:
        """Simulate a machine that goes down: reset all connections and refuse new ones."""
        if self._socket is not None and self._site is not None and self._runner is not None:
            asyncio.get_running_loop().remove_reader(self._socket)  # nothing more is accepted
            await _accepted()
            await self._site.stop()
            self._socket = self._site = None
            _abort_connections(self._runner)

    async def come_back(self) -> None:
        """Listen again on the same port, with no model loaded."""
        if self._site is None and self._runner is not None:
            self.state.scheduler.runners.clear()
            self._socket = socket.create_server((LOOPBACK, self._port), backlog=BACKLOG)
            self._site = web.SockSite(self._runner, self._socket, backlog=BACKLOG)
            await self._site.start()
            self._port = self._runner.addresses[0][1]

    async def control(self, changes: Mapping[str, Any]) -> None:
        """Apply the changes of ``POST /_sandbox/control``.

        Raises:
            UsageError: Unknown name or invalid value; nothing is changed.
        """
        settings = {name: value for name, value in changes.items() if name not in ("reset", "unload")}
        self.state.change(settings)
        if changes.get("reset"):
            self.state.reset()
        if changes.get("unload"):
            self.state.scheduler.unload_all()
        await (self.come_back() if self.settings.listening else self.go_down())

    def stats_json(self, with_requests: bool = False) -> dict[str, Any]:
        """The reply of ``GET /_sandbox/stats``."""
        scheduler = self.state.scheduler
        runners = list(scheduler.runners.values())
        now = {
            "active": sum(runner.slots.active for runner in runners),
            "waiting": sum(runner.slots.waiting for runner in runners),
            "pending": scheduler.pending,
            "loads": scheduler.loads,
            "reloads": scheduler.reloads,
            "loaded_num_ctx": {runner.model: runner.launch.num_ctx for runner in runners},
            "listening": self._site is not None,
        }
        return self.counts.as_json(with_requests) | now

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.raw_path.partition("?")[0]
        try:
            if request.method == "POST":
                if path == "/api/generate":
                    return await serve_call(self.state, request, chat=False)
                if path == "/api/chat":
                    return await serve_call(self.state, request, chat=True)
            return await self._discover(request, path)
        except Refusal as refusal:
            return replies.reply_json({"error": refusal.error}, refusal.status)
        except ConnectionError:
            return web.Response()  # the client disconnected and was counted; nobody reads this

    async def _discover(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        state = self.state
        state.counts.gets += 1
        fault = state.plan.of_get(path) if state.settings.faults else None
        early = await early_fault(request, fault) if fault is not None else None
        if early is not None:
            return early
        methods = _METHODS.get(path)
        if methods is None or (path == "/api/status" and state.version < (0, 24)):
            return replies.reply_text("404 page not found", 404)
        if request.method not in methods:
            return replies.reply_text("405 method not allowed", 405, {"Allow": ", ".join(methods)})
        if path == "/":
            return replies.reply_text("Ollama is running")
        if path == "/api/show":
            return replies.reply_json(discovery.show(state, await request.content.read()))
        endpoints = {
            "/api/tags": discovery.tags,
            "/api/ps": discovery.ps,
            "/api/version": discovery.version,
            "/api/status": discovery.status,
        }
        return replies.reply_json(endpoints[path](state))

    async def _handle_control(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.method == "GET" and request.path == "/_sandbox/stats":
            return replies.reply_json(self.stats_json(with_requests="requests" in request.query))
        if request.method != "POST" or request.path != "/_sandbox/control":
            return replies.reply_text("404 page not found", 404)
        try:
            changes = json.loads(await request.content.read())
            if not isinstance(changes, dict):
                raise UsageError("the changes must be a JSON object")
            await self.control(changes)
        except (UsageError, ValueError) as error:
            return replies.reply_json({"error": str(error)}, 400)
        return replies.reply_json({"settings": dataclasses.asdict(self.settings)})


async def _runner(handler: Any) -> web.ServerRunner:
    # A disconnect cancels the handler, which frees the slot.
    server = web.Server(handler, handler_cancellation=True, access_log=None, keepalive_timeout=KEEPALIVE_SECONDS)
    runner = web.ServerRunner(server, shutdown_timeout=0)
    await runner.setup()
    return runner


async def _accepted() -> None:
    """Wait until every connection that was accepted is set up.

    ``_abort_connections`` knows only of these, and asyncio leaks the others when their server is closed.
    """
    for _ in range(ACCEPT_STEPS):
        await asyncio.sleep(0)


def _abort_connections(runner: web.ServerRunner) -> None:
    if runner.server is not None:
        for connection in runner.server.connections:
            if connection.transport is not None:
                connection.transport.abort()

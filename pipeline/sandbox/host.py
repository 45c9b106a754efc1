"""A simulated Ollama host: its two ports, its routes, going down and coming back.

The first port speaks Ollama's HTTP. The second one is for tests and benchmarks, and works whatever the first one
suffers:

``POST /_sandbox/control`` with a JSON object changes settings and answers ``{"settings": {all of them now}}``. Its
names are the fields of ``HostSettings``, for example ``{"hang": true}``, ``{"listening": false}``, ``{"num_parallel":
2}`` or ``{"faults": ["bad_gateway_502", {"kind": "busy_503", "share": 0.1}]}``; besides, ``"reset": true`` forgets
the request counts and which texts were seen, and ``"unload": true`` every loaded model. A wrong name or value: 400
``{"error": "..."}``, nothing is changed.

``GET /_sandbox/stats`` answers with the fields of ``RequestCounts`` (calls, load_calls, gets, served, cancelled,
in_flight, in_flight_peak, active_peak, waiting_peak, outcomes, text_faults, prompt_tokens, eval_tokens, busy_seconds,
first_call_at, last_answer_at), and ``active``, ``waiting`` (calls in a slot and in the queue for one now), ``loads``,
``reloads``, ``pending`` (calls that wait for a load), ``loaded_num_ctx`` ({model: tokens}) and ``listening``. With
``?requests=1`` also ``requests``, if ``record_requests`` was set: objects with ``chat``, ``prompt``, ``system``,
``source`` (the text to translate), ``body`` (as sent, names in lower case, without nulls) and ``outcome``.
"""

from __future__ import annotations

import dataclasses
import json
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
FOR_EVER_SECONDS = 10.0**7  # Ollama closes no idle connection

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
    """One simulated host in the running event loop.

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
        self._site: web.TCPSite | None = None

    @property
    def url(self) -> str:
        """Where it speaks Ollama's HTTP. The port stays the same over ``go_down`` and ``come_back``."""
        return f"http://{LOOPBACK}:{self._port}"

    @property
    def control_url(self) -> str:
        """Where it is controlled."""
        return f"http://{LOOPBACK}:{self._control_port}"

    @property
    def settings(self) -> HostSettings:
        """The settings in force."""
        return self.state.settings

    @property
    def stats(self) -> RequestCounts:
        """What was counted since the start or the last reset."""
        return self.state.counts

    @property
    def state(self) -> ServerState:
        """Everything behind the sockets.

        Raises:
            RuntimeError: It was not started.
        """
        if self._state is None:
            raise RuntimeError("the simulated host was not started")
        return self._state

    async def start(self) -> None:
        """Opens both ports.

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
        """Closes both ports and all connections, in the middle of whatever they do."""
        for runner in (self._runner, self._control_runner):
            if runner is not None:
                _abort_connections(runner)
                await runner.cleanup()
        self._runner = self._control_runner = self._site = None

    async def go_down(self) -> None:
        """The machine is gone: connections are reset, new ones refused."""
        if self._site is not None and self._runner is not None:
            await self._site.stop()
            self._site = None
            _abort_connections(self._runner)

    async def come_back(self) -> None:
        """Listens again, on the same port, with the model not loaded."""
        if self._site is None and self._runner is not None:
            self.state.scheduler.runners.clear()
            self._site = web.TCPSite(self._runner, LOOPBACK, self._port, backlog=BACKLOG)
            await self._site.start()
            self._port = self._runner.addresses[0][1]

    async def control(self, changes: Mapping[str, Any]) -> None:
        """Changes settings, or resets or unloads, as ``POST /_sandbox/control`` does.

        Raises:
            UsageError: An unknown name or a wrong value; nothing is changed.
        """
        settings = {name: value for name, value in changes.items() if name not in ("reset", "unload")}
        self.state.change(settings)
        if changes.get("reset"):
            self.state.reset()
        if changes.get("unload"):
            self.state.scheduler.unload_all()
        await (self.come_back() if self.settings.listening else self.go_down())

    def stats_json(self, with_requests: bool = False) -> dict[str, Any]:
        """What ``GET /_sandbox/stats`` answers."""
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
        return self.stats.as_json(with_requests) | now

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.raw_path.partition("?")[0]
        try:
            if request.method == "POST":
                if path == "/api/generate":
                    return await serve_call(self.state, request, chat=False)
                if path == "/api/chat":
                    return await serve_call(self.state, request, chat=True)
            return await self._tell(request, path)
        except Refusal as refusal:
            return replies.reply_json({"error": refusal.error}, refusal.status)
        except ConnectionError:
            return web.Response()  # the client left and was counted; nobody reads this

    async def _tell(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
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
        tell = {
            "/api/tags": discovery.tags,
            "/api/ps": discovery.ps,
            "/api/version": discovery.version,
            "/api/status": discovery.status,
        }
        return replies.reply_json(tell[path](state))

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
    # Cancelling the handler is how a client that leaves gives its slot back.
    server = web.Server(handler, handler_cancellation=True, access_log=None, keepalive_timeout=FOR_EVER_SECONDS)
    runner = web.ServerRunner(server, shutdown_timeout=0)
    await runner.setup()
    return runner


def _abort_connections(runner: web.ServerRunner) -> None:
    if runner.server is not None:
        for connection in runner.server.connections:
            if connection.transport is not None:
                connection.transport.abort()

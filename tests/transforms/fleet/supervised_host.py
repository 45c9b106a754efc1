"""One host, the requests that it gets, and its supervisor, without a dispatcher."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tests.transforms.fleet.loopback_fleet import OPTIONS, until
from tests.transforms.fleet.raw_host import RawHost, reply
from transforms.fleet.addresses import HostAddress
from transforms.fleet.host.breaker import Breaker
from transforms.fleet.host.deadlines import Deadline
from transforms.fleet.host.host_state import HostState, ServedModel
from transforms.fleet.host.host_supervisor import HostSupervisor
from transforms.fleet.host.limits import FixedLimit
from transforms.fleet.http.client import HostClient
from transforms.fleet.settings import FleetSettings

T = TypeVar("T")
A, B = "aa" * 32, "bb" * 32
CRASHED = reply({"error": "llama-server process has terminated: out of memory"}, "HTTP/1.1 500 No")
BUSY = reply({"error": "server busy, please try again"}, "HTTP/1.1 503 Service Unavailable")


@dataclass
class Server:
    """What the host answers; a test may change it at any time.

    Attributes:
        models: Digest of each model by its name.
        loaded: Models that it says are in its memory.
        listing: Answer to the question for its models, in place of the models.
        loads: Answers to commands to load a model, one after the other; then they succeed.
        calls: Path of each request, and the model in it.
    """

    models: dict[str, str] = field(default_factory=lambda: {"mistral:latest": A})
    loaded: list[dict[str, Any]] = field(default_factory=list)
    listing: bytes | None = None
    loads: Sequence[bytes | Iterable[bytes]] = ()
    calls: list[tuple[str, str]] = field(default_factory=list)

    def __call__(self, path: str, body: dict[str, Any]) -> bytes | Iterable[bytes] | None:
        self.calls.append((path, body.get("model", "")))
        if path == "/api/tags":
            models = [{"name": name, "digest": digest, "size": 1} for name, digest in self.models.items()]
            return self.listing or reply({"models": models})
        if path == "/api/ps":
            return reply({"models": self.loaded})
        if path == "/api/generate" and self.loads:
            answer, *self.loads = self.loads
            return answer
        return None

    def loaded_models(self) -> list[str]:
        return [model for path, model in self.calls if path == "/api/generate"]

    def looks(self) -> int:
        return sum(path == "/api/tags" for path, _ in self.calls)


@dataclass
class Supervised:
    """A supervisor and all that it works with."""

    supervisor: HostSupervisor
    host: HostState
    digests: dict[str, str]
    changes: list[bool]
    refusals: list[BaseException]

    async def ready(self) -> None:
        await until(lambda: self.host.ready)

    async def out(self) -> str:
        await until(lambda: self.host.out is not None)
        return self.host.out or ""


class OtherHosts:
    """What is known of other hosts."""

    def __init__(self, twin: str) -> None:
        self._twin = twin

    async def same_content(self, client: HostClient, model: str, digest: str) -> bool:
        return False

    async def twin(self, url: str) -> str:
        return self._twin


def started(url: str, twin: str = "", digests: dict[str, str] | None = None, **settings: Any) -> Supervised:
    host = HostState(url, Breaker(), lambda model: ServedModel(FixedLimit(4), Deadline(300)))
    known, changes, refusals = dict(digests or {}), list[bool](), list[BaseException]()
    supervisor = HostSupervisor(
        HostClient(HostAddress(url)),
        host,
        FleetSettings("mistral", OPTIONS, "30m", **settings),
        known,
        OtherHosts(twin),
        lambda: changes.append(host.ready),
        refusals.append,
    )
    supervisor.start()
    return Supervised(supervisor, host, known, changes, refusals)


def supervise(
    server: Server,
    use: Callable[[Supervised], Awaitable[T]],
    twin: str = "",
    digests: dict[str, str] | None = None,
    **settings: Any,
) -> T:
    async def inside(url: str) -> T:
        supervised = started(url, twin, digests, **settings)
        try:
            return await use(supervised)
        finally:
            await supervised.supervisor.close()

    with RawHost(server) as raw:
        return asyncio.run(inside(raw.url))

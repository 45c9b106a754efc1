"""The one place that talks HTTP to an Ollama host."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import aiohttp
import httpx
import ollama
from httpx_aiohttp import AiohttpTransport

from transforms.fleet.answers import Answer, accept
from transforms.fleet.faults import Failure, RequestFailed, from_exception, from_status
from transforms.fleet.hosts import HostAddress

T = TypeVar("T")
CONNECT_SECONDS = 5.0
GLANCE_SECONDS = 5.0
"""For what an idle or busy host answers at once: its version and its list of models."""

LONGEST_BODY_BYTES = 16_000_000
"""Of an answer: far more than a whole context of text. What comes without an end must not fill the memory."""


@dataclass(frozen=True)
class ModelOnHost:
    """A model as ``/api/tags`` lists it.

    Attributes:
        name: With its tag.
        digest: 64 hex digits; equal digests are equal weights, template and parameters.
        size_bytes: On the disk.
        remote: Whether it is a stub of a model that runs elsewhere: texts would leave the house.
    """

    name: str
    digest: str
    size_bytes: int
    remote: bool


@dataclass(frozen=True)
class LoadedModel:
    """A model in memory, as ``/api/ps`` lists it.

    Attributes:
        name: With its tag.
        size_bytes: Weights and context of all slots.
        vram_bytes: The part of it in GPU memory.
        context_length: Tokens of one slot; None where Ollama does not tell (before 0.9.7).
    """

    name: str
    size_bytes: int
    vram_bytes: int
    context_length: int | None

    @property
    def vram_share(self) -> float:
        """The part of it in GPU memory, 0 to 1; 0 is on the CPU only."""
        return self.vram_bytes / self.size_bytes if self.size_bytes else 1.0


@dataclass(frozen=True)
class ModelDetails:
    """What ``/api/show`` tells of a model.

    Attributes:
        trained_context: Tokens it was trained for; None if it does not say.
        architecture: Such as "llama"; empty if it does not say.
        capabilities: Such as "completion" and "thinking"; empty before Ollama 0.6.4.
    """

    trained_context: int | None
    architecture: str
    capabilities: tuple[str, ...]


class _PlainClient(httpx.AsyncClient):
    """An httpx client without cookies, redirects and rounds of authentication, which none of our requests needs.

    What httpx does for them costs a seventh of a call's CPU.
    """

    async def send(
        self, request: httpx.Request, *, stream: bool = False, auth: Any = None, follow_redirects: Any = None
    ) -> httpx.Response:
        """Sends a request and reads the whole answer."""
        response = await self._transport.handle_async_request(request)
        response.request = request
        parts: list[bytes] = []
        size = 0
        try:
            async for part in response.aiter_bytes():
                parts.append(part)
                size += len(part)
                if size > LONGEST_BODY_BYTES:
                    raise httpx.ReadError(f"the answer has more than {LONGEST_BODY_BYTES // 10**6} MB")
        finally:
            await response.aclose()
        response._content = b"".join(parts)  # as its own aread does, which has no limit
        return response


class HostClient:
    """Ollama's ``AsyncClient`` for one host, over aiohttp; used from one event loop only.

    The client's own httpx pool collapses above 20 requests in flight, hence the transport, without a limit of
    connections of its own: requests that wait in the client would be invisible to the host's queue. Redirects are not
    followed (a POST would become a GET, and texts might go elsewhere); proxies of the environment are ignored unless
    asked for; OLLAMA_API_KEY is not sent except as ``address`` says.
    """

    def __init__(self, address: HostAddress, use_proxy: bool = False) -> None:
        self.url = address.url
        # Whole and parsed once: merging a path with the base address costs a sixth of a call's CPU.
        self._generate_url = httpx.URL(f"{address.url}/api/generate")
        # A context takes 20 ms to make, and few hosts need one.
        tls = ssl.create_default_context() if address.encrypted else False

        def session() -> aiohttp.ClientSession:
            return aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, ssl=tls),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=use_proxy,
            )

        transport = AiohttpTransport(verify=tls, client=session)
        self._client = ollama.AsyncClient(address.url, headers=dict(address.headers), transport=transport)
        self._client._client = _PlainClient(
            base_url=self._client._client.base_url,
            headers=self._client._client.headers,
            transport=transport,
            timeout=httpx.Timeout(None, connect=CONNECT_SECONDS),
            trust_env=False,
        )
        if "authorization" not in {name.lower() for name, _ in address.headers}:
            self._client._client.headers.pop("authorization", None)

    async def generate(self, body: Mapping[str, Any]) -> Answer:
        """One generate call, whole: the answer counts only if it is complete.

        ``AsyncClient.generate`` has no argument for ``truncate``, so its own request method is called (pinned below
        0.7, and tested).

        Raises:
            RequestFailed: Whatever goes wrong.
        """
        return accept(await self._post(body), self.url, body["model"])

    async def load(self, model: str, options: Mapping[str, Any], keep_alive: str | float) -> None:
        """Loads the model with the options of the run: an empty prompt is Ollama's command for it.

        Raises:
            RequestFailed: If it can't be loaded.
        """
        await self._post({"model": model, "prompt": "", "stream": False, "options": options, "keep_alive": keep_alive})

    async def _post(self, body: Mapping[str, Any]) -> ollama.GenerateResponse:
        try:
            return await self._client._request(ollama.GenerateResponse, "POST", self._generate_url, json=body)
        except Exception as error:
            raise from_exception(error, self.url) from error

    async def version(self) -> str:
        """Ollama's version, such as ``0.24.0``.

        Raises:
            RequestFailed: If there is no such answer.
        """
        return await self._get("/api/version", lambda told: str(told.get("version", "")))

    async def models(self) -> tuple[ModelOnHost, ...]:
        """The models that the host has.

        Raises:
            RequestFailed: If it does not list them.
        """
        return await self._get("/api/tags", _models)

    async def loaded(self) -> tuple[LoadedModel, ...]:
        """The models that the host has in memory.

        Raises:
            RequestFailed: If it does not list them.
        """
        return await self._get("/api/ps", _loaded)

    async def details(self, model: str) -> ModelDetails:
        """What the host knows of one of its models.

        Raises:
            RequestFailed: If it does not tell.
        """
        return await self._get("/api/show", _details, {"model": model})

    async def _get(self, path: str, read: Callable[[dict[str, Any]], T], body: Mapping[str, Any] | None = None) -> T:
        """What ``read`` finds in that which a host answers at once; asked by POST if there is a body."""
        method = "GET" if body is None else "POST"
        try:
            # The package's own types drop the keys that tell a remote stub.
            asking = self._client._client.request(method, path, json=body)
            # The client's own limit is one for each piece: an answer that drips would never end.
            response = await asyncio.wait_for(asking, GLANCE_SECONDS)
            if response.status_code >= 300:
                raise from_status(response.status_code, response.text, self.url)
            return read(response.json())
        except RequestFailed:
            raise
        except asyncio.TimeoutError:
            message = f"no answer to {path} within {GLANCE_SECONDS:.0f} s"
            raise RequestFailed(Failure.TIMEOUT, message, self.url) from None
        except Exception as error:
            raise from_exception(error, self.url) from error

    async def close(self) -> None:
        """Closes its connections."""
        await self._client._client.aclose()


def _models(told: dict[str, Any]) -> tuple[ModelOnHost, ...]:
    return tuple(
        ModelOnHost(
            name=str(model.get("name") or ""),
            digest=str(model.get("digest") or ""),
            size_bytes=_whole(model.get("size")) or 0,
            remote=bool(model.get("remote_host") or model.get("remote_model")),
        )
        for model in told.get("models") or []
    )


def _loaded(told: dict[str, Any]) -> tuple[LoadedModel, ...]:
    return tuple(
        LoadedModel(
            name=str(model.get("name") or ""),
            size_bytes=_whole(model.get("size")) or 0,
            vram_bytes=_whole(model.get("size_vram")) or 0,
            context_length=_whole(model.get("context_length")),
        )
        for model in told.get("models") or []
    )


def _details(told: dict[str, Any]) -> ModelDetails:
    metadata = told.get("model_info") or {}
    architecture = str(metadata.get("general.architecture", ""))
    return ModelDetails(
        trained_context=_whole(metadata.get(f"{architecture}.context_length")),
        architecture=architecture,
        capabilities=tuple(map(str, told.get("capabilities") or ())),
    )


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None

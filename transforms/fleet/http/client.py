"""The HTTP client of one Ollama host: the only place that sends requests.

It speaks HTTP through aiohttp and does not use the ``ollama`` package, for these reasons (ollama 0.6.3):

- ``AsyncClient.generate`` cannot send ``truncate``, without which Ollama cuts long prompts silently.
- Its httpx connection pool takes four to ten times the CPU of aiohttp above 20 requests in flight, and stops reusing
  connections.
- It sends ``OLLAMA_API_KEY`` of the environment to every host, also over plain http, and has no argument against it.
- It reads answers of any size into memory, and its types drop the fields that reveal a model that runs elsewhere.

The tests hold this client against that package: the same call through both gives the same answer.
"""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any, TypeVar
from urllib.parse import urlsplit

import orjson

from transforms.fleet.addresses import HostAddress
from transforms.fleet.faults import Failure, RequestFailed
from transforms.fleet.http.answers import Answer, accept
from transforms.fleet.http.certainty import as_token
from transforms.fleet.http.connections import LARGEST_ERROR_BYTES, BodyTooLarge, HostConnections
from transforms.fleet.http.host_messages import quotable_version
from transforms.fleet.http.http_errors import ErrorReply, from_exception, from_reply, not_ollamas_answer
from transforms.fleet.http.listings import (
    LoadedModel,
    ModelDetails,
    ModelOnHost,
    read_details,
    read_loaded,
    read_models,
)
from transforms.time_limits import limited

T = TypeVar("T")

LOOKUP_SECONDS = 5.0
"""For answers that an idle or busy host gives at once, such as its version and its models."""

LARGEST_LOOKUP_BYTES = 16_000_000

ANSWER_BYTES_PER_TOKEN = 64
CONTEXT_BYTES_PER_TOKEN = 16
LOGPROB_BYTES_PER_TOKEN = 320
SPARE_BYTES = 64_000
"""An answer has at most so many bytes per token of ``num_predict``, of ``num_ctx`` for its ``context`` field, and of
``num_predict`` for its ``logprobs``: 60 for their frame, and each token as text and as a list of its bytes."""

USER_AGENT = "beam-ollama-translate"
HEADERS = {"User-Agent": USER_AGENT, "Content-Type": "application/json", "Accept-Encoding": "identity"}


class HostClient:
    """Sends requests to one host; for use in one event loop only.

    Redirects are not followed, as a POST would become a GET and texts might go to another machine. Proxies of the
    environment are used only if requested, and never get the credentials of ``~/.netrc``. The number of connections is
    not limited, as requests that wait in the client would distort the measured queue of the host.

    Attributes:
        url: The host's address.
    """

    def __init__(self, address: HostAddress, use_proxy: bool = False) -> None:
        self.url = address.url
        headers = {**HEADERS, **dict(address.headers)}
        self._connections = HostConnections(address.url, headers, _proxy_of(address.url) if use_proxy else None)

    async def generate(self, body: Mapping[str, Any]) -> Answer:
        """Sends one generate call.

        Args:
            body: The whole request, with ``model``, ``prompt`` and ``options.num_predict``.

        Raises:
            RequestFailed: If there is no complete answer.
        """
        num_predict = body["options"]["num_predict"]
        largest = (
            SPARE_BYTES
            + (ANSWER_BYTES_PER_TOKEN + (LOGPROB_BYTES_PER_TOKEN if body.get("logprobs") else 0)) * num_predict
            + CONTEXT_BYTES_PER_TOKEN * body["options"].get("num_ctx", 0)
        )
        message = await self._call("/api/generate", body, largest)
        return accept(message, self.url, body["model"], num_predict)

    async def load(self, model: str, options: Mapping[str, Any], keep_alive: str | float) -> None:
        """Loads a model with the options of the run; an empty prompt is Ollama's command for that.

        Raises:
            RequestFailed: If the model can't be loaded.
        """
        body = {"model": model, "prompt": "", "stream": False, "options": options, "keep_alive": keep_alive}
        await self._call("/api/generate", body, SPARE_BYTES)

    async def version(self) -> str:
        """Ollama's version, such as ``0.24.0``; empty if the host answers something else.

        Raises:
            RequestFailed: If the host does not answer.
        """
        return await self._look_up("/api/version", lambda message: quotable_version(str(message.get("version", ""))))

    async def models(self) -> tuple[ModelOnHost, ...]:
        """The models that the host has.

        Raises:
            RequestFailed: If the host does not list them.
        """
        return await self._look_up("/api/tags", read_models)

    async def loaded(self) -> tuple[LoadedModel, ...]:
        """The models that the host has in memory.

        Raises:
            RequestFailed: If the host does not list them.
        """
        return await self._look_up("/api/ps", read_loaded)

    async def details(self, model: str) -> ModelDetails:
        """The properties of one of the host's models.

        Raises:
            RequestFailed: If the host does not give them.
        """
        return await self._look_up("/api/show", read_details, {"model": model})

    async def _look_up(
        self, path: str, read: Callable[[Mapping[str, Any]], T], body: Mapping[str, Any] | None = None
    ) -> T:
        try:
            call = self._call(path, body, LARGEST_LOOKUP_BYTES)
            message = await limited(call, LOOKUP_SECONDS)
        except asyncio.TimeoutError:
            detail = f"no answer to {path} within {LOOKUP_SECONDS:.0f} s"
            raise RequestFailed(Failure.TIMEOUT, detail, self.url) from None
        try:
            return read(message)
        except (AttributeError, TypeError, ValueError):
            raise RequestFailed(Failure.NOT_JSON, f"the answer to {path} is not Ollama's JSON", self.url) from None

    async def _call(self, path: str, body: Mapping[str, Any] | None, largest_bytes: int) -> dict[str, Any]:
        """The JSON object that the host answers to one call; a GET if it has no body."""
        began = monotonic()
        try:
            if body is None:
                reply = await self._connections.get(path, largest_bytes)
            else:
                reply = await self._connections.post(path, orjson.dumps(body), largest_bytes)
        except BodyTooLarge:
            detail = f"the answer has more than {largest_bytes:,} bytes, which is more than was requested"
            raise RequestFailed(Failure.ANSWER_TOO_LARGE, detail, self.url) from None
        except Exception as error:
            raise from_exception(error, self.url) from error
        model, private = ("", "") if body is None else (str(body["model"]), str(body.get("prompt", "")))
        if not reply.good:
            text = reply.body.decode("utf-8", "replace")
            location, retry_after = reply.headers.get("Location", ""), reply.headers.get("Retry-After", "")
            error_reply = ErrorReply(reply.status, text, retry_after, location, monotonic() - began)
            raise from_reply(error_reply, self.url, model, private)
        message = _json_object(reply.body)
        if message is None:
            raise not_ollamas_answer(reply.status, reply.body, self.url)
        if "error" in message:  # Ollama reports errors in this way once it has begun to answer
            error_reply = ErrorReply(reply.status, reply.body[:LARGEST_ERROR_BYTES].decode("utf-8", "replace"))
            raise from_reply(error_reply, self.url, model, private)
        return message

    async def close(self) -> None:
        """Closes its connections."""
        await self._connections.close()


def _proxy_of(url: str) -> str | None:
    """The proxy that the environment names for a host; None for a direct connection."""
    parts = urlsplit(url)
    if urllib.request.proxy_bypass(parts.netloc):
        return None
    proxies = urllib.request.getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    return proxy if not proxy or "://" in proxy else f"http://{proxy}"


def _json_object(content: bytes) -> dict[str, Any] | None:
    try:
        message = json.loads(content, object_hook=as_token) if b'"logprob"' in content else _any_json(content)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) else None


def _any_json(content: bytes) -> Any:
    try:
        return orjson.loads(content)
    except ValueError:
        return json.loads(content)  # it also reads lone surrogates and other encodings

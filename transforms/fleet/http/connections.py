"""HTTP requests to one host over the connections of an aiohttp connector, without a session.

For every request, an ``aiohttp.ClientSession`` merges headers, cookies and settings, makes a request and a response,
and starts a task that writes the body: more than half of what a short call costs. The requests to a host differ in
nothing but their path and body, so here a request is one write, and its reply is read from aiohttp's parser. Making,
pooling and encrypting connections, and proxies, are left to the connector.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Coroutine, Mapping
from typing import Any, NamedTuple

import aiohttp
from aiohttp.connector import Connection
from aiohttp.http import RawResponseMessage
from aiohttp.streams import StreamReader
from yarl import URL

CONNECT_SECONDS = 15.0
"""A host that works may take seconds to accept a connection while its machine, or ours, is busy."""

LARGEST_ERROR_BYTES = 64_000

_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS)


class BodyTooLarge(Exception):
    """A body has more bytes than its request allows."""


def _is_success(status: int) -> bool:
    return 200 <= status < 300


class Reply(NamedTuple):
    """A reply of a host; the body of one that is no success may be cut."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def good(self) -> bool:
        """Whether it is a success."""
        return _is_success(self.status)


class HostConnections:
    """The connections to one host; for use in one event loop only.

    Redirects are not followed, cookies are not kept, and the number of connections is not limited.

    Args:
        url: The host's address, without a slash at the end.
        headers: Sent with each request.
        proxy: The address of a proxy, perhaps with credentials; None for a direct connection.
    """

    def __init__(self, url: str, headers: Mapping[str, str], proxy: str | None = None) -> None:
        self._url = URL(url)
        self._headers = headers
        self._proxy = None if proxy is None else URL(proxy)
        self._connector: aiohttp.TCPConnector | None = None
        self._target: aiohttp.ClientRequest | None = None
        self._heads: dict[tuple[str, str], bytes] = {}

    def _open(self) -> tuple[aiohttp.TCPConnector, aiohttp.ClientRequest]:
        """The connector, and the request that stands for all requests when it is asked for a connection."""
        if self._connector is None or self._target is None:
            # Making a TLS context takes 20 ms, and few hosts need one.
            tls = ssl.create_default_context() if self._url.scheme == "https" else True
            self._connector = aiohttp.TCPConnector(limit=0, ssl=tls)
            self._target = aiohttp.ClientRequest(
                "GET", self._url, headers=dict(self._headers), proxy=self._proxy, loop=asyncio.get_running_loop()
            )
        return self._connector, self._target

    async def get(self, path: str, largest_bytes: int) -> Reply:
        """Ask a question, once more if its connection turns out to be closed; see ``post``."""
        try:
            return await self._exchange("GET", path, b"", largest_bytes)
        except aiohttp.ClientConnectorError:
            raise
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError):
            return await self._exchange("GET", path, b"", largest_bytes)

    def post(self, path: str, body: bytes, largest_bytes: int) -> Coroutine[Any, Any, Reply]:
        """Send one request, and read its reply to the end.

        Args:
            path: It begins with a slash.
            body: Of the request.
            largest_bytes: Of the reply's body.

        Raises:
            BodyTooLarge: A successful reply has a larger body, which was not read.
            Exception: Those of aiohttp, of sockets and of TLS; see ``http_errors.from_exception``.
        """
        return self._exchange("POST", path, body, largest_bytes)

    async def _exchange(self, method: str, path: str, body: bytes, largest_bytes: int) -> Reply:
        connector, target = self._open()
        connection = await connector.connect(target, [], _TIMEOUT)
        try:
            self._send(connection, target, method, path, body)
            message, content = await _begin(connection)
            good = _is_success(message.code)
            read = await _read(content, largest_bytes if good else LARGEST_ERROR_BYTES, cut=not good)
        except BaseException:
            connection.close()
            raise
        connection.release()  # closes it if its reply was not read to the end
        return Reply(message.code, message.headers, read)

    def _send(self, connection: Connection, target: aiohttp.ClientRequest, method: str, path: str, body: bytes) -> None:
        protocol, transport = connection.protocol, connection.transport
        if protocol is None or transport is None:
            raise aiohttp.ServerDisconnectedError
        protocol.set_response_params(read_until_eof=True)
        head = self._heads.get((method, path))
        if head is None:
            head = self._heads[method, path] = self._head(target, method, path)
        length = b"Content-Length: %d\r\n" % len(body) if method == "POST" else b""
        transport.write(b"%s%s\r\n%s" % (head, length, body))

    def _head(self, target: aiohttp.ClientRequest, method: str, path: str) -> bytes:
        """Request line and headers of all requests for a path, but for the length of the body.

        To be made once there is a connection: then the headers have the credentials of a proxy.
        """
        url = URL(f"{self._url}{path}")
        through_proxy = self._proxy is not None and not target.is_ssl()
        lines = [f"{method} {url if through_proxy else url.raw_path_qs} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in target.headers.items()]
        return "".join(f"{line}\r\n" for line in lines).encode()

    async def close(self) -> None:
        """Close all connections."""
        if self._connector is not None:
            await self._connector.close()


async def _begin(connection: Connection) -> tuple[RawResponseMessage, StreamReader]:
    """The head of a reply, and its body, which may still be on its way; interim replies are passed over."""
    protocol = connection.protocol
    if protocol is None:
        raise aiohttp.ServerDisconnectedError
    while True:
        message, content = await protocol.read()
        if not 100 <= message.code < 200 or message.code == 101:
            return message, content


async def _read(content: StreamReader, largest_bytes: int, cut: bool) -> bytes:
    """The body of a reply; one that is too large is ``cut``, or raises ``BodyTooLarge``. Neither fills the memory."""
    parts: list[bytes] = []
    size = 0
    while not content.at_eof():
        part = await content.readany()
        parts.append(part)
        size += len(part)
        if size > largest_bytes:
            if cut:
                break
            raise BodyTooLarge
    return b"".join(parts)[:largest_bytes]

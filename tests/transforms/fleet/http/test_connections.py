"""Requests over aiohttp's connections: what is sent, how long a connection lives, and what a session does, too."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
import trustme

from tests.transforms.fleet.raw_host import reply
from transforms.fleet.faults import Failure
from transforms.fleet.http.connections import LARGEST_ERROR_BYTES, BodyTooLarge, HostConnections, Reply
from transforms.fleet.http.http_errors import from_exception

HEADERS = {"User-Agent": "test", "Content-Type": "application/json", "Accept-Encoding": "identity"}
LARGEST_BYTES = 100_000


class Server:
    """A server in the test's own loop that answers one request after the other, and keeps what it received.

    Args:
        replies: The bytes for each request, in order; None to close the connection without an answer, and empty bytes
            to wait until the client leaves.

    Attributes:
        requests: Head and body of each request.
        connections: The number of connections that were accepted.
        asked: Set once there is a request.
        left: Set when a client has closed its connection.
    """

    def __init__(self, *replies: bytes | None) -> None:
        self.replies = list(replies)
        self.requests: list[bytes] = []
        self.connections = 0
        self.asked = asyncio.Event()
        self.left = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    (int(line[15:]) for line in head.lower().split(b"\r\n") if line[:14] == b"content-length"), 0
                )
                self.requests.append(head + await reader.readexactly(length))
                self.asked.set()
                answer = self.replies.pop(0)
                if answer is None:
                    return
                writer.write(answer)
                if b"Connection: close" in answer:
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            self.left.set()
        finally:
            writer.close()

    def lines(self, number: int = 0) -> list[bytes]:
        """The request line and the headers of a request."""
        return self.requests[number].partition(b"\r\n\r\n")[0].split(b"\r\n")


@asynccontextmanager
async def serving(server: Server) -> AsyncIterator[str]:
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    finally:
        listening.close()


@asynccontextmanager
async def connected(url: str, proxy: str | None = None) -> AsyncIterator[HostConnections]:
    connections = HostConnections(url, HEADERS, proxy)
    try:
        yield connections
    finally:
        await connections.close()


def ask(server: Server, call: Callable[[HostConnections], Awaitable[Reply]]) -> Reply:
    """The reply to one call."""

    async def run() -> Reply:
        async with serving(server) as url, connected(url) as connections:
            return await call(connections)

    return asyncio.run(run())


def post(connections: HostConnections, body: bytes = b"{}", largest_bytes: int = LARGEST_BYTES) -> Awaitable[Reply]:
    return connections.post("/api/generate", body, largest_bytes)


def get(connections: HostConnections) -> Awaitable[Reply]:
    return connections.get("/api/tags", LARGEST_BYTES)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_request_is_what_a_session_would_send(method: str) -> None:
    async def run() -> tuple[Server, Reply]:
        server = Server(reply({}), reply({}))
        body = b'{"prompt": "\xc3\xa9t\xc3\xa9"}'
        async with serving(server) as url, connected(f"{url}/pre fix") as connections:
            answer = await (
                connections.post("/api/generate", body, LARGEST_BYTES)
                if method == "POST"
                else connections.get("/api/generate", LARGEST_BYTES)
            )
            async with (
                aiohttp.ClientSession(headers=HEADERS) as session,
                session.request(method, f"{url}/pre fix/api/generate", data=body if method == "POST" else None),
            ):
                pass
        return server, answer

    server, answer = asyncio.run(run())
    assert answer.good
    assert answer.body == b"{}"
    ours, theirs = server.lines(0), server.lines(1)
    assert ours[0] == theirs[0]
    assert ours[0] == f"{method} /pre%20fix/api/generate HTTP/1.1".encode()
    assert sorted(ours) == sorted(theirs)
    assert server.requests[0].partition(b"\r\n\r\n")[2] == server.requests[1].partition(b"\r\n\r\n")[2]


def test_a_connection_is_used_again() -> None:
    server = Server(reply({}), reply({"error": "busy"}, "HTTP/1.1 503 Busy"), reply({}))

    async def call(connections: HostConnections) -> Reply:
        await post(connections)
        await post(connections)
        return await get(connections)

    assert ask(server, call).good
    assert server.connections == 1
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    "sent",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n2\r\nef\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabcdef",
        b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabcdef",
    ],
)
def test_each_way_to_send_a_body_is_read(sent: bytes) -> None:
    assert ask(Server(sent), post).body == b"abcdef"


def test_a_reply_without_a_body() -> None:
    answer = ask(Server(b"HTTP/1.1 204 No Content\r\n\r\n"), post)
    assert (answer.status, answer.body) == (204, b"")


def test_the_headers_of_an_error_are_told_whatever_their_case() -> None:
    answer = ask(Server(reply({}, "HTTP/1.1 503 Busy", "retry-after: 3\r\n")), post)
    assert not answer.good
    assert answer.headers["Retry-After"] == "3"


def test_what_is_left_of_a_large_error_is_not_read_and_its_connection_not_used_again() -> None:
    server = Server(reply(b"x" * (20 * LARGEST_ERROR_BYTES), "HTTP/1.1 500 Error"), reply({}))

    async def call(connections: HostConnections) -> Reply:
        error = await post(connections)
        assert error.body == b"x" * LARGEST_ERROR_BYTES
        return await post(connections)

    assert ask(server, call).good
    assert server.connections == 2


def test_a_body_over_the_limit_is_not_read() -> None:
    with pytest.raises(BodyTooLarge):
        ask(Server(reply(b"x" * 2000)), lambda connections: post(connections, largest_bytes=1000))


def test_a_cancelled_request_leaves_its_host() -> None:
    async def run() -> None:
        server = Server(b"", reply({}))
        async with serving(server) as url, connected(url) as connections:
            waiting = asyncio.ensure_future(post(connections))
            await server.asked.wait()
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            await asyncio.wait_for(server.left.wait(), 10)
            assert (await post(connections)).good, "the next request has a connection of its own"
            assert server.connections == 2

    asyncio.run(run())


def test_only_a_question_is_asked_again_if_its_connection_was_closed() -> None:
    server = Server(reply({}), None, reply({}), None)

    async def call(connections: HostConnections) -> Reply:
        await get(connections)
        assert (await get(connections)).good
        return await post(connections)

    with pytest.raises(aiohttp.ServerDisconnectedError):
        ask(server, call)
    assert [request[:4] for request in server.requests] == [b"GET ", b"GET ", b"GET ", b"POST"]


def test_a_proxy_gets_the_whole_address_and_its_credentials() -> None:
    server = Server(reply({}))

    async def run() -> Reply:
        async with (
            serving(server) as url,
            connected("http://gpu0:11434", url.replace("://", "://anna:sesame@")) as connections,
        ):
            return await post(connections)

    assert asyncio.run(run()).good
    assert server.lines()[0] == b"POST http://gpu0:11434/api/generate HTTP/1.1"
    assert b"Proxy-Authorization: Basic " + base64.b64encode(b"anna:sesame") in server.lines()
    assert b"Host: gpu0:11434" in server.lines()


def test_an_encrypted_host_is_reached_through_a_tunnel_of_the_proxy() -> None:
    server = Server(reply(b"", "HTTP/1.1 407 Proxy Authentication Required"))

    async def run() -> Reply:
        async with serving(server) as url, connected("https://gpu0:11434", url) as connections:
            return await post(connections)

    with pytest.raises(aiohttp.ClientHttpProxyError):
        asyncio.run(run())
    assert server.lines()[0] == b"CONNECT gpu0:11434 HTTP/1.1"
    assert len(server.requests) == 1, "nothing was sent past the refusal"


@asynccontextmanager
async def encrypted(server: Server, authority: trustme.CA) -> AsyncIterator[str]:
    """The server behind a certificate for 127.0.0.1."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=context)
    try:
        yield f"https://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    finally:
        listening.close()


def test_an_encrypted_host_needs_a_certificate_of_a_known_authority(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    authority, server = trustme.CA(), Server(reply({}))

    async def run() -> Reply:
        async with encrypted(server, authority) as url, connected(url) as connections:
            return await post(connections)

    with pytest.raises(aiohttp.ClientConnectorCertificateError) as refused:
        asyncio.run(run())
    assert from_exception(refused.value, "gpu0").failure is Failure.TLS_FAILURE
    assert not server.requests, "nothing was sent to a host that may be another one"
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    assert asyncio.run(run()).good

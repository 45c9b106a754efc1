"""What the client sends of this machine's environment: paths, keys, proxies, and never the user's netrc."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.transforms.fleet.http.test_client import BODY, generate, use
from transforms.fleet.addresses import HostAddress
from transforms.fleet.faults import Failure, RequestFailed
from transforms.fleet.http.client import HostClient


@pytest.fixture
def raw_server() -> Iterator[tuple[str, list[bytes]]]:
    """A server that records the head of each request and answers a fixed JSON body that is no object."""
    received: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    received.append(connection.recv(65536))
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\n123")

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/prefix", received
        server.shutdown(socket.SHUT_RDWR)
    thread.join()


def ask_through_proxies(url: str) -> None:
    """Ask a host with ``--use_proxy``."""

    async def ask() -> None:
        client = HostClient(HostAddress(url), use_proxy=True)
        try:
            await client.generate(BODY)
        finally:
            await client.close()

    asyncio.run(ask())


def test_json_that_is_no_object_and_a_path_prefix(raw_server: tuple[str, list[bytes]]) -> None:
    url, received = raw_server
    with pytest.raises(RequestFailed) as failed:
        generate(url)
    assert failed.value.failure is Failure.NOT_JSON
    assert received[0].startswith(b"POST /prefix/api/generate HTTP/1.1\r\n")


def test_the_api_key_of_the_environment_is_not_sent_unasked(
    raw_server: tuple[str, list[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLLAMA_API_KEY", "sesame")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    url, received = raw_server
    with pytest.raises(RequestFailed):
        generate(url)
    with pytest.raises(RequestFailed):
        use(url, lambda client: client.generate(BODY), (("Authorization", "Bearer open"),))
    assert b"sesame" not in b"".join(received)
    assert b"authorization" not in received[0].lower()
    assert b"bearer open" in received[1].lower()


def test_a_proxy_of_the_environment_never_gets_the_users_netrc(
    raw_server: tuple[str, list[bytes]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    url, received = raw_server
    port = url.rpartition(":")[2].partition("/")[0]
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine 127.0.0.1 login anna password sesame\nmachine gpu0 login anna password sesame {port}\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
    monkeypatch.delenv("no_proxy", raising=False)

    with pytest.raises(RequestFailed):
        ask_through_proxies("http://gpu0:11434")
    assert received[0].startswith(b"POST http://gpu0:11434/api/generate ")
    assert b"uthorization" not in received[0]


def test_a_host_that_the_environment_excepts_is_asked_without_the_proxy(
    raw_server: tuple[str, list[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, received = raw_server
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")

    with pytest.raises(RequestFailed):
        ask_through_proxies(url)
    assert b"POST " in received[0]
    assert b"http://127.0.0.1" not in received[0].partition(b" HTTP")[0], "a path, not an address for a proxy"

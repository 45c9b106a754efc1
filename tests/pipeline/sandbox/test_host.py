from __future__ import annotations

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from pipeline.sandbox.host import SandboxHost
from pipeline.sandbox.settings import HostSettings
from tests.conftest import MakeHost
from tests.pipeline.sandbox.http_calls import (
    TEXT,
    generate,
    send,
    wait_until,
)


def test_a_host_in_the_running_loop_goes_down_and_comes_back() -> None:
    async def run() -> None:
        host = SandboxHost(HostSettings(num_parallel=1))
        await host.start()
        url = host.url
        assert (await asyncio.to_thread(generate, url)).status == 200
        await host.go_down()
        with pytest.raises(ConnectionError):
            await asyncio.to_thread(generate, url)
        await host.come_back()
        assert host.url == url
        assert (await asyncio.to_thread(generate, url)).status == 200
        assert (host.counts.served, host.settings.num_parallel) == (2, 1)
        await host.stop()
        with pytest.raises(ConnectionError):
            await asyncio.to_thread(generate, url)

    asyncio.run(run())


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
@pytest.mark.parametrize("steps", range(8))
def test_a_host_that_goes_down_resets_also_a_connection_that_it_has_just_accepted(steps: int, loop: str) -> None:
    async def run() -> None:
        host = SandboxHost(HostSettings())
        await host.start()
        with socket.create_connection(("127.0.0.1", int(host.url.rpartition(":")[2]))) as connection:
            for _ in range(steps):
                await asyncio.sleep(0)
            await host.go_down()
            connection.setblocking(False)
            with suppress(ConnectionError):
                connection.send(b"GET / HTTP/1.1\r\nHost: gpu0\r\n\r\n")
            received = b""
            with suppress(ConnectionError):
                received = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(connection, 100), 10)
        assert received == b""
        await host.stop()

    policy = pytest.importorskip("uvloop").EventLoopPolicy() if loop == "uvloop" else asyncio.DefaultEventLoopPolicy()
    running = policy.new_event_loop()
    running.run_until_complete(run())
    running.close()


def test_control_over_http(sandbox_host: MakeHost) -> None:
    host = sandbox_host(record_requests=True)
    generate(host.url, options={"num_ctx": 2048}, keep_alive="5m")
    changed = send(
        host.control_url, "POST", "/_sandbox/control", {"hang": True, "faults": [{"kind": "echo", "share": 0.5}]}
    )
    assert changed.status == 200
    assert changed.json()["settings"]["hang"] is True
    assert changed.json()["settings"]["faults"][0]["share"] == 0.5
    stats = send(host.control_url, "GET", "/_sandbox/stats?requests=1").json()
    (request,) = stats["requests"]
    assert (request["source"], request["outcome"], request["chat"]) == (TEXT, "ok", False)
    assert request["body"]["keep_alive"] == "5m"
    assert request["body"]["options"] == {"num_ctx": 2048}
    assert "requests" not in send(host.control_url, "GET", "/_sandbox/stats").json()
    assert stats == host.stats(with_requests=True)
    send(host.control_url, "POST", "/_sandbox/control", {"reset": True, "unload": True, "hang": False})
    cleared = host.stats()
    assert (cleared["calls"], cleared["outcomes"], cleared["loaded_num_ctx"]) == (0, {}, {})


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"nonsense": 1}, "nonsense"),
        ({"hang": "yes"}, "hang"),
        ({"num_parallel": 0}, "num_parallel"),
        ({"num_parallel": 1.5}, "num_parallel"),
        ({"faults": ["nonsense"]}, "nonsense"),
        ({"models": "mistral"}, "models"),
        ({"version": "new"}, "version"),
        ({"digest": "abc"}, "digest"),
        ({"vram_share": 2}, "vram_share"),
        ({"tokens_per_second": -1}, "tokens_per_second"),
        ([], "object"),
    ],
)
def test_wrong_changes_change_nothing(sandbox_host: MakeHost, changes: object, word: str) -> None:
    host = sandbox_host()
    before = host.host.settings
    reply = send(host.control_url, "POST", "/_sandbox/control", changes)
    assert reply.status == 400
    assert word in reply.json()["error"]
    assert host.host.settings == before


def test_control_works_while_the_host_is_down(sandbox_host: MakeHost) -> None:
    host = sandbox_host(listening=False)
    with pytest.raises(ConnectionError):
        generate(host.url)
    assert host.stats()["listening"] is False
    host.control(listening=True)
    assert generate(host.url).status == 200
    host.control(listening=False)
    with pytest.raises(ConnectionError):
        generate(host.url)


def test_going_down_resets_what_is_in_work(sandbox_host: MakeHost) -> None:
    host = sandbox_host(tokens_per_second=1.0)
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(generate, host.url)
        wait_until(lambda: host.stats()["active"] == 1)
        host.control(listening=False)
        with pytest.raises(ConnectionError):
            call.result(60)
    assert host.stats()["outcomes"] == {"cancelled": 1}


@pytest.mark.parametrize(
    ("method", "path", "status", "text"),
    [
        ("GET", "/", 200, "Ollama is running"),
        ("GET", "/api/nope", 404, "404 page not found"),
        ("GET", "/api/generate", 405, "405 method not allowed"),
        ("POST", "/api/tags", 405, "405 method not allowed"),
    ],
)
def test_plain_text_pages(sandbox_host: MakeHost, method: str, path: str, status: int, text: str) -> None:
    reply = send(sandbox_host().url, method, path)
    assert (reply.status, reply.body.decode()) == (status, text)
    assert reply.headers["content-type"].startswith("text/plain")
    assert ("allow" in reply.headers) == (status == 405)


def test_head_is_answered_without_a_body(sandbox_host: MakeHost) -> None:
    host = sandbox_host()
    for path in ("/", "/api/version", "/api/tags"):
        reply = send(host.url, "HEAD", path)
        assert (reply.status, reply.body) == (200, b"")


def test_gets_have_faults_of_their_own(sandbox_host: MakeHost) -> None:
    host = sandbox_host(faults=[{"kind": "bad_gateway_502", "scope": "get"}])
    assert send(host.url, "GET", "/api/tags").status == 502
    assert generate(host.url).status == 200

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.conftest import MakeHost
from tests.pipeline.sandbox.http_calls import (
    ENGLISH,
    TEXT,
    Leaver,
    body_of,
    generate,
    prompt_of,
    send,
    wait_until,
)


def test_stream_is_the_default(sandbox_host: MakeHost) -> None:
    reply = generate(sandbox_host().url, stream=None)
    assert reply.headers["content-type"] == "application/x-ndjson"


def test_chat_answers_with_a_message(sandbox_host: MakeHost) -> None:
    host = sandbox_host()
    messages = [{"role": "system", "content": "Translate."}, {"role": "user", "content": prompt_of(TEXT)}]
    body = body_of() | {"messages": messages}
    answer = send(host.url, "POST", "/api/chat", body).json()
    assert answer["message"] == {"role": "assistant", "content": ENGLISH}
    assert "context" not in answer
    assert "response" not in answer
    loaded = send(host.url, "POST", "/api/chat", {"model": "mistral"}).json()
    assert loaded["done_reason"] == "load"
    refused = send(host.url, "POST", "/api/chat", {"messages": messages})
    assert (refused.status, refused.json()) == (400, {"error": "model is required"})


@pytest.mark.parametrize("prompt", ["", None])
def test_an_empty_prompt_loads_or_unloads(sandbox_host: MakeHost, prompt: str | None) -> None:
    host = sandbox_host()
    loaded = generate(host.url, prompt=prompt, stream=True)
    assert loaded.headers["content-type"] == "application/json; charset=utf-8"
    assert loaded.json() | {"created_at": ""} == {
        "model": "mistral",
        "created_at": "",
        "response": "",
        "done": True,
        "done_reason": "load",
    }
    assert host.stats()["loaded_num_ctx"] == {"mistral:latest": 4096}
    assert generate(host.url, prompt=prompt, keep_alive=0).json()["done_reason"] == "unload"
    assert host.stats()["loaded_num_ctx"] == {}
    assert host.stats()["calls"] == 0


def test_the_rendered_prompt_can_be_asked_for(sandbox_host: MakeHost) -> None:
    answer = generate(sandbox_host().url, prompt="le chat", system="SYS", _debug_render_only=True).json()
    assert answer["_debug_info"] == {"rendered_template": "SYS\n\nle chat\n"}
    assert answer["done"] is False


@pytest.mark.parametrize(
    ("wanted", "shape"),
    [
        ("json", {"translation": "Hello"}),
        (
            {"type": "object", "properties": {"english": {"type": "string"}, "sure": {"type": "boolean"}}},
            {"english": "Hello", "sure": True},
        ),
        ({"type": "array", "items": {"type": "string"}}, ["Hello"]),
    ],
)
def test_a_format_is_filled(sandbox_host: MakeHost, wanted: Any, shape: Any) -> None:
    assert json.loads(generate(sandbox_host().url, "Bonjour", format=wanted).json()["response"]) == shape


def test_thinking_is_on_unless_it_is_switched_off(sandbox_host: MakeHost) -> None:
    host = sandbox_host(thinking=True)
    plain = generate(host.url).json()
    thought = generate(host.url, think=None).json()
    assert "thinking" not in plain
    assert thought["thinking"]
    assert thought["response"] == plain["response"] == ENGLISH
    assert thought["eval_count"] > plain["eval_count"]
    starved = generate(host.url, think=True, options={"num_predict": 5}).json()
    assert (starved["response"], starved["done_reason"], starved["eval_count"]) == ("", "length", 5)


DIED = "an error was encountered while running the model: unexpected EOF"


@pytest.mark.parametrize(
    ("kind", "status", "error"),
    [
        ("busy_503", 503, "server busy, please try again.  maximum pending requests exceeded"),
        ("model_missing", 404, "model 'mistral' not found"),
        ("runner_died_500", 500, DIED),
        ("runner_crash", 500, DIED),
        ("too_many_429", 429, "too many requests"),
    ],
)
def test_errors_in_json(sandbox_host: MakeHost, kind: str, status: int, error: str) -> None:
    host = sandbox_host(faults=[kind])
    reply = generate(host.url)
    assert (reply.status, reply.json()) == (status, {"error": error})
    assert reply.headers.get("retry-after") == ("1" if status == 429 else None)
    assert host.stats()["outcomes"] == {kind: 1}
    assert host.stats()["served"] == 0


def test_replies_that_are_not_ollamas(sandbox_host: MakeHost) -> None:
    host = sandbox_host(faults=["bad_gateway_502"])
    reply = generate(host.url)
    assert (reply.status, reply.headers["content-type"]) == (502, "text/html")
    assert b"Bad Gateway" in reply.body
    host.control(faults=["forbidden_403"])
    assert (generate(host.url).status, generate(host.url).body) == (403, b"")
    host.control(faults=["not_json"])
    reply = generate(host.url)
    assert (reply.status, reply.headers["content-type"]) == (200, "application/json; charset=utf-8")
    with pytest.raises(json.JSONDecodeError):
        reply.json()
    for status in (301, 307):
        host.control(faults=[f"redirect_{status}"])
        reply = generate(host.url)
        assert (reply.status, reply.headers["location"]) == (status, "/elsewhere/api/generate")


def test_a_proxy_that_limits_bodies(sandbox_host: MakeHost) -> None:
    host = sandbox_host(faults=[{"kind": "too_large_413", "marker": "vanne"}])
    reply = generate(host.url)
    assert (reply.status, reply.headers["content-type"]) == (413, "text/html")
    assert b"413 Request Entity Too Large" in reply.body
    assert generate(host.url, "Oui").status == 200


@contextmanager
def closing_client(url: str, **changes: Any) -> Iterator[Leaver]:
    client = Leaver(url, **changes)
    yield client
    client.leave()


def http_get_within(url: str, seconds: float) -> None:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=seconds)
    try:
        connection.request("GET", "/api/version")
        connection.getresponse()
    finally:
        connection.close()


def test_hosts_that_fall_silent(sandbox_host: MakeHost) -> None:
    host = sandbox_host(faults=["hang"])
    with closing_client(host.url) as client:
        assert client.received() == b""
    assert send(host.url, "GET", "/api/version").status == 200
    host.control(faults=["stalled"])
    with closing_client(host.url) as client:
        half = client.received(until=b'"response":')
    assert half.startswith(b"HTTP/1.1 200 OK")
    assert not half.endswith(b"}")
    with closing_client(host.url, stream=True) as client:
        assert b'"done":true' not in client.received(until=b'"done":false')
    host.control(faults=[{"kind": "hang", "scope": "all"}])
    with pytest.raises(TimeoutError):
        http_get_within(host.url, 0.1)
    wait_until(lambda: host.stats()["in_flight"] == 0)


def test_a_hanging_host_answers_gets_and_can_be_released(sandbox_host: MakeHost) -> None:
    host = sandbox_host(hang=True)
    for prompt in (prompt_of(TEXT), ""):
        with closing_client(host.url, prompt=prompt) as client:
            assert client.received() == b""
    for path in ("/", "/api/version", "/api/tags", "/api/ps"):
        assert send(host.url, "GET", path).status == 200
    host.control(hang=False)
    assert generate(host.url).status == 200
    host.control(hang=True)
    with closing_client(host.url) as client:
        assert client.received() == b""


def test_a_slow_first_byte(sandbox_host: MakeHost) -> None:
    host = sandbox_host(faults=[{"kind": "slow_first_byte", "seconds": 0.1}])
    began = time.monotonic()
    assert generate(host.url).json()["response"] == ENGLISH
    assert time.monotonic() - began >= 0.1

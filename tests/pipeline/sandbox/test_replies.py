from __future__ import annotations

import json
import re
from typing import Any

import pytest

from pipeline.sandbox.replies import Clock, encode
from tests.conftest import MakeHost
from tests.pipeline.sandbox.http_calls import ENGLISH, TEXT, body_of, generate, prompt_of, send


def test_the_whole_answer_of_generate(sandbox_host: MakeHost) -> None:
    reply = generate(sandbox_host().url)
    answer = reply.json()
    assert reply.status == 200
    assert reply.headers["content-type"] == "application/json; charset=utf-8"
    assert reply.headers["content-length"] == str(len(reply.body))
    assert list(answer) == [
        *("model", "created_at", "response", "done", "done_reason", "context", "total_duration", "load_duration"),
        *("prompt_eval_count", "prompt_eval_duration", "eval_count", "eval_duration"),
    ]
    assert answer["model"] == "mistral"
    assert answer["response"] == ENGLISH
    assert answer["done"] is True
    assert answer["done_reason"] == "stop"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z", answer["created_at"])
    assert len(answer["context"]) == answer["prompt_eval_count"] + answer["eval_count"]
    assert answer["prompt_eval_count"] == -(-len(prompt_of(TEXT)) * 10 // 33)
    assert not reply.body.endswith(b"\n")


def test_raw_has_no_context_and_a_long_reply_comes_in_chunks(sandbox_host: MakeHost) -> None:
    host = sandbox_host()
    assert "context" not in generate(host.url, raw=True).json()
    long = generate(host.url, TEXT * 60, options={"num_ctx": 8192, "num_predict": 4000})
    assert long.headers["transfer-encoding"] == "chunked"
    assert "content-length" not in long.headers
    assert long.json()["response"] == ENGLISH * 60


def test_json_is_written_as_go_does() -> None:
    assert encode({"a": "<b> & é \u2028"}) == '{"a":"\\u003cb\\u003e \\u0026 é \\u2028"}'.encode()


def test_time_stamps_have_nanoseconds_without_trailing_zeros() -> None:
    clock = Clock()
    assert clock.stamp(1_700_000_000_123_456_789) == "2023-11-14T22:13:20.123456789Z"
    assert clock.stamp(1_700_000_000_120_000_000) == "2023-11-14T22:13:20.12Z"
    assert clock.stamp(1_700_000_001_000_000_000) == "2023-11-14T22:13:21Z"


def test_a_stream_is_one_object_a_line(sandbox_host: MakeHost) -> None:
    body = body_of() | {"stream": True}
    reply = send(sandbox_host().url, "POST", "/api/generate", body)
    assert reply.headers["content-type"] == "application/x-ndjson"
    assert reply.headers["transfer-encoding"] == "chunked"
    lines = [json.loads(line) for line in reply.body.splitlines()]
    assert "".join(line["response"] for line in lines) == ENGLISH
    assert [line["done"] for line in lines] == [False] * (len(lines) - 1) + [True]
    assert lines[-1]["response"] == ""
    assert lines[-1]["done_reason"] == "stop"
    assert lines[-1]["eval_count"] > 0
    assert "eval_count" not in lines[0]


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


def test_an_answer_of_one_token_has_no_eval_duration(sandbox_host: MakeHost) -> None:
    answer = generate(sandbox_host(faults=["empty"]).url).json()
    assert (answer["response"], answer["eval_count"], answer["done_reason"]) == ("", 1, "stop")
    assert "eval_duration" not in answer


@pytest.mark.parametrize("stream", [False, True])
def test_logprobs_are_those_of_the_text_and_only_sent_on_request(sandbox_host: MakeHost, stream: bool) -> None:
    host = sandbox_host()
    assert "logprobs" not in generate(host.url).json()
    lines = [json.loads(line) for line in generate(host.url, logprobs=True, stream=stream).body.splitlines()]
    tokens = [token for line in lines for token in line.get("logprobs", ())]
    assert "".join(token["token"] for token in tokens) == ENGLISH
    assert all(-1 <= token["logprob"] <= 0 for token in tokens)
    assert bytes(byte for token in tokens for byte in token["bytes"]).decode() == ENGLISH
    host.control(version="0.12.10")
    assert "logprobs" not in generate(host.url, logprobs=True).json()

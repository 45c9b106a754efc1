from __future__ import annotations

from typing import Any

import pytest

from pipeline.sandbox.calls import parse_duration, read_call
from pipeline.sandbox.errors import Refusal
from tests.conftest import MakeHost
from tests.pipeline.sandbox.http_calls import generate, send

RAW = "raw mode does not support template, system, or context"
LEVELS = '(must be "high", "medium", "low", "max", true, or false)'


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"model": "nope"}, 404, "model 'nope' not found"),
        ({"model": "nope:7b"}, 404, "model 'nope:7b' not found"),
        ({"model": ""}, 404, "model '' not found"),
        ({"model": None}, 404, "model '' not found"),
        ({"model": "a//b"}, 400, "invalid model name"),
        ({"model": "gpt-oss:120b-cloud"}, 403, "ollama cloud is disabled: remote model is unavailable"),
        (
            {"prompt": 5},
            400,
            "json: cannot unmarshal number into Go struct field GenerateRequest.prompt of type string",
        ),
        (
            {"prompt": ["a"]},
            400,
            "json: cannot unmarshal array into Go struct field GenerateRequest.prompt of type string",
        ),
        (
            {"stream": "false"},
            400,
            "json: cannot unmarshal string into Go struct field GenerateRequest.stream of type bool",
        ),
        (
            {"options": [1]},
            400,
            "json: cannot unmarshal array into Go struct field GenerateRequest.options of type map[string]interface {}",
        ),
        ({"options": {"num_ctx": "4096"}}, 500, 'option "num_ctx" must be of type integer'),
        ({"options": {"temperature": "0"}}, 500, 'option "temperature" must be of type float32'),
        ({"options": {"stop": "x"}}, 500, 'option "stop" must be of type array'),
        ({"options": {"stop": [1]}}, 500, 'option "stop" must be of an array of strings'),
        ({"options": {"use_mmap": "yes"}}, 500, 'option "use_mmap" must be of type boolean'),
        ({"keep_alive": "300"}, 400, 'time: missing unit in duration "300"'),
        ({"keep_alive": "-1"}, 400, 'time: missing unit in duration "-1"'),
        ({"keep_alive": "x"}, 400, 'time: invalid duration "x"'),
        ({"keep_alive": "5x"}, 400, 'time: unknown unit "x" in duration "5x"'),
        ({"keep_alive": True}, 400, "Unsupported type: 'bool'"),
        ({"keep_alive": [1]}, 400, "Unsupported type: '[]interface {}'"),
        ({"think": True}, 400, '"mistral" does not support thinking'),
        ({"think": "high"}, 400, '"mistral" does not support thinking'),
        ({"think": "maybe"}, 400, f'invalid think value: "maybe" {LEVELS}'),
        ({"raw": True, "system": "x"}, 400, RAW),
        ({"raw": True, "context": [1]}, 400, RAW),
        ({"suffix": "x"}, 400, "registry.ollama.ai/library/mistral:latest does not support insert"),
        ({"template": "{{ .Nope"}, 500, "template: :1: unclosed action"),
        ({"format": "xml"}, 500, 'invalid format: "\\"xml\\""; expected "json" or a valid JSON Schema object'),
        ({"format": 5}, 500, 'invalid format: "5"; expected "json" or a valid JSON Schema object'),
        ({"format": []}, 500, 'invalid format: "[]"; expected "json" or a valid JSON Schema object'),
        ({"format": {"type": "nope"}}, 500, "invalid JSON schema in format"),
        ({"top_logprobs": 99}, 400, "top_logprobs must be between 0 and 20"),
    ],
)
def test_what_is_refused(sandbox_host: MakeHost, changes: dict[str, Any], status: int, error: str) -> None:
    reply = generate(sandbox_host().url, **changes)
    assert (reply.status, reply.json()) == (status, {"error": error})
    assert reply.headers["content-type"] == "application/json; charset=utf-8"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", "missing request body"),
        (b'{"model":', "unexpected EOF"),
        (b'{"model":"mistral","prompt":"abc', "unexpected EOF"),
        (b"hello", "invalid character 'h' looking for beginning of value"),
        (b"[]", "json: cannot unmarshal array into Go value of type api.GenerateRequest"),
    ],
)
def test_bodies_that_are_no_request(sandbox_host: MakeHost, body: bytes, error: str) -> None:
    reply = send(sandbox_host().url, "POST", "/api/generate", body)
    assert (reply.status, reply.json()) == (400, {"error": error})


@pytest.mark.parametrize(
    "changes",
    [
        {"options": None},
        {"options": {"seed": 1.5, "num_predict": 99.5, "top_k": -1, "temperature": -1, "mirostat": 2, "nonsense": "x"}},
        {"options": {"num_ctx": None}},
        {"format": ""},
        {"format": {}},
        {"think": None},
        {"keep_alive": "1h30m"},
        {"keep_alive": -1},
        {"keep_alive": 300},
        {"MODEL": "mistral", "model": None},
        {"model": "MISTRAL"},
        {"model": "registry.ollama.ai/library/mistral:latest"},
        {"raw": True, "system": ""},
        {"prompt": "\n"},
        {"unknown": 1},
    ],
)
def test_what_is_accepted(sandbox_host: MakeHost, changes: dict[str, Any]) -> None:
    reply = generate(sandbox_host().url, **changes)
    assert reply.status == 200
    assert reply.json()["done"] is True
    assert reply.json()["model"] == (changes.get("model") or "mistral")


def test_broken_text_becomes_replacement_characters(sandbox_host: MakeHost) -> None:
    host = sandbox_host()
    surrogate = send(host.url, "POST", "/api/generate", b'{"model":"mistral","stream":false,"prompt":"\\ud83d oui"}')
    invalid = send(host.url, "POST", "/api/generate", b'{"model":"mistral","stream":false,"prompt":"\xff oui"}')
    assert surrogate.json()["response"] == invalid.json()["response"] == "\ufffd yes"


def test_versions_differ(sandbox_host: MakeHost) -> None:
    old = sandbox_host(version="0.12.11")
    assert generate(old.url, model="a//b").json() == {"error": "model 'a//b' not found"}
    assert generate(old.url, model="x:20b-cloud").status == 404
    levels = LEVELS.replace(', "max"', "")
    assert generate(old.url, think="max").json() == {"error": f'invalid think value: "max" {levels}'}
    assert generate(sandbox_host(version="0.12.4").url).json() == {"error": '"mistral" does not support thinking'}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0), ("5m", 300), ("0.5s", 0.5), ("1h30m", 5400), ("-1m", -60), ("250ms", 0.25), ("+2s", 2), (".5s", 0.5)],
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "-", "s", "1", "1h2", "h1"])
def test_no_durations(text: str) -> None:
    with pytest.raises(Refusal, match="time: ") as refused:
        parse_duration(text)
    assert refused.value.status == 400


def test_a_server_before_0_12_6_does_not_know_truncate() -> None:
    body = b'{"model":"m","prompt":"x","truncate":false}'
    assert read_call(body, chat=False, version=(0, 12, 5)).truncate
    assert not read_call(body, chat=False, version=(0, 12, 6)).truncate

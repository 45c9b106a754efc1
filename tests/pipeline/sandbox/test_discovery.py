from __future__ import annotations

import re

import pytest

from tests.conftest import MakeHost
from tests.pipeline.sandbox.http_calls import generate, send

DETAILS = {"parent_model", "format", "family", "families", "parameter_size", "quantization_level"}


def test_tags_and_digests(sandbox_host: MakeHost) -> None:
    host, twin = sandbox_host(models=["mistral", "gemma3:4b"]), sandbox_host(models=["mistral", "gemma3:4b"])
    first, second = send(host.url, "GET", "/api/tags").json()["models"]
    assert first.keys() == {"name", "model", "modified_at", "size", "digest", "details", "capabilities"}
    assert (first["name"], second["model"]) == ("mistral:latest", "gemma3:4b")
    assert re.fullmatch("[0-9a-f]{64}", first["digest"])
    assert first["digest"] != second["digest"]
    assert first["details"].keys() == DETAILS | {"context_length"}
    assert first["details"]["family"] == "simulated"
    digests = [model["digest"] for model in send(twin.url, "GET", "/api/tags").json()["models"]]
    assert digests == [first["digest"], second["digest"]]
    other = sandbox_host(digest="ab" * 32)
    assert send(other.url, "GET", "/api/tags").json()["models"][0]["digest"] == "ab" * 32


def test_ps_tells_what_is_loaded(sandbox_host: MakeHost) -> None:
    host = sandbox_host(vram_share=0.5, num_parallel=2)
    assert send(host.url, "GET", "/api/ps").json() == {"models": []}
    generate(host.url, options={"num_ctx": 2048})
    (loaded,) = send(host.url, "GET", "/api/ps").json()["models"]
    assert loaded.keys() == {"name", "model", "size", "digest", "details", "expires_at", "size_vram", "context_length"}
    assert loaded["context_length"] == 2048
    assert loaded["size_vram"] == loaded["size"] // 2


def test_show(sandbox_host: MakeHost) -> None:
    host = sandbox_host(thinking=True, trained_context=8192)
    shown = send(host.url, "POST", "/api/show", {"model": "mistral"}).json()
    assert shown["capabilities"] == ["completion", "thinking"]
    assert shown["model_info"][f"{shown['model_info']['general.architecture']}.context_length"] == 8192
    assert shown["details"].keys() == DETAILS
    assert "{{ .Prompt }}" in shown["template"]


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        (b"", 400, "missing request body"),
        ({}, 400, "model is required"),
        ({"model": "nope"}, 404, "model 'nope:latest' not found"),
        ({"model": "a//b"}, 400, "invalid model name"),
    ],
)
def test_show_refuses(sandbox_host: MakeHost, body: object, status: int, error: str) -> None:
    reply = send(sandbox_host().url, "POST", "/api/show", body)
    assert (reply.status, reply.json()) == (status, {"error": error})


def test_any_model_is_listed_once_it_was_used(sandbox_host: MakeHost) -> None:
    host = sandbox_host(any_model=True)
    assert generate(host.url, model="gemma3:4b").status == 200
    assert [model["name"] for model in send(host.url, "GET", "/api/tags").json()["models"]] == [
        "mistral:latest",
        "gemma3:4b",
    ]
    assert send(host.url, "POST", "/api/show", {"name": "qwen3"}).status == 200
    assert generate(host.url, model="gpt-oss:20b-cloud").status == 403


def test_older_versions_tell_less(sandbox_host: MakeHost) -> None:
    old = sandbox_host(version="0.24.0")
    (model,) = send(old.url, "GET", "/api/tags").json()["models"]
    assert "capabilities" not in model
    assert model["details"].keys() == DETAILS
    assert send(old.url, "GET", "/api/status").json() == {"cloud": {"disabled": True, "source": "env"}}
    older = sandbox_host(version="0.12.11")
    assert send(older.url, "GET", "/api/version").json() == {"version": "0.12.11"}
    assert send(older.url, "GET", "/api/status").status == 404

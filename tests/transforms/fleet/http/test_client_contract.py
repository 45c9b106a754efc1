"""The client held against Ollama's own Python package: the same call, the same host, the same answer."""

from __future__ import annotations

import asyncio
from typing import Any

import ollama
import pytest

from tests.conftest import MakeHost
from tests.transforms.fleet.http.test_client import BODY, use
from transforms.fleet.http.answers import Answer
from transforms.fleet.http.listings import LoadedModel, ModelDetails, ModelOnHost


def ask_package(url: str, monkeypatch: pytest.MonkeyPatch) -> ollama.GenerateResponse:
    monkeypatch.delenv("OLLAMA_API_KEY", raising=False)
    arguments = {key: value for key, value in BODY.items() if key != "truncate"}  # which generate() can't send

    async def ask() -> ollama.GenerateResponse:
        async with ollama.AsyncClient(url, trust_env=False) as client:
            response: ollama.GenerateResponse = await client.generate(**arguments)
            return response

    return asyncio.run(ask())


def test_generate(sandbox_host: MakeHost, monkeypatch: pytest.MonkeyPatch) -> None:
    host = sandbox_host(record_requests=True)
    theirs = ask_package(host.url, monkeypatch)
    ours: Answer = use(host.url, lambda client: client.generate(BODY))
    assert (ours.text, ours.model, ours.done_reason) == (theirs.response, theirs.model, theirs.done_reason)
    assert (ours.prompt_eval_count, ours.eval_count) == (theirs.prompt_eval_count, theirs.eval_count)
    first, second = (request["body"] for request in host.stats(with_requests=True)["requests"])
    assert second == {**first, "truncate": False}


def test_listings(sandbox_host: MakeHost) -> None:
    host = sandbox_host(vram_share=0.5)

    async def look(client: Any) -> tuple[tuple[ModelOnHost, ...], tuple[LoadedModel, ...], ModelDetails]:
        await client.load("mistral", BODY["options"], "30m")
        return await client.models(), await client.loaded(), await client.details("mistral")

    (model,), (loaded,), details = use(host.url, look)

    async def look_with_package() -> tuple[Any, Any, Any]:
        async with ollama.AsyncClient(host.url, trust_env=False) as client:
            return (await client.list()).models[0], (await client.ps()).models[0], await client.show("mistral")

    listed, running, shown = asyncio.run(look_with_package())
    assert (model.name, model.digest, model.size_bytes) == (listed.model, listed.digest, listed.size)
    assert (loaded.name, loaded.size_bytes, loaded.vram_bytes, loaded.context_length) == (
        running.model,
        running.size,
        running.size_vram,
        running.context_length,
    )
    assert details.capabilities == tuple(shown.capabilities)

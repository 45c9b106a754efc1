from __future__ import annotations

import asyncio

import pytest

from pipeline.sandbox.errors import Refusal
from pipeline.sandbox.settings import HostSettings
from pipeline.sandbox.state import ServerState, with_tag
from tests.conftest import MakeHost
from tests.pipeline.sandbox.http_calls import (
    generate,
)


def test_a_reset_makes_each_text_new_again(sandbox_host: MakeHost) -> None:
    host = sandbox_host(faults=[{"kind": "busy_503", "first_try_only": True}])
    assert [generate(host.url).status, generate(host.url).status] == [503, 200]
    host.control(reset=True)
    assert [generate(host.url).status, generate(host.url).status] == [503, 200]


def test_a_model_is_found_by_its_name_with_and_without_tag_prefix_and_case() -> None:
    async def names() -> list[str]:
        state = ServerState(HostSettings(models=("Mistral", "gemma3:4b")))
        return [state.model(name) for name in ("mistral", "registry.ollama.ai/library/mistral:latest", "gemma3:4b")]

    assert asyncio.run(names()) == ["Mistral:latest", "Mistral:latest", "gemma3:4b"]
    assert with_tag("library/llama3") == "llama3:latest"


@pytest.mark.parametrize(
    ("name", "status"), [("", 404), ("other", 404), ("a b", 400), ("gpt-oss:20b-cloud", 403), ("gemma3:1b", 404)]
)
def test_unknown_malformed_and_cloud_models_are_refused(name: str, status: int) -> None:
    async def refused() -> int:
        with pytest.raises(Refusal) as refusal:
            ServerState(HostSettings(models=("gemma3:4b",))).model(name)
        return refusal.value.status

    assert asyncio.run(refused()) == status


def test_digests_depend_on_the_model_alone_unless_set() -> None:
    async def digests() -> list[str]:
        states = [ServerState(HostSettings(digest=digest)) for digest in ("", "", "ab" * 32)]
        return [state.digest("mistral:latest") for state in states]

    first, second, fixed = asyncio.run(digests())
    assert first == second
    assert fixed == "ab" * 32

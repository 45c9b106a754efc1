from __future__ import annotations

import asyncio

import ollama

from tests.conftest import MakeHost


async def _ask(url: str, prompt: str) -> ollama.GenerateResponse:
    async with ollama.AsyncClient(url, trust_env=False) as client:
        answer: ollama.GenerateResponse = await client.generate("mistral", prompt, think=False)
        return answer


def test_a_host_in_a_thread_answers_the_official_client(sandbox_host: MakeHost) -> None:
    host = sandbox_host(num_parallel=2)
    answer = asyncio.run(_ask(host.url, "translate this French text into English: Bonjour"))
    assert answer.done
    assert answer.done_reason == "stop"
    assert host.stats()["served"] == 1

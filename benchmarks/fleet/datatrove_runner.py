"""datatrove's InferenceRunner, one per host as it is meant to be used, each with an equal share of the rows.

The runner speaks OpenAI's protocol with a server of its own. Here its server sends the request of all contenders to a
host's ``/api/generate`` instead, through datatrove's own HTTP client.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from importlib import import_module
from typing import Any

from benchmarks.fleet.job import KEEP_ALIVE, MODEL, NUM_PREDICT, OPTIONS, SYSTEM, Job, Record, prompt_of

# Imported by name, because type checks must not require it.
inference: Any = import_module("datatrove.pipeline.inference.run_inference")
endpoint: Any = import_module("datatrove.pipeline.inference.servers.endpoint_server")
base: Any = import_module("datatrove.pipeline.inference.servers.base")
data: Any = import_module("datatrove.data")
writers: Any = import_module("datatrove.pipeline.writers.jsonl")
loguru: Any = import_module("loguru")


def datatrove_runner(job: Job, record: Record) -> None:
    """Run one runner per host in this process, each with its default of up to 500 requests in flight."""
    loguru.logger.remove()
    asyncio.run(_run(job, record))


async def _run(job: Job, record: Record) -> None:
    class OllamaServer(endpoint.EndpointServer):  # type: ignore[misc]
        """A host in place of a server that the runner starts."""

        async def is_ready(self) -> bool:
            status, _ = await base._raw_post(f"{self.get_base_url()}/api/show", {"model": MODEL})
            return bool(status == 200)

        async def _make_request(self, payload: dict[str, Any]) -> dict[str, Any]:
            record.requests[self.get_base_url()] += 1
            body = {
                "model": MODEL,
                "prompt": payload["prompt"],
                "system": SYSTEM,
                "stream": False,
                "think": False,
                "keep_alive": KEEP_ALIVE,
                "options": {**OPTIONS, "num_predict": NUM_PREDICT},
            }
            status, content = await base._raw_post(f"{self.get_base_url()}/api/generate", body)
            if status != 200:
                raise inference.InferenceError(None, f"HTTP {status}", payload=payload)
            answer = json.loads(content)
            return {"choices": [{"text": answer["response"], "finish_reason": answer["done_reason"]}], "usage": {}}

    class Runner(inference.InferenceRunner):  # type: ignore[misc]
        def _init_server(self, rank: int) -> OllamaServer:
            return OllamaServer(self.config, rank)

    async def translate(document: Any, generate: Any) -> Any:
        result = await generate({"prompt": prompt_of(document.text)})
        if result.text:
            record.answered(int(document.id))
        return result

    with tempfile.TemporaryDirectory() as folder:

        def runner(number: int, url: str) -> Any:
            config = inference.InferenceConfig(
                server_type="endpoint",
                model_name_or_path=MODEL,
                endpoint_url=url,
                use_chat=False,
                server_ready_delay_sec=0.1,
            )
            return Runner(translate, config, writers.JsonlWriter(f"{folder}/{number}", compression=None))

        rows = [data.Document(text=text, id=str(row)) for row, text in enumerate(job.texts)]
        shares = [rows[number :: len(job.urls)] for number in range(len(job.urls))]
        runs = [
            runner(number, url).run_async(share, number)
            for number, (url, share) in enumerate(zip(job.urls, shares, strict=True))
        ]
        # A runner that gives up loses its share; the others go on.
        await asyncio.gather(*runs, return_exceptions=True)

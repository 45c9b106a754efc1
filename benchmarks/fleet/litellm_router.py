"""LiteLLM's Router with one deployment per host. Imported only by the process that runs it, because it is heavy."""

from __future__ import annotations

import asyncio
import logging
import os
from importlib import import_module
from typing import Any

from benchmarks.fleet.job import KEEP_ALIVE, MODEL, NUM_PREDICT, OPTIONS, RETRIES, SYSTEM, Job, Record, prompt_of

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # otherwise the import downloads a price list
# Imported by name, because type checks must not require it.
litellm: Any = import_module("litellm")
openai: Any = import_module("openai")

STRATEGY = "least-busy"
"""The best strategy on the standard fleet: simple-shuffle took 2.2 times as long, latency-based-routing 1.2 times."""
IN_FLIGHT = 64
"""Slightly the best of 16, 32, 64 and 128 on the standard fleet."""


def litellm_router(job: Job, record: Record) -> None:
    """At most 64 concurrent calls, distributed and retried by the router."""
    litellm.telemetry = False
    litellm.suppress_debug_info = True
    for name in ("LiteLLM", "LiteLLM Router"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    asyncio.run(_send(job, record))


async def _send(job: Job, record: Record) -> None:
    deployments = [
        {
            "model_name": MODEL,
            "litellm_params": {"model": f"ollama/{MODEL}", "api_base": url, "keep_alive": KEEP_ALIVE, **OPTIONS},
        }
        for url in job.urls
    ]
    router = litellm.Router(model_list=deployments, routing_strategy=STRATEGY, num_retries=RETRIES)
    room = asyncio.Semaphore(IN_FLIGHT)

    async def one(row: int, text: str) -> None:
        messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": prompt_of(text)}]
        async with room:
            try:
                answer = await router.acompletion(model=MODEL, messages=messages, max_tokens=NUM_PREDICT)
            except (openai.OpenAIError, ValueError):  # ValueError: all deployments are cooling down
                return  # lost: counted as not answered
        if answer.choices[0].message.content:
            record.answered(row)

    await asyncio.gather(*(one(row, text) for row, text in enumerate(job.texts)))

"""Beam's RunInference with a model handler that gathers the calls of a batch, as its remote handlers are written."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
from apache_beam.ml.inference.base import ModelHandler, PredictionResult, RunInference
from apache_beam.options.pipeline_options import PipelineOptions

from benchmarks.fleet.gathers import ask_somewhere
from benchmarks.fleet.job import Hosts, Job, Record

BATCH = 64
"""About four requests per slot."""


@dataclass
class _Model:
    """What RunInference calls a model: the clients, and the loop that they live in."""

    loop: asyncio.AbstractEventLoop
    hosts: Hosts
    urls: Sequence[str]


# The runner works in this process but pickles its transforms, and a record must not be copied.
_under_way: list[tuple[Job, Record]] = []


class OllamaHandler(ModelHandler[Any, Any, Any]):
    """Rows as (number, text) in; whether each was answered out."""

    def load_model(self) -> _Model:
        """Makes the clients."""
        job, record = _under_way[-1]
        return _Model(asyncio.new_event_loop(), Hosts(job, record), job.urls)

    def run_inference(
        self, batch: Sequence[tuple[int, str]], model: _Model, inference_args: Any = None
    ) -> Iterable[PredictionResult]:
        """Sends a batch at once and waits for all of it."""

        async def gather() -> list[bool]:
            return await asyncio.gather(*(ask_somewhere(model.hosts, model.urls, row, text) for row, text in batch))

        return map(PredictionResult, batch, model.loop.run_until_complete(gather()))

    def batch_elements_kwargs(self) -> dict[str, Any]:
        """The size of batches."""
        return {"min_batch_size": BATCH, "max_batch_size": BATCH}


def beam_gather(job: Job, record: Record) -> None:
    """The pipeline on Beam's in-process runner."""
    _under_way.append((job, record))
    # Not "DirectRunner", which would try to download another runner first.
    with beam.Pipeline(options=PipelineOptions(["--runner=FnApiRunner"])) as pipeline:
        _ = pipeline | beam.Create(list(enumerate(job.texts))) | RunInference(OllamaHandler())

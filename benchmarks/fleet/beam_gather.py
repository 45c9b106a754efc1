"""Beam's RunInference with a model handler that gathers the calls of a batch, like Beam's remote handlers."""

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
    """The 'model' of RunInference: the clients and their event loop."""

    loop: asyncio.AbstractEventLoop
    hosts: Hosts
    urls: Sequence[str]


# The runner works in this process but pickles its transforms, and the record must be shared.
_current: list[tuple[Job, Record]] = []


class OllamaHandler(ModelHandler[Any, Any, Any]):
    """Takes rows as (number, text) and returns whether each was answered."""

    def load_model(self) -> _Model:
        """Create the clients."""
        job, record = _current[-1]
        return _Model(asyncio.new_event_loop(), Hosts(job, record), job.urls)

    def run_inference(
        self, batch: Sequence[tuple[int, str]], model: _Model, inference_args: Any = None
    ) -> Iterable[PredictionResult]:
        """Send a batch at once and wait for all answers."""

        async def gather() -> list[bool]:
            return await asyncio.gather(*(ask_somewhere(model.hosts, model.urls, row, text) for row, text in batch))

        return map(PredictionResult, batch, model.loop.run_until_complete(gather()))

    def batch_elements_kwargs(self) -> dict[str, Any]:
        """The batch size."""
        return {"min_batch_size": BATCH, "max_batch_size": BATCH}


def beam_gather(job: Job, record: Record) -> None:
    """Run the pipeline on Beam's in-process runner."""
    _current.append((job, record))
    # Not "DirectRunner", which would try to download another runner first.
    with beam.Pipeline(options=PipelineOptions(["--runner=FnApiRunner"])) as pipeline:
        _ = pipeline | beam.Create(list(enumerate(job.texts))) | RunInference(OllamaHandler())

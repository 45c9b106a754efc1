"""The graph of a worker process, whose tasks come one by one from the launcher."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import apache_beam as beam

from pipeline import graph
from pipeline.execute import empty_pipeline, run_job, translate_config
from pipeline.options.beam import LOCAL_RUNNER
from pipeline.workers.messages import Setup
from transforms.source.read_tasks import ReadTask
from transforms.write import WriteConfig

_ASSIGNED: list[Callable[[], Iterator[ReadTask]]] = []
"""Where this process gets its tasks from. Not part of the graph, which Beam pickles."""


def translate(setup: Setup, assigned: Callable[[], Iterator[ReadTask]]) -> None:
    """Run the graph in this process.

    Args:
        setup: What the launcher told.
        assigned: Yields the tasks of this process.

    Raises:
        TranslateError: The run cannot continue, or was stopped.
    """
    _ASSIGNED[:] = [assigned]
    options, plan = setup.options, setup.resumed.plan
    memory = replace(setup.memory, shared=True, claimant=f"{setup.run_id}-{setup.number}")
    config = translate_config(options, setup.settings, setup.resumed, memory, setup.run_id)
    # The user has chosen how many cores to use.
    config = replace(config, engine=replace(config.engine, second_process=False))
    pipeline = empty_pipeline(options.beam_arguments)
    tasks = pipeline | "Start" >> beam.Create([None]) | "Assigned" >> beam.FlatMap(_tasks)
    write = WriteConfig(plan.output.url, setup.resumed.recipe, plan.output_schemas, setup.run_id)
    graph.build(tasks, plan.schemas, config, write)
    run_job(pipeline, LOCAL_RUNNER)


def _tasks(_: object) -> Iterator[ReadTask]:
    yield from _ASSIGNED[0]()

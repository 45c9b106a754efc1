"""Execute a plan: run the Beam graph over the units that are left, and close the engines of this process."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from pipeline import graph
from pipeline.execution import Execution, carry_out, slots_of
from pipeline.known_slots import keep_known_slots, read_known_slots
from pipeline.monitoring.beam_metrics import metrics_of
from pipeline.monitoring.job_figures import figures_of_job, with_published_parts
from pipeline.monitoring.status import Workload
from pipeline.observation import observed, workload_of
from pipeline.options.beam import LOCAL_RUNNER, runs_in_process
from pipeline.options.run import RunOptions
from pipeline.report.recorder import RunRecorder
from pipeline.resume import ResumedPlan
from pipeline.runner import (
    check_endpoint,
    failure_of_job,
    failure_of_start,
    original_error,
    quiet_reader,
    warn_of_slots,
)
from transforms.configuration import TranslationSettings, engine_config
from transforms.engine.deduplicator import MemorySettings
from transforms.engine.engine import live_engines, live_snapshot
from transforms.engine.snapshot import Snapshot
from transforms.errors import TranslateError, UsageError
from transforms.fleet.host.host_state import HostView
from transforms.fleet.model_names import model_key
from transforms.sink.columns import added_columns
from transforms.sink.fence import close_fences
from transforms.sink.output_lock import OutputLock
from transforms.sink.worker_figures import WorkerFigures
from transforms.source.read_tasks import read_tasks
from transforms.translate import TranslateConfig
from transforms.write import WriteConfig

LOG = logging.getLogger(__name__)


def execute(
    options: RunOptions,
    settings: TranslationSettings,
    resumed: ResumedPlan,
    memory: MemorySettings,
    lock: OutputLock,
    recorder: RunRecorder | None = None,
) -> Execution:
    """Translate the units that are left; if that fails or is stopped, tell the workers to stop.

    Args:
        options: Options of the run.
        settings: What a translation depends on beside the options.
        resumed: The plan and what is left of it; there must be something left.
        memory: Where the translation memory is.
        lock: Lock of the output, which is held.
        recorder: Records the time series of the run; None to record nothing.

    Raises:
        UsageError: Beam cannot use one of its options.
    """
    translate = translate_config(options, settings, resumed, memory, lock.run_id)
    pipeline = _graph_of(options, resumed, translate, lock.run_id)
    workload = workload_of(resumed.plan, resumed.resumption, translate.text_encoding)
    workers = WorkerFigures(resumed.plan.output, lock.run_id) if translate.publish_figures else None

    run = partial(_run_observed, pipeline, options, resumed, workload, workers, recorder)
    try:
        execution = carry_out(run, stop_workers=lambda: lock.stop_workers(elsewhere=not live_engines()))
    finally:
        hosts = _close(options, workers)
    sent = None if workers is None else sum(host.traffic.requests() for host in hosts)
    return replace(execution, slots=slots_of(hosts), requests_sent=sent)


def _graph_of(options: RunOptions, resumed: ResumedPlan, translate: TranslateConfig, run_id: str) -> beam.Pipeline:
    """Return the graph over the units that are left.

    Raises:
        UsageError: Beam cannot use one of its options.
    """
    plan = resumed.plan
    write = WriteConfig(plan.output.url, resumed.recipe, plan.output_schemas, run_id)
    pipeline = empty_pipeline(options.beam_arguments)
    tasks = graph.spread(pipeline, read_tasks(resumed.resumption.left_groups))
    graph.build(tasks, plan.schemas, translate, write)
    return pipeline


def _run_observed(
    pipeline: beam.Pipeline,
    options: RunOptions,
    resumed: ResumedPlan,
    workload: Workload,
    workers: WorkerFigures | None,
    recorder: RunRecorder | None,
) -> None:
    """Run the graph to its end, and show and record what is done."""
    check_endpoint(options.beam_arguments)
    warn_of_slots(options.slots, options.beam_arguments)
    with observed(options, workload, recorder) as monitor, quiet_reader():
        run_job(pipeline, options.runner, lambda job: monitor.follow(_figures_of(job, resumed, workload, workers)))


def _figures_of(
    job: Any, resumed: ResumedPlan, workload: Workload, workers: WorkerFigures | None
) -> Callable[[], Snapshot]:
    """Return a function that takes the figures of a job whose workers are elsewhere.

    Args:
        job: Beam's ``PipelineResult``.
        resumed: The plan and what is left of it.
        workload: What the run is to translate.
        workers: Figures of the hosts that the workers publish.
    """
    plan = resumed.plan
    texts = {unit.part_name: unit.rows * len(plan.text_columns) for unit in resumed.resumption.left}
    mean_characters = workload.characters / max(1, workload.texts)
    counters = with_published_parts(metrics_of(job), plan.output, texts, mean_characters)
    return figures_of_job(counters, workers)


def _close(options: RunOptions, workers: WorkerFigures | None) -> Sequence[HostView]:
    """Close the engines of this process, keep what is worth keeping of them, and return the hosts as they were.

    Args:
        options: Options of the run.
        workers: Figures that workers elsewhere have published, which are removed; None without such workers.
    """
    close_fences()
    hosts = live_snapshot().hosts if workers is None else workers.hosts(now=True)
    if workers is None and options.slots is None:
        keep_known_slots(model_key(options.model), hosts)
    for engine in live_engines():
        engine.close()
    if workers is not None:
        workers.remove()
    return hosts


def translate_config(
    options: RunOptions, settings: TranslationSettings, resumed: ResumedPlan, memory: MemorySettings, run_id: str
) -> TranslateConfig:
    """Return the configuration of the translate step."""
    plan, in_process = resumed.plan, runs_in_process(options.beam_arguments)
    known_slots = read_known_slots(resumed.recipe.model_digest)
    return TranslateConfig(
        engine=engine_config(settings, resumed.hosts.digests, memory, known_slots, second_process=in_process),
        text_columns=plan.text_columns,
        schemas=plan.output_schemas,
        model_column=options.model_column,
        field_names=options.field_names,
        retried={name: plan.output.path_of(name) for name in resumed.resumption.retried},
        output=plan.output.url,
        run_id=run_id,
        text_encoding=options.text_encoding or "utf-8",
        columns=added_columns(options.evidence, options.confidence),
        dead_letter_texts=options.dead_letter_texts,
        publish_figures=not in_process,
    )


def empty_pipeline(beam_arguments: Sequence[str]) -> beam.Pipeline:
    """Return a pipeline without steps.

    Raises:
        UsageError: Beam cannot use one of its options.
    """
    try:
        return beam.Pipeline(options=PipelineOptions(list(beam_arguments)))
    except ImportError as error:  # such as --pickle_library=dill without dill
        raise UsageError(f"Apache Beam cannot be set up: {error}") from None
    except ValueError as error:  # such as --environment_type=EXTERNAL without --environment_config
        # The first line is only a title.
        faults = [line.strip().rstrip(".") for line in str(error).splitlines()]
        raise UsageError(f"Apache Beam refuses its options: {'; '.join(faults[1:] or faults)}") from None


def run_job(pipeline: beam.Pipeline, runner: str, follow: Callable[[Any], None] = lambda result: None) -> None:
    """Run the job to its end.

    Args:
        pipeline: The graph.
        runner: Name of the runner.
        follow: Called with Beam's ``PipelineResult`` once the job has started, unless it runs in this process.

    Raises:
        TranslateError: A worker's error, or why the runner failed. On the runner of this process, errors that are not
            ours are mistakes of the program and pass through.
    """
    failure: Callable[[str, Exception], TranslateError] = failure_of_start
    try:
        result = pipeline.run()  # in this process, it returns when the pipeline has finished
        failure = failure_of_job
        if runner != LOCAL_RUNNER:
            follow(result)
        result.wait_until_finish()
    except Exception as error:
        LOG.debug("the runner's error", exc_info=True)
        original = original_error(f"{type(error).__name__}: {error}")
        if original is None and runner == LOCAL_RUNNER:
            raise
        raise original or failure(runner, error) from error

"""Execute a plan: run the Beam graph over the units that are left, and close the engines of this process."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from pipeline import graph
from pipeline.estimate import sample_texts
from pipeline.known_slots import keep_known_slots, read_known_slots
from pipeline.memory_place import memory_settings
from pipeline.monitoring.beam_metrics import metrics_of
from pipeline.monitoring.monitor import Monitor
from pipeline.monitoring.status import Workload
from pipeline.options.run import RunOptions
from pipeline.plan import RunPlan
from pipeline.report.recorder import RunRecorder
from pipeline.resume import Resumption
from pipeline.signals import StopRequested
from transforms import errors
from transforms.configuration import TranslationSettings, engine_config
from transforms.engine.engine import live_engines
from transforms.errors import RunStopped, TranslateError, UsageError
from transforms.fleet.model_names import model_key
from transforms.fleet.preflight import UsableHosts
from transforms.sink.fence import close_fences
from transforms.sink.output_lock import OutputLock
from transforms.sink.recipe import Recipe
from transforms.translate import TranslateConfig
from transforms.write import WriteConfig

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class ResumedPlan:
    """A plan with the recipe of the run and what earlier runs left of it.

    Attributes:
        plan: All units of the input.
        recipe: What the parts are made with.
        hosts: Usable hosts and the digests of their models; empty if no host was asked, as no unit is left.
        resumption: Units that are left, and parts that are obsolete.
    """

    plan: RunPlan
    recipe: Recipe
    hosts: UsableHosts
    resumption: Resumption


@dataclass(frozen=True)
class Execution:
    """How the execution ended.

    Attributes:
        slots: Requests that each host may have in flight, by its address, as detected or given.
        stopped: Whether the run was asked to stop before all units were written.
    """

    slots: Mapping[str, int] = field(default_factory=dict)
    stopped: bool = False


def execute(
    options: RunOptions,
    settings: TranslationSettings,
    resumed: ResumedPlan,
    lock: OutputLock,
    recorder: RunRecorder | None = None,
) -> Execution:
    """Translate the units that are left; if that fails or is stopped, tell the workers to stop.

    Args:
        options: Options of the run.
        settings: What a translation depends on beside the options.
        resumed: The plan and what is left of it.
        lock: Lock of the output, which is held.
        recorder: Records the time series of the run; None to record nothing.

    Raises:
        UsageError: The translation memory that the user named cannot be used.
        RunFailed: The run cannot continue; finished parts are kept.
    """
    plan, resumption = resumed.plan, resumed.resumption
    if not resumption.left:
        return Execution()
    memory = memory_settings(options, plan.output, resumed.recipe)
    translate = TranslateConfig(
        engine=engine_config(settings, resumed.hosts.digests, memory, read_known_slots(resumed.recipe.model_digest)),
        text_columns=plan.text_columns,
        schemas=plan.output_schemas,
        model_column=options.model_column,
        field_names=options.field_names,
        retried={name: plan.output.path_of(name) for name in resumption.retried},
        output=plan.output.url,
        run_id=lock.run_id,
        text_encoding=options.text_encoding or "utf-8",
    )
    write = WriteConfig(plan.output.url, resumed.recipe, plan.output_schemas, lock.run_id)
    try:
        pipeline = beam.Pipeline(options=PipelineOptions(list(options.beam_arguments)))
    except ImportError as error:  # such as --pickle_library=dill without dill
        raise UsageError(f"Apache Beam cannot be set up: {error}") from None
    graph.build(pipeline, resumption.left_groups, plan.schemas, translate, write)
    workload = _workload(plan, resumption, options.text_encoding or "utf-8")
    stopped = False
    try:
        with ExitStack() as observers:
            if recorder is not None:
                observers.enter_context(recorder.saving())
            observed_by = () if recorder is None else (recorder.observe,)
            monitor = observers.enter_context(Monitor(options.progress, workload, observed_by))
            if options.metrics_port is not None:
                observers.enter_context(_metrics(options.metrics_port, options.metrics_address, monitor, workload))
            _run(pipeline, monitor)
    except (RunStopped, StopRequested):
        stopped = True
        lock.stop_workers(elsewhere=not live_engines())
    except BaseException:
        lock.stop_workers(elsewhere=not live_engines())
        raise
    finally:
        close_fences()
        hosts = [host for engine in live_engines() for host in engine.hosts()]
        slots = {host.url: host.limit for host in hosts}
        if options.slots is None:
            keep_known_slots(model_key(options.model), hosts)
        for engine in live_engines():
            engine.close()
    return Execution(slots, stopped)


@contextmanager
def _metrics(port: int, address: str, monitor: Monitor, workload: Workload) -> Iterator[None]:
    # Late, since prometheus_client is an extra.
    from pipeline.metrics import serve_metrics

    with serve_metrics(port, address, monitor, workload.texts) as served:
        LOG.info("metrics: http://%s:%d/metrics", address, served)
        yield


def _workload(plan: RunPlan, resumption: Resumption, text_encoding: str) -> Workload:
    """Return what is left to translate; its characters are estimated if the input is on this machine."""
    texts = sum(unit.rows for unit in resumption.left) * len(plan.text_columns)
    if any("://" in unit.source.url for unit in resumption.left):
        return Workload(texts)
    sample = sample_texts(resumption.left_groups, plan.schemas, plan.text_columns, text_encoding)
    return Workload(texts, round(texts * sample.mean_characters))


def _run(pipeline: beam.Pipeline, monitor: Monitor) -> None:
    try:
        result = pipeline.run()  # in this process, it returns when the pipeline has finished
        if not live_engines():
            monitor.follow(metrics_of(result))
        result.wait_until_finish()
    except Exception as error:
        original = original_error(f"{type(error).__name__}: {error}")
        if original is None:
            raise
        raise original from error


def original_error(text: str) -> TranslateError | None:
    """Find an exception of ours in a runner's error text; runners pass exceptions of workers on as text.

    >>> original_error("…RunFailed: the disk is full [while running 'Write']")
    RunFailed('the disk is full')
    """
    kinds = {name: kind for name, kind in vars(errors).items() if isinstance(kind, type)}
    pattern = rf"\b({'|'.join(kinds)}): (.*?)(?: \[while running .*)?$"
    found = re.findall(pattern, text, re.MULTILINE)
    if not found:
        return None
    name, message = found[-1]
    error = kinds[name](message)
    return error if isinstance(error, TranslateError) else None

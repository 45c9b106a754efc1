"""One run from its options to its exit code: plan, resume, execute, summarise."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timezone
from functools import cache, partial
from uuid import uuid4

from pipeline.clean_up import clean_up, remove_parts
from pipeline.console.introduction import introduction
from pipeline.console.logs import tell_repetitions
from pipeline.console.outcome import show_outcome
from pipeline.console.preview import show_preview
from pipeline.console.streams import is_for_people
from pipeline.dry_run import dry_run
from pipeline.execution import Execution
from pipeline.exit_codes import ExitCode
from pipeline.memory.place import memory_settings
from pipeline.options.run import RunOptions
from pipeline.plan import RunPlan, make_plan
from pipeline.process_limits import UNUSED, calm_collector, hidden, switch_threads_often
from pipeline.report.recorder import RunRecorder
from pipeline.report.run_files import new_name
from pipeline.report.time_series import RunRecord
from pipeline.resume import ResumedPlan, compare
from pipeline.signals import CleanStop, StopRequested
from pipeline.summary import Summary, earlier_speed, publish, summarise
from transforms import __version__
from transforms.configuration import TranslationSettings, configuration_of, make_recipe, read_translation_settings
from transforms.engine.deduplicator import MemorySettings
from transforms.errors import RunStopped, TranslateError
from transforms.fleet.host.preflight import UsableHosts, find_hosts
from transforms.sink.output_lock import OutputLock
from transforms.sink.part_index import sound_parts
from transforms.source.work_units import SourceFile

LOG = logging.getLogger(__name__)


def run_once(options: RunOptions, stop: CleanStop, sources: Sequence[SourceFile] | None = None) -> ExitCode:
    """Translate what is left of the input and publish the summary; with ``dry_run``, only say what would be done.

    Args:
        options: Options of the run.
        stop: Signal handler of the process.
        sources: Input files; None to find those that the options name.

    Raises:
        UsageError: A mistake that was found before anything was sent or written.
        RunFailed: The run could not continue; finished parts are kept, and the summary says so, too.
        RunStopped: The run was asked to stop, but not by a signal.
    """
    started = time.monotonic()
    settings = read_translation_settings(configuration_of(options))
    plan = make_plan(options, sources)
    if options.dry_run:
        dry_run(options, settings, resume(options, settings, plan))
        return ExitCode.DONE
    with OutputLock(plan.output, uuid4().hex) as lock, ExitStack() as at_end:
        at_end.callback(tell_repetitions)
        resumed: ResumedPlan | None = None
        recorder: RunRecorder | None = None
        try:
            resumed = resume(options, settings, plan)
            if options.overwrite:
                remove_parts(plan.output, resumed.resumption.obsolete)  # before the run, so that recipes never mix
            execution = Execution()
            if resumed.resumption.left:
                memory = memory_settings(options, plan.output, resumed.recipe)
                recorder = start_recorder(options, resumed)
                execution = _execute(options, settings, resumed, memory, lock, recorder)
        except (RunStopped, StopRequested):  # while waiting for a healthy host
            execution = Execution(stopped=True)
        if execution.stopped and stop.code is None:
            raise RunStopped("the run was stopped")
        if execution.failure is not None and stop.code is not None:
            LOG.warning("stopped: %s", execution.failure)
            execution = replace(execution, stopped=True, failure=None)

        def conclude() -> ExitCode:
            early = execution.stopped or execution.failure is not None
            footers = {} if resumed is None else clean_up(plan.output, resumed.resumption, lock.run_id, early)
            summary = summarise(options, plan, resumed, footers, execution, stop.code, time.monotonic() - started)
            if options.limit is not None and not early:
                parts = [plan.output.path_of(unit.part_name) for unit in plan.units]
                show_preview(parts, plan.text_columns, options.limit)
            _publish(options, plan, summary, recorder)
            return summary.exit_code

        if execution.failure is None:
            return conclude()
        try:
            conclude()
        except TranslateError as error:  # such as the full disk that ended the run
            LOG.warning("no complete summary of the failed run: %s", error)
        raise execution.failure


def _publish(options: RunOptions, plan: RunPlan, summary: Summary, recorder: RunRecorder | None) -> None:
    """Publish the time series, the summary and the report."""
    if recorder is not None:
        recorder.finish(summary.detailed())
    publish(summary, plan.output, options.summary_file, partial(_show, options))
    if options.report:
        # Late, since templates and plots take a moment to import.
        from pipeline.report.write import write_report

        LOG.info("report: %s", write_report(plan.output, options.report_texts))


def _execute(
    options: RunOptions,
    settings: TranslationSettings,
    resumed: ResumedPlan,
    memory: MemorySettings,
    lock: OutputLock,
    recorder: RunRecorder,
) -> Execution:
    if options.workers > 1:
        # Late, as only some runs need it.
        from pipeline.workers.launch import execute_in_workers
        from pipeline.workers.shares import number_of_workers, tasks_for

        tasks = tasks_for(resumed.resumption.left_groups, options.workers)
        workers = number_of_workers(options, len(tasks))
        if workers > 1:
            return execute_in_workers(options, settings, resumed, memory, lock, recorder, tasks, workers)
    return _executor()(options, settings, resumed, memory, lock, recorder)


@cache
def _executor() -> Callable[..., Execution]:
    """Import Beam, once a run needs it: mistakes must be told, and a run without work must end, without that second."""
    with hidden(*UNUSED):
        from pipeline.execute import execute
    calm_collector()
    switch_threads_often()
    return execute


def _show(options: RunOptions, summary: Summary) -> None:
    if is_for_people(options.summary_format, sys.stdout):
        show_outcome(summary, options, sys.stdout)
    else:
        print(summary.line())


def start_recorder(options: RunOptions, resumed: ResumedPlan) -> RunRecorder:
    """Prepare the time series of a run over the units that are left."""
    plan = resumed.plan
    now = datetime.now(timezone.utc)
    rows = sum(unit.rows for unit in resumed.resumption.left)
    record = RunRecord(
        started=now.isoformat(timespec="seconds"),
        version=__version__,
        model=options.model,
        rows_in=plan.rows,
        rows=rows,
        texts=rows * len(plan.text_columns),
    )
    return RunRecorder(plan.output, new_name(now), record)


def resume(options: RunOptions, settings: TranslationSettings, plan: RunPlan) -> ResumedPlan:
    """Find the units that are left; ask the hosts for the digests of the models if there are any.

    Raises:
        UsageError: The output was made with another recipe.
        RunFailed: No host has the model.
        NoHostLeft: No host answered in time.
    """
    limited = options.limit is not None
    parts = plan.output.existing_parts() if options.overwrite else sound_parts(plan.output)

    def compared(hosts: UsableHosts) -> ResumedPlan:
        recipe = replace(make_recipe(settings, plan.text_columns, hosts.digests), text_encoding=options.text_encoding)
        resumption = compare(plan, recipe, parts, options.overwrite, options.retry_failed, limited)
        return ResumedPlan(plan, recipe, hosts, resumption)

    resumed = compared(UsableHosts())  # a recipe without digests agrees with every digest
    if resumed.resumption.left or options.dry_run:
        resumed = compared(_ask_hosts(options))
    for line in introduction(options, resumed, earlier_speed(plan.output)):
        LOG.info("%s", line)
    return resumed


def _ask_hosts(options: RunOptions) -> UsableHosts:
    models = [model for model in (options.model, options.fallback_model) if model is not None]
    any_model = options.model_column is not None
    return find_hosts(options.hosts, models, any_model, options.use_proxy, options.max_outage, options.hosts_from)

"""Execute a plan in several worker processes. Only these import Beam."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipeline.execution import Execution, carry_out, slots_of
from pipeline.known_slots import keep_known_slots
from pipeline.observation import observed, workload_of
from pipeline.options.run import RunOptions
from pipeline.report.recorder import RunRecorder
from pipeline.resume import ResumedPlan
from pipeline.workers.messages import Setup
from pipeline.workers.pool import WorkerPool
from pipeline.workers.totals import Totals
from transforms.configuration import TranslationSettings
from transforms.engine.deduplicator import MemorySettings
from transforms.fleet.model_names import model_key
from transforms.memory.addresses import forget_claims
from transforms.sink.moved_inputs import NOTHING_MOVED
from transforms.sink.output_directory import OutputDirectory
from transforms.sink.output_lock import OutputLock
from transforms.source.read_tasks import ReadTask


def execute_in_workers(
    options: RunOptions,
    settings: TranslationSettings,
    resumed: ResumedPlan,
    memory: MemorySettings,
    lock: OutputLock,
    recorder: RunRecorder | None,
    tasks: Sequence[ReadTask],
    workers: int,
) -> Execution:
    """Translate the units that are left.

    Args:
        options: Options of the run.
        settings: What a translation depends on beside the options.
        resumed: The plan and what is left of it.
        memory: Where the translation memory is.
        lock: Lock of the output, which is held.
        recorder: Records the time series of the run; None to record nothing.
        tasks: The units that are left.
        workers: Number of worker processes.

    Raises:
        TranslateError: What a worker reported, except RunFailed.
    """
    plan = resumed.plan
    if options.memory == "auto" and memory.where is not None:  # it belongs to the output, whose lock is held
        forget_claims(memory.where)
    setup = Setup(options, settings, _without_units(resumed), memory, lock.run_id, 0, workers)
    workload = workload_of(plan, resumed.resumption, options.text_encoding or "utf-8")
    totals = Totals()

    def run() -> None:
        with (
            observed(options, workload, recorder, totals.snapshot),
            WorkerPool(setup, tasks, totals, lambda names: published_by(lock.run_id, names, plan.output)) as pool,
        ):
            pool.run()

    execution = carry_out(run, stop_workers=lambda: lock.stop_workers(elsewhere=False))
    hosts = totals.slots()
    if options.slots is None:
        keep_known_slots(model_key(options.model), hosts)
    return replace(execution, slots=slots_of(hosts), requests_sent=totals.requests())


def published_by(run_id: str, names: Sequence[str], output: OutputDirectory) -> set[str]:
    """Return the names of those parts that a run has published.

    Raises:
        RunFailed: The output cannot be read.
    """
    files = output.list_parts()
    footers = output.read_footers({name: files[name] for name in names if name in files})
    return {name for name, footer in footers.items() if footer is not None and footer.run_id == run_id}


def _without_units(resumed: ResumedPlan) -> ResumedPlan:
    """Return the plan without what grows with the input: workers get their units with their tasks."""
    resumption = replace(
        resumed.resumption, left_groups=(), planned=(), obsolete=(), removed=(), moved=NOTHING_MOVED, before={}
    )
    return replace(resumed, plan=replace(resumed.plan, groups=()), resumption=resumption)

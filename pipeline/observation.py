"""What watches a run: the progress display, the time series of the report, and the metrics for Prometheus."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from pipeline.estimate import sample_texts
from pipeline.monitoring.monitor import Monitor
from pipeline.monitoring.status import Workload
from pipeline.options.run import RunOptions
from pipeline.plan import RunPlan
from pipeline.report.recorder import RunRecorder
from pipeline.resume import Resumption
from transforms.engine.engine import live_snapshot
from transforms.engine.snapshot import Snapshot

LOG = logging.getLogger(__name__)


@contextmanager
def observed(
    options: RunOptions,
    workload: Workload,
    recorder: RunRecorder | None,
    figures: Callable[[], Snapshot] = live_snapshot,
) -> Iterator[Monitor]:
    """Show the progress, record the run and serve its metrics, as the options ask for, while the context is open.

    Args:
        options: Options of the run.
        workload: What the run is to translate.
        recorder: Records the time series of the run; None to record nothing.
        figures: Takes the cumulative counts; those of this process's engines by default.
    """
    with ExitStack() as observers:
        if recorder is not None:
            observers.enter_context(recorder.saving())
        observed_by = () if recorder is None else (recorder.observe,)
        monitor = observers.enter_context(Monitor(options.progress, workload, observed_by, figures))
        if options.metrics_port is not None:
            observers.enter_context(_metrics(options.metrics_port, options.metrics_address, monitor, workload))
        yield monitor


@contextmanager
def _metrics(port: int, address: str, monitor: Monitor, workload: Workload) -> Iterator[None]:
    # Late, since prometheus_client is an extra.
    from pipeline.metrics import serve_metrics

    with serve_metrics(port, address, monitor, workload.texts) as served:
        LOG.info("metrics: http://%s:%d/metrics", address, served)
        yield


def workload_of(plan: RunPlan, resumption: Resumption, text_encoding: str) -> Workload:
    """Return what is left to translate; its characters are estimated if the input is on this machine."""
    texts = sum(unit.rows for unit in resumption.left) * len(plan.text_columns)
    if any("://" in unit.source.url for unit in resumption.left):
        return Workload(texts)
    sample = sample_texts(resumption.left_groups, plan.schemas, plan.text_columns, text_encoding)
    return Workload(texts, round(texts * sample.mean_characters))

"""The figures of a run whose workers are elsewhere, from the counters that its runner reports."""

from __future__ import annotations

import apache_beam as beam
from apache_beam.metrics.metric import Metrics
from apache_beam.options.pipeline_options import PipelineOptions

from pipeline.monitoring.beam_metrics import ELSEWHERE, metrics_of, snapshot_of_counters
from pipeline.monitoring.panel import Panel
from pipeline.monitoring.status import StatusTracker, Workload
from transforms.translate import METRICS

URL = "http://gpu0:11434"
COUNTERS = {
    "texts": 40,
    "characters": 4_000,
    "status/ok": 38,
    "status/failed": 2,
    "origin/memory": 10,
    "flag/number_mismatch": 3,
    "repairs/texts": 4,
    f"host_answers/{URL}": 28,
    f"host_tokens/{URL}": 900,
    f"host_faults/{URL}": 5,
    "rows_ok": 38,
}


def test_counters_become_a_snapshot() -> None:
    found = snapshot_of_counters(COUNTERS)
    assert (found.texts, found.characters) == (40, 4_000)
    assert (found.statuses, found.origins) == ({"ok": 38, "failed": 2}, {"memory": 10})
    assert (found.flags, found.repairs) == ({"number_mismatch": 3}, {"texts": 4})
    (host,) = found.hosts
    assert (host.url, host.state, host.traffic.answers, host.traffic.output_tokens) == (URL, ELSEWHERE, 28, 900)
    (shown,) = StatusTracker(Workload(100)).status(10.0, found).hosts
    assert shown.faults == {"failed": 5}
    assert Panel(StatusTracker(Workload(100)).status(10.0, found))


def count(pair: tuple[str, int]) -> None:
    Metrics.counter(METRICS, pair[0]).inc(pair[1])
    Metrics.counter("elsewhere", pair[0]).inc(1_000)


def test_the_counters_of_a_real_runner_are_read() -> None:
    pipeline = beam.Pipeline(options=PipelineOptions(["--runner=FnApiRunner"]))
    _ = pipeline | beam.Create(list(COUNTERS.items())) | beam.Map(count)
    result = pipeline.run()
    result.wait_until_finish()
    found = metrics_of(result)()
    assert (found.texts, found.statuses, found.hosts[0].traffic.answers) == (40, {"ok": 38, "failed": 2}, 28)


def test_a_runner_without_metrics_shows_the_latest_figures() -> None:
    class Silent:
        def metrics(self) -> None:
            raise NotImplementedError

    assert metrics_of(Silent())().texts == 0

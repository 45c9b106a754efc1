from __future__ import annotations

from pipeline.report.page_plots import _buckets, host_plots, quality_plots
from pipeline.report.row_sample import RowSample, SampledText
from pipeline.report.run_files import RecordedRun
from tests.pipeline.report.outputs import GPU0, GPU1, dying_host, host_sample, record, sample
from tests.pipeline.report.test_findings import figures

TEXT = SampledText(GPU0, 2 * 10**9, 0, 10**8, 10**9, 9 * 10**8, 40, 1.1, -0.3, -1.2)


def test_a_run_with_samples_has_plots_over_time() -> None:
    found = {group.title: group for group in host_plots(figures(sample=RowSample((TEXT,), 1)))}
    assert [plot.title for plot in found["Requests in flight and detected limit"].plots] == ["gpu0:11434", "gpu1:11434"]
    assert list(found) == [
        "Throughput in the last run",
        "Requests in flight and detected limit",
        "Faults over time",
        "Where the time went",
    ]
    (events,) = found["Faults over time"].plots
    assert [label for label, _ in events.key] == ["connection_refused", "no requests possible"]


def test_remote_workers_leave_the_plots_of_rows_only() -> None:
    only = figures(runs=(), sample=RowSample((TEXT,), 1))
    assert [group.title for group in host_plots(only)] == ["Where the time went"]
    assert host_plots(figures(runs=(), sample=RowSample())) == []


def test_many_hosts_stay_readable() -> None:
    hosts = [f"http://gpu{number}:11434" for number in range(30)]
    samples = tuple(sample(float(t), *(host_sample(host, output_tokens=9 * t) for host in hosts)) for t in range(5))
    throughput, load = host_plots(figures(runs=(RecordedRun(record(), samples),), sample=RowSample()))
    assert len(throughput.plots[0].key) == 8
    assert throughput.plots[0].note == "The first 8 of 30 hosts."
    assert len(load.plots) == 24


def test_rare_classes_of_faults_are_merged() -> None:
    failures = {f"class{number}": 1 for number in range(9)}
    run = RecordedRun(record(), (*dying_host()[:1], sample(1.0, host_sample(GPU1, failures=failures))))
    groups = host_plots(figures(runs=(run,), sample=RowSample()))
    (events,) = next(group for group in groups if group.title == "Faults over time").plots
    assert [label for label, _ in events.key][-1] == "other"
    assert len(events.key) == 7


def test_distributions_show_what_is_known() -> None:
    (group,) = quality_plots(figures(sample=RowSample((TEXT,), 1, complete=False)))
    assert [plot.title for plot in group.plots] == [
        "Characters of the translation per character of the source",
        "Mean log probability per token",
        "Log probability per token in the least certain window",
    ]
    assert group.plots[0].note == "From a sample of 1 rows."
    assert quality_plots(figures(sample=RowSample())) == []


def test_the_outer_buckets_hold_everything_beyond() -> None:
    assert _buckets([0.0, 0.45, 1.05, 9.0], 0.5, 0.0, 1.5) == [("0.0", 2), ("0.5", 0), ("1.0", 2)]

from __future__ import annotations

import http.client
import re
import socket
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from pipeline.metrics import SnapshotCollector, serve_metrics
from pipeline.monitoring.status import RunStatus, Workload
from transforms.engine.snapshot import Snapshot
from transforms.errors import UsageError
from transforms.fleet.host.host_state import HostView
from transforms.fleet.host.traffic import Traffic

GPU0 = "http://gpu0:11434"


def snapshot(texts: int = 8) -> Snapshot:
    traffic = Traffic(answers=5, prompt_tokens=400, output_tokens=100, latency_seconds=6.0)
    traffic.failures.update(busy=2, superseded=1)
    traffic.latencies[0], traffic.latencies[-1] = 4, 1
    hosts = (
        HostView(GPU0, "healthy", 3, 5, traffic=traffic),
        HostView("http://gpu1:11434", "circuit open: La vanne", 0, 4),
    )
    return Snapshot(
        texts, 900, {"ok": 7, "failed": 1}, {"memory": 2}, {"line_count": 1}, {"texts": 3, "requests": 4}, hosts
    )


class Source:
    """A run of 100 texts, 20 s after its start."""

    def __init__(self, eta_seconds: float | None = 80.0) -> None:
        self.last = RunStatus(20.0, Workload(100), snapshot(), 0.0, 0.0, 0.0, eta_seconds, ())

    def figures(self) -> Snapshot:
        return self.last.figures


def get(port: int, path: str = "/metrics") -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path)
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def samples(text: str) -> dict[tuple[str, ...], float]:
    """Values by name and labels' values."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_the_figures_are_served_in_prometheus_format_while_the_run_lasts() -> None:
    with serve_metrics(0, "127.0.0.1", Source(), texts=100) as port:
        text = get(port)
    found = samples(text)
    assert found["translate_texts_total", "ok"] == 7
    assert found["translate_texts_total", "failed"] == 1
    assert found["translate_requests_total", GPU0, "answered"] == 5
    assert found["translate_requests_total", GPU0, "busy"] == 2
    assert found["translate_requests_in_flight", GPU0] == 3
    assert found["translate_host_limit", "http://gpu1:11434"] == 4
    assert found["translate_host_healthy", "http://gpu1:11434"] == 0
    assert found["translate_tokens_total", GPU0, "prompt"] == 400
    assert found["translate_memory_hits_total",] == 2
    assert found["translate_repair_requests_total",] == 4
    assert found["translate_text_flags_total", "line_count"] == 1
    assert found["translate_texts_planned",] == 100
    assert found["translate_request_latency_seconds_bucket", GPU0, "0.05"] == 4
    assert found["translate_request_latency_seconds_bucket", GPU0, "300"] == 4
    assert found["translate_request_latency_seconds_bucket", GPU0, "+Inf"] == 5
    assert found["translate_request_latency_seconds_count", GPU0] == 5
    assert found["translate_request_latency_seconds_sum", GPU0] == 6.0
    assert "La vanne" not in text
    with pytest.raises(ConnectionError):
        get(port)


@pytest.mark.parametrize("eta_seconds", [80.0, None])
def test_the_time_left_is_that_of_the_monitor(eta_seconds: float | None) -> None:
    metrics = {metric.name: metric for metric in SnapshotCollector(Source(eta_seconds), 40).collect()}
    found = metrics.get("translate_eta_seconds")
    assert (None if found is None else found.samples[0].value) == eta_seconds


def test_the_documentation_names_every_metric() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "report.md").read_text("utf-8")
    documented = set(re.findall(r"^\| `(translate_\w+)`", page, re.MULTILINE))
    metrics = list(SnapshotCollector(Source(), 100).collect())
    assert documented == {f"{each.name}_total" if each.type == "counter" else each.name for each in metrics}


def test_a_port_in_use_is_a_usage_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with (
            pytest.raises(UsageError, match=f"cannot serve metrics on 127.0.0.1:{port}"),
            serve_metrics(port, "127.0.0.1", Source(), 1),
        ):
            pass

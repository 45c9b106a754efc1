"""Prometheus metrics of a run, served over HTTP while the run lasts.

The figures are read from a snapshot whenever Prometheus asks, so metrics cost nothing in between.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from pipeline.monitoring.status import RunStatus
from pipeline.report.rates import AVAILABLE
from transforms.engine.snapshot import Snapshot
from transforms.errors import UsageError
from transforms.fleet.host.traffic import LATENCY_BOUNDS_SECONDS


class Source(Protocol):
    """Where the figures come from: the monitor of a run."""

    @property
    def last(self) -> RunStatus | None:
        """The latest status; None before the first one."""

    def figures(self) -> Snapshot:
        """The counts of this moment."""


class SnapshotCollector(Collector):
    """Converts the figures of a run to metrics.

    Args:
        source: Where the figures come from.
        texts: Texts that the run has to complete.
    """

    def __init__(self, source: Source, texts: int) -> None:
        self._source = source
        self._texts = texts

    def collect(self) -> Iterator[Metric]:
        """Return the metrics of this moment."""
        snapshot = self._source.figures()
        yield from self._texts_metrics(snapshot)
        yield from _host_metrics(snapshot)

    def _texts_metrics(self, snapshot: Snapshot) -> Iterator[Metric]:
        texts = CounterMetricFamily("translate_texts", "Completed texts by status.", labels=["status"])
        for status, count in sorted(snapshot.statuses.items()):
            texts.add_metric([status], count)
        yield texts
        origins = CounterMetricFamily("translate_text_origins", "Completed texts by origin.", labels=["origin"])
        for origin, count in sorted(snapshot.origins.items()):
            origins.add_metric([origin], count)
        yield origins
        flags = CounterMetricFamily("translate_text_flags", "Completed texts by flag.", labels=["flag"])
        for name, count in sorted(snapshot.flags.items()):
            flags.add_metric([name], count)
        yield flags
        yield CounterMetricFamily(
            "translate_memory_hits", "Texts from the translation memory.", value=snapshot.origins.get("memory", 0)
        )
        yield CounterMetricFamily(
            "translate_repair_requests",
            "Extra requests after a failed check.",
            value=snapshot.repairs.get("requests", 0),
        )
        yield GaugeMetricFamily("translate_texts_planned", "Texts that the run has to complete.", value=self._texts)
        last = self._source.last
        if last is not None and (eta := last.eta_seconds) is not None:
            yield GaugeMetricFamily("translate_eta_seconds", "Estimated time until the run ends.", value=eta)


def _host_metrics(snapshot: Snapshot) -> Iterator[Metric]:
    requests = CounterMetricFamily("translate_requests", "Completed requests by outcome.", labels=["host", "outcome"])
    tokens = CounterMetricFamily("translate_tokens", "Tokens of accepted answers.", labels=["host", "kind"])
    in_flight = GaugeMetricFamily("translate_requests_in_flight", "Requests in flight.", labels=["host"])
    limit = GaugeMetricFamily("translate_host_limit", "Detected limit of requests in flight.", labels=["host"])
    healthy = GaugeMetricFamily("translate_host_healthy", "1 if the host takes requests.", labels=["host"])
    latency = HistogramMetricFamily(
        "translate_request_latency_seconds", "Latency of accepted answers.", labels=["host"]
    )
    for host in snapshot.hosts:
        traffic = host.traffic
        requests.add_metric([host.url, "answered"], traffic.answers)
        for failure, count in sorted(traffic.failures.items()):
            requests.add_metric([host.url, failure], count)
        tokens.add_metric([host.url, "prompt"], traffic.prompt_tokens)
        tokens.add_metric([host.url, "output"], traffic.output_tokens)
        in_flight.add_metric([host.url], host.in_flight)
        limit.add_metric([host.url], host.limit)
        healthy.add_metric([host.url], float(host.state in AVAILABLE))
        bounds = [*(f"{bound:g}" for bound in LATENCY_BOUNDS_SECONDS), "+Inf"]
        buckets = list(zip(bounds, map(float, itertools.accumulate(traffic.latencies)), strict=True))
        latency.add_metric([host.url], buckets, traffic.latency_seconds)
    yield from (requests, tokens, in_flight, limit, healthy, latency)


@contextmanager
def serve_metrics(port: int, address: str, source: Source, texts: int) -> Iterator[int]:
    """Serve metrics while the context is open; yields the port.

    Args:
        port: Port to listen on; 0 picks a free one.
        address: Address to listen on.
        source: Where the figures come from.
        texts: Texts that the run has to complete.

    Raises:
        UsageError: The port can't be opened.
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(SnapshotCollector(source, texts))
    try:
        server, thread = start_http_server(port, address, registry)
    except OSError as error:
        raise UsageError(
            f"cannot serve metrics on {address}:{port}: {error.strerror or error}; choose another --metrics_port"
        ) from error
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

"""Counts of a run whose workers run elsewhere: the Beam counters of the translate step, as the runner reports them."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from apache_beam.metrics.metric import MetricsFilter

from transforms.engine.snapshot import Snapshot
from transforms.fleet.host.host_state import HostView
from transforms.fleet.host.traffic import Traffic
from transforms.translate import METRICS

LOG = logging.getLogger(__name__)

ELSEWHERE = "remote"
"""State of a host that only the workers know."""


def metrics_of(result: Any) -> Callable[[], Snapshot]:
    """Return a function that reads the counters of a running pipeline.

    Args:
        result: Beam's ``PipelineResult``.
    """
    latest = snapshot_of_counters({})

    def figures() -> Snapshot:
        nonlocal latest
        try:
            found = result.metrics().query(MetricsFilter().with_namespace(METRICS))["counters"]
            latest = snapshot_of_counters({each.key.metric.name: each.result or 0 for each in found})
        except Exception as error:  # each runner has errors of its own, and a look less does not matter
            LOG.debug("the runner reports no metrics: %s", error)
        return latest

    return figures


def snapshot_of_counters(counters: Mapping[str, int]) -> Snapshot:
    """Sort counters named ``texts``, ``status/ok``, ``host_answers/http://gpu0:11434`` and so on into a snapshot."""
    grouped: dict[str, Counter[str]] = {}
    for name, count in counters.items():
        kind, _, key = name.partition("/")
        grouped.setdefault(kind, Counter())[key] += count

    def group(kind: str) -> Counter[str]:
        return grouped.get(kind, Counter())

    urls = sorted({*group("host_answers"), *group("host_faults")})
    hosts = tuple(
        HostView(
            url,
            ELSEWHERE,
            in_flight=0,
            limit=0,
            traffic=Traffic(
                answers=group("host_answers")[url],
                output_tokens=group("host_tokens")[url],
                failures=Counter({"failed": group("host_faults")[url]}),
            ),
        )
        for url in urls
    )
    return Snapshot(
        texts=group("texts")[""],
        characters=group("characters")[""],
        statuses=group("status"),
        origins=group("origin"),
        flags=group("flag"),
        repairs=group("repairs"),
        hosts=hosts,
    )

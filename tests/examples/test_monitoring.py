"""The examples for Prometheus and Grafana use metrics that exist."""

from __future__ import annotations

import json
import re
from pathlib import Path

import yaml

from pipeline.metrics import SnapshotCollector
from tests.pipeline.test_metrics import Source

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
_METRIC = re.compile(r"\btranslate_\w+")
_LABELS = re.compile(r"\b(?:by|on) \(([^)]*)\)|(\w+)(?:!=|=~|!~|=)\"")


def known() -> tuple[set[str], set[str]]:
    """Names of all samples, and of their labels."""
    samples = [sample for metric in SnapshotCollector(Source(), 100).collect() for sample in metric.samples]
    return {sample.name for sample in samples}, {label for sample in samples for label in sample.labels} | {"instance"}


def check(expression: str) -> None:
    metrics, labels = known()
    assert set(_METRIC.findall(expression)) <= metrics, expression
    named = {name.strip() for group, one in _LABELS.findall(expression) for name in (group or one).split(",")}
    assert named <= labels, expression


def test_rules_use_existing_metrics_and_labels() -> None:
    rules = yaml.safe_load((EXAMPLES / "prometheus-rules.yml").read_text("utf-8"))
    found = [rule for group in rules["groups"] for rule in group["rules"]]
    assert len(found) >= 5
    for rule in found:
        check(rule["expr"])
        assert rule["annotations"]["summary"].endswith(".")


def test_the_dashboard_uses_existing_metrics_and_labels() -> None:
    dashboard = json.loads((EXAMPLES / "grafana-dashboard.json").read_text("utf-8"))
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    assert len(expressions) >= 10
    for expression in expressions:
        check(expression)
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])

"""The steps of the graph, without running it."""

from __future__ import annotations

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.pipeline import AppliedPTransform, PipelineVisitor

from pipeline.graph import build, spread
from tests.transforms.sink.part_batches import RECIPE
from tests.transforms.test_translate import SCHEMA, URL, config
from transforms.write import WriteConfig


class Steps(PipelineVisitor):
    """Collects the names of the outermost steps, in order."""

    def __init__(self) -> None:
        self.labels: list[str] = []

    def enter_composite_transform(self, node: AppliedPTransform) -> None:
        if node.full_label:
            self._add(node)

    def visit_transform(self, node: AppliedPTransform) -> None:
        self._add(node)

    def _add(self, node: AppliedPTransform) -> None:
        if "/" not in node.full_label:
            self.labels.append(node.full_label)


def test_only_descriptors_are_reshuffled() -> None:
    pipeline = beam.Pipeline(options=PipelineOptions(["--runner=FnApiRunner"]))
    build(spread(pipeline, []), {}, config([]), WriteConfig("out", RECIPE, {URL: SCHEMA}))
    steps = Steps()
    pipeline.visit(steps)
    assert steps.labels == ["Plan", "Spread", "Read", "Translate", "Write"]

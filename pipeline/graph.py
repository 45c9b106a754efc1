"""The Beam graph, on one screen.

    inputs ── plan ──► units ─(Reshuffle)─► Read ──► Translate ──► Write ──► parts
                       tiny descriptors       one fused stage: rows never cross it

On FnApiRunner, a Reshuffle of rows would keep about four times their bytes in memory; only descriptors cross it here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import apache_beam as beam
import pyarrow as pa
from apache_beam.utils.shared import Shared

from transforms.read import ReadUnits
from transforms.sink.parts import PartResult
from transforms.source.read_tasks import ReadTask
from transforms.translate import TranslateConfig, TranslateRows
from transforms.write import WriteConfig, WriteParts

BATCH_ROWS = 64
"""Rows of a batch; few, as a batch is as slow as its slowest row."""


def spread(pipeline: beam.Pipeline, tasks: Sequence[ReadTask]) -> beam.pvalue.PCollection[ReadTask]:
    """Add the steps that spread tasks over the workers of a runner."""
    spread_tasks: beam.pvalue.PCollection[ReadTask] = (
        pipeline | "Plan" >> beam.Create(tasks) | "Spread" >> beam.Reshuffle()
    )
    return spread_tasks


def build(
    tasks: beam.pvalue.PCollection[ReadTask],
    schemas: Mapping[str, pa.Schema],
    translate: TranslateConfig,
    write: WriteConfig,
) -> beam.pvalue.PCollection[PartResult]:
    """Add the steps to the pipeline; the result has one ``PartResult`` for each part written.

    Args:
        tasks: Units to translate.
        schemas: Schema of each input file, by the file's address.
        translate: Configuration of the translate step.
        write: Configuration of the write step.
    """
    parts: beam.pvalue.PCollection[PartResult] = (
        tasks
        | "Read" >> beam.ParDo(ReadUnits(schemas, BATCH_ROWS))
        | "Translate" >> beam.ParDo(TranslateRows(translate, Shared()))
        | "Write" >> beam.ParDo(WriteParts(write))
    )
    return parts

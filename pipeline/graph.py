"""The Beam graph, on one screen.

    inputs ── plan ──► UnitGroup ─(Reshuffle)─► Read ──► Translate ──► Write ──► parts
                       tiny descriptors       one fused stage: rows never cross it

On FnApiRunner a Reshuffle of rows would keep about four times their bytes in memory; here only descriptors cross it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import apache_beam as beam
from apache_beam.utils.shared import Shared

from transforms.read import ReadUnits
from transforms.sink.parts import PartResult
from transforms.source.work_units import UnitGroup
from transforms.translate import TranslateConfig, TranslateRows
from transforms.write import WriteConfig, WriteParts

BATCH_ROWS = 64
"""Rows that travel together; small, because a batch is as slow as its slowest row."""


def build(
    pipeline: beam.Pipeline,
    runs: Sequence[UnitGroup],
    schemas: Mapping[str, Any],
    translate: TranslateConfig,
    write: WriteConfig,
) -> beam.pvalue.PCollection[PartResult]:
    """Adds the steps to ``pipeline``; the result has one ``PartResult`` for each part written.

    Args:
        pipeline: To be run by the caller.
        runs: The work, as planned.
        schemas: Of the input files, by address.
        translate: For the translate step.
        write: For the write step.
    """
    parts: beam.pvalue.PCollection[PartResult] = (
        pipeline
        | "Plan" >> beam.Create(list(runs))
        | "Spread" >> beam.Reshuffle()
        | "Read" >> beam.ParDo(ReadUnits(schemas, BATCH_ROWS))
        | "Translate" >> beam.ParDo(TranslateRows(translate, Shared()))
        | "Write" >> beam.ParDo(WriteParts(write))
    )
    return parts

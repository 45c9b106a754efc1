"""Translate a Parquet file within a pipeline of your own, and keep what failed apart.

Run it with an input, an output and the hosts::

    python examples/library/parquet.py reports.parquet english gpu0,gpu1
"""

from __future__ import annotations

import json
import sys

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from transforms import Translate


def main(source: str, output: str, hosts: str) -> None:
    """Read records, translate their column ``body``, and write JSON lines."""
    # FnApiRunner runs in this process; without an option Beam would first try to download another runner.
    with beam.Pipeline(options=PipelineOptions(["--runner=FnApiRunner"])) as pipeline:
        records = pipeline | beam.io.ReadFromParquet(source)
        outputs = records | Translate(["body"], hosts=hosts, model="mistral").with_dead_letters()
        lines = outputs.rows | "Rows as JSON" >> beam.Map(json.dumps, ensure_ascii=False, default=str)
        letters = outputs.dead_letters | "Letters as JSON" >> beam.Map(json.dumps, ensure_ascii=False, default=str)
        _ = lines | "Write rows" >> beam.io.WriteToText(f"{output}/rows", file_name_suffix=".jsonl")
        _ = letters | "Write letters" >> beam.io.WriteToText(f"{output}/dead_letters", file_name_suffix=".jsonl")


if __name__ == "__main__":
    main(*sys.argv[1:])

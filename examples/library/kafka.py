"""Translate messages from Kafka as they arrive, on a runner that streams, such as Flink or Dataflow.

A bundle's messages come out with their bundle: nothing waits for a window's end. When the runner restores a checkpoint,
messages of bundles that were not complete are read again; with a Redis memory, what was answered is not paid for again.
"""

from __future__ import annotations

import json
import sys

import apache_beam as beam
from apache_beam.io.kafka import ReadFromKafka, WriteToKafka
from apache_beam.options.pipeline_options import PipelineOptions

from transforms import Translate


def decode(message: tuple[bytes, bytes]) -> dict[str, str | None]:
    """Return the key and the text of a message; a message that is not UTF-8 keeps what can be read of it."""
    key, value = message
    return {"key": key.decode("utf-8", "replace"), "body": value.decode("utf-8", "replace")}


def encode(row: dict[str, str | None]) -> tuple[bytes, bytes]:
    """Return a message with the translation and its status."""
    kept = {name: row[name] for name in ("body_en", "body_en_status", "body_en_flags", "body_en_error")}
    return str(row["key"]).encode(), json.dumps(kept, ensure_ascii=False).encode()


def main(servers: str, hosts: str, memory: str, *beam_arguments: str) -> None:
    """Read the topic ``reports``, and write the topic ``reports.en``."""
    with beam.Pipeline(options=PipelineOptions(["--streaming", *beam_arguments])) as pipeline:
        _ = (
            pipeline
            | ReadFromKafka({"bootstrap.servers": servers, "group.id": "translate"}, ["reports"])
            | beam.Map(decode)
            | Translate(["body"], hosts=hosts, model="mistral", memory=memory)
            | beam.Map(encode).with_output_types(tuple[bytes, bytes])
            | WriteToKafka({"bootstrap.servers": servers}, "reports.en")
        )


if __name__ == "__main__":
    main(*sys.argv[1:])

"""A sample of the rows of an output: durations, tokens and lengths for the report's distributions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from transforms.errors import RunFailed
from transforms.file_systems import file_system
from transforms.sink.columns import column_name
from transforms.sink.output_directory import OutputDirectory
from transforms.sink.write_errors import reason

MAX_PARTS = 40
MAX_ROWS = 20_000
BATCH_ROWS = 500

_FIELDS = (
    "status",
    "origin",
    "host",
    "total_duration_ns",
    "load_duration_ns",
    "prompt_eval_duration_ns",
    "eval_duration_ns",
    "queue_duration_ns",
    "eval_count",
)
CERTAINTY = ("logprob_mean", "logprob_min")


@dataclass(frozen=True, slots=True)
class SampledText:
    """One generated text of the sample. Durations are Ollama's, in nanoseconds; None where it sent none.

    Attributes:
        host: Host of the accepted answer; the first one of a text in several chunks.
        length_ratio: Characters of the translation divided by those of the source; None without either.
        logprob_mean, logprob_min: Mean log probability per token, and the lowest of a window; None if the output has no
            such columns.
    """

    host: str
    total_duration_ns: int | None
    load_duration_ns: int | None
    prompt_eval_duration_ns: int | None
    eval_duration_ns: int | None
    queue_duration_ns: int | None
    eval_count: int | None
    length_ratio: float | None
    logprob_mean: float | None = None
    logprob_min: float | None = None


@dataclass(frozen=True)
class RowSample:
    """Generated texts of evenly spaced parts.

    Attributes:
        texts: The sampled texts.
        rows: Number of rows that were read.
        complete: Whether these are all rows of the output.
    """

    texts: tuple[SampledText, ...] = ()
    rows: int = 0
    complete: bool = True


def read_sample(output: OutputDirectory, parts: Sequence[tuple[str, int]], text_columns: Sequence[str]) -> RowSample:
    """Read about ``MAX_ROWS`` rows from up to ``MAX_PARTS`` evenly spaced parts.

    Args:
        output: The output directory.
        parts: Names of the parts and their rows.
        text_columns: Columns that were translated.

    Raises:
        RunFailed: A part can't be read.
    """
    step = max(1, -(-len(parts) // MAX_PARTS))
    chosen = parts[::step]
    limit = MAX_ROWS // max(1, len(chosen))
    texts: list[SampledText] = []
    rows = 0
    for number, (name, _) in enumerate(chosen):
        for batch in _some_rows(output, name, number, text_columns, limit):
            rows += batch.num_rows
            for column in text_columns:
                texts.extend(_generated(batch, column))
    return RowSample(tuple(texts), rows, complete=rows == sum(count for _, count in parts))


def _some_rows(
    output: OutputDirectory, name: str, number: int, text_columns: Sequence[str], limit: int
) -> Iterator[pa.RecordBatch]:
    """At least ``limit`` rows, if there are as many, from a row group on that differs between parts."""
    wanted = [column_name(text, field) for text in text_columns for field in ("translation", *_FIELDS, *CERTAINTY)]
    try:
        fs, path = file_system(output.path_of(name))
        with fs.open(path, "rb") as file:
            parquet = pq.ParquetFile(file)
            names = [each for each in (*text_columns, *wanted) if each in parquet.schema_arrow.names]
            first = number % max(1, parquet.num_row_groups) if parquet.metadata.num_rows > limit else 0
            groups = list(range(first, parquet.num_row_groups))
            for batch in parquet.iter_batches(BATCH_ROWS, row_groups=groups, columns=names):
                yield batch
                limit -= batch.num_rows
                if limit <= 0:
                    break
    except Exception as error:  # each client library has exceptions of its own
        raise RunFailed(f"cannot read {output.path_of(name)}: {reason(error)}") from error


def _generated(batch: pa.RecordBatch, text_column: str) -> Iterator[SampledText]:
    names = batch.schema.names

    def values(name: str) -> list[Any]:
        return batch.column(name).to_pylist() if name in names else [None] * batch.num_rows

    fields = {field: values(column_name(text_column, field)) for field in (*_FIELDS, *CERTAINTY)}
    sources, translations = values(text_column), values(column_name(text_column, "translation"))
    for row in range(batch.num_rows):
        if fields["origin"][row] != "generated" or not fields["host"][row]:
            continue
        source, translation = sources[row], translations[row]
        yield SampledText(
            host=fields["host"][row].partition(",")[0],
            total_duration_ns=fields["total_duration_ns"][row],
            load_duration_ns=fields["load_duration_ns"][row],
            prompt_eval_duration_ns=fields["prompt_eval_duration_ns"][row],
            eval_duration_ns=fields["eval_duration_ns"][row],
            queue_duration_ns=fields["queue_duration_ns"][row],
            eval_count=fields["eval_count"][row],
            length_ratio=len(translation) / len(source) if source and translation else None,
            **{field: fields[field][row] for field in CERTAINTY},
        )

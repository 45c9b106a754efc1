"""Names and types of the columns that the output adds to the input's. No other module defines them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from transforms.engine.outcome import Outcome
from transforms.errors import UsageError
from transforms.masking import masked_url
from transforms.sink.recipe import Recipe

SHOWN_COLUMNS = 3

ADDED: dict[str, pa.DataType] = {
    "translation": pa.string(),
    "status": pa.string(),
    "flags": pa.list_(pa.string()),
    "error": pa.string(),
    "origin": pa.string(),
    "attempts": pa.int32(),
    "chunks": pa.int32(),
    "model": pa.string(),
    "model_digest": pa.string(),
    "host": pa.string(),
    "total_duration_ns": pa.int64(),
    "load_duration_ns": pa.int64(),
    "prompt_eval_duration_ns": pa.int64(),
    "eval_duration_ns": pa.int64(),
    "queue_duration_ns": pa.int64(),
    "prompt_eval_count": pa.int64(),
    "eval_count": pa.int64(),
    "done_reason": pa.string(),
}
"""Arrow type by field of ``Outcome``, in the order of the columns."""

EVIDENCE = {"evidence": pa.string()}
CONFIDENCE = {"logprob_mean": pa.float64(), "logprob_min": pa.float64()}
"""Columns that options add after those of ``ADDED``."""


def column_name(text_column: str, field: str) -> str:
    """Return ``body_en`` for the translation of ``body``, ``body_en_status`` for its status, and so on."""
    return f"{text_column}_en" if field == "translation" else f"{text_column}_en_{field}"


def added_columns(evidence: bool = False, confidence: bool = False) -> dict[str, pa.DataType]:
    """Return the types of all added columns by field of ``Outcome``.

    Args:
        evidence: Whether there is a column with the evidence for each flag.
        confidence: Whether there are columns with log probabilities.
    """
    return {**ADDED, **(EVIDENCE if evidence else {}), **(CONFIDENCE if confidence else {})}


def added_by(recipe: Recipe) -> dict[str, pa.DataType]:
    """Return the types of the columns that a recipe adds, by field of ``Outcome``."""
    return added_columns(recipe.evidence, recipe.confidence)


def output_schema(
    input_schema: pa.Schema,
    text_columns: Sequence[str],
    source: str = "the input",
    columns: Mapping[str, pa.DataType] = ADDED,
) -> pa.Schema:
    """Return the input's fields and metadata, followed by the added fields of each text column.

    Args:
        input_schema: Schema of an input file.
        text_columns: Names of the columns to translate.
        source: Address of the file, for the message.
        columns: What is added for each text column; see ``added_columns``.

    Raises:
        UsageError: The input already has a column with one of the added names.
    """
    added = [pa.field(column_name(text, name), kind) for text in text_columns for name, kind in columns.items()]
    taken = [field.name for field in added if field.name in input_schema.names]
    if taken:
        more = f" and {len(taken) - SHOWN_COLUMNS} more" if len(taken) > SHOWN_COLUMNS else ""
        named = f"the column{'s' * (len(taken) > 1)} {', '.join(taken[:SHOWN_COLUMNS])}{more}"
        raise UsageError(
            f"{masked_url(source)} already has {named}, which the output needs for the translation: rename or drop "
            f"{'them' if len(taken) > 1 else 'it'}, or choose another "
            "--text_column"
        )
    return pa.schema([*input_schema, *added], metadata=input_schema.metadata)


def added_arrays(outcomes: Sequence[Outcome], columns: Mapping[str, pa.DataType] = ADDED) -> list[pa.Array]:
    """Return the added columns of one text column, in order."""
    return [pa.array([getattr(outcome, name) for outcome in outcomes], kind) for name, kind in columns.items()]

"""The columns that are added to the input's: the one place that knows their names and types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from transforms.engine.outcome import Outcome
from transforms.errors import UsageError

_NAMED = 3
"""Of columns, in a message."""


ADDED: dict[str, Any] = {
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
"""Field of ``Outcome`` to Arrow type, in the order of the columns."""


def column_name(text_column: str, field: str) -> str:
    """``body_en`` for the translation of ``body``, ``body_en_status`` for its status, and so on."""
    return f"{text_column}_en" if field == "translation" else f"{text_column}_en_{field}"


def output_schema(input_schema: Any, text_columns: Sequence[str], source: str = "the input") -> Any:
    """The input's fields and metadata, then the added fields of each text column.

    Args:
        input_schema: A file's ``pyarrow.Schema``.
        text_columns: To be translated.
        source: The file, for the message.

    Raises:
        UsageError: If the input already has a column with one of the added names.
    """
    added = [pa.field(column_name(text, name), kind) for text in text_columns for name, kind in ADDED.items()]
    taken = [field.name for field in added if field.name in input_schema.names]
    if taken:
        more = f" and {len(taken) - _NAMED} more" if len(taken) > _NAMED else ""
        raise UsageError(
            f"{source} already has the column{'s' * (len(taken) > 1)} {', '.join(taken[:_NAMED])}{more}, which the "
            f"output needs for the translation: rename or drop {'them' if len(taken) > 1 else 'it'}, or choose another "
            "--text_column"
        )
    return pa.schema([*input_schema, *added], metadata=input_schema.metadata)


def added_arrays(outcomes: Sequence[Outcome]) -> list[Any]:
    """The added columns of one text column, in order, one Arrow array each."""
    return [pa.array([getattr(outcome, name) for outcome in outcomes], kind) for name, kind in ADDED.items()]

"""Size of an input, and how long it will take at a measured speed."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

from transforms.read import read_group
from transforms.source.discovery import list_sources
from transforms.source.plan import plan_inputs
from transforms.source.schema_option import parse_schema
from transforms.source.text_columns import read_texts

UNIT_ROWS = 5000
SAMPLED_GROUPS = 20
SAMPLED_ROWS = 256


@dataclass(frozen=True)
class InputSize:
    """Size of the input.

    Attributes:
        rows: Number of rows in all files.
        texts: Number of texts: rows times text columns.
        characters: Number of characters in all texts, estimated from a sample.
    """

    rows: int
    texts: int
    characters: int

    def hours(self, characters_per_second: float) -> float:
        """Return the duration in hours at a speed in characters of source text; infinite at speed 0."""
        return self.characters / characters_per_second / 3600 if characters_per_second else float("inf")


def input_size(inputs: tuple[str, ...], text_columns: tuple[str, ...], schema: str | None) -> InputSize:
    """Count the rows, and sample the lengths of texts at places spread over the input.

    Raises:
        UsageError: A file or column is missing or unreadable.
    """
    planned = plan_inputs(list_sources(inputs), UNIT_ROWS, text_columns, parse_schema(schema) if schema else None)
    step = max(1, len(planned.groups) // SAMPLED_GROUPS)
    lengths: list[int] = []
    for group in planned.groups[::step]:
        batch = next(read_group(group, planned.schemas[group[0].source.url], SAMPLED_ROWS))
        for name in planned.text_columns:
            lengths += [len(text or "") for text in read_texts(batch.records.column(name))[0]]
    texts = planned.rows * len(planned.text_columns)
    return InputSize(planned.rows, texts, round(texts * statistics.mean(lengths)) if lengths else 0)

"""Estimate the work in an input from a sample of its texts, and the time it takes at a measured speed."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from transforms.source.discovery import list_sources
from transforms.source.plan import plan_inputs
from transforms.source.schema_option import parse_schema
from transforms.source.text_columns import read_texts
from transforms.source.unit_reader import read_group
from transforms.source.work_units import Batch, UnitGroup
from transforms.text.request.gate import Gate, classify

UNIT_ROWS = 5000
SAMPLED_GROUPS = 20
SAMPLED_ROWS = 5000
"""Rows of all sampled groups together. Lengths differ by factors: their mean is known to 2 % from so many."""

LEAST_ROWS = 256
"""Rows of each sampled group, as far as it has so many."""


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


@dataclass(frozen=True)
class TextSample:
    """Texts from places spread over the input.

    Attributes:
        lengths: Number of characters of each sampled text that needs a request.
        sampled: Number of sampled texts, also those that need none: empty, non-linguistic, or equal to another one.
        characters: Number of characters of all sampled texts.
    """

    lengths: tuple[int, ...]
    sampled: int
    characters: int

    @property
    def requested_share(self) -> float:
        """The share of texts that need a request, from 0 to 1."""
        return len(self.lengths) / self.sampled if self.sampled else 0.0

    @property
    def mean_length(self) -> float:
        """The mean number of characters of a text that needs a request; 0 if none does."""
        return statistics.mean(self.lengths) if self.lengths else 0.0

    @property
    def mean_characters(self) -> float:
        """The mean number of characters of any text; 0 without texts."""
        return self.characters / self.sampled if self.sampled else 0.0


def sample_texts(
    groups: Sequence[UnitGroup],
    schemas: Mapping[str, pa.Schema],
    text_columns: Sequence[str],
    text_encoding: str = "utf-8",
) -> TextSample:
    """Measure the texts of ``spread_texts``.

    Args:
        groups: Planned unit groups.
        schemas: Schema of each file, by its address.
        text_columns: Names of the columns to translate.
        text_encoding: Encoding of binary text columns.

    Raises:
        RunFailed: A file cannot be read.
    """
    lengths: list[int] = []
    seen: set[str] = set()
    sampled = characters = 0
    for text in spread_texts(groups, schemas, text_columns, text_encoding):
        sampled += 1
        characters += len(text or "")
        if text is None or text in seen or classify(text) is not Gate.TRANSLATE:
            continue
        seen.add(text)
        lengths.append(len(text))
    return TextSample(tuple(lengths), sampled, characters)


def spread_texts(
    groups: Sequence[UnitGroup],
    schemas: Mapping[str, pa.Schema],
    text_columns: Sequence[str],
    text_encoding: str = "utf-8",
) -> Iterator[str | None]:
    """Yield the texts of the first rows of unit groups that are spread evenly over the input.

    Args:
        groups: Planned unit groups.
        schemas: Schema of each file, by its address.
        text_columns: Names of the columns to translate.
        text_encoding: Encoding of binary text columns.

    Raises:
        RunFailed: A file cannot be read.
    """
    step = max(1, len(groups) // SAMPLED_GROUPS)
    chosen = groups[::step]
    rows = max(LEAST_ROWS, SAMPLED_ROWS // max(1, len(chosen)))
    for batch in itertools.chain.from_iterable(_first_rows(group, schemas, rows) for group in chosen):
        for name in text_columns:
            yield from read_texts(batch.records.column(name), text_encoding)[0]


def _first_rows(group: UnitGroup, schemas: Mapping[str, pa.Schema], rows: int) -> Iterator[Batch]:
    """Yield batches of a group, until they have at least ``rows`` rows."""
    left = rows
    for batch in read_group(group, schemas[group[0].source.url], rows):
        yield batch
        left -= batch.records.num_rows
        if left <= 0:
            return


def input_size(inputs: tuple[str, ...], text_columns: tuple[str, ...], schema: str | None) -> InputSize:
    """Count the rows, and estimate the number of characters from a sample.

    Raises:
        UsageError: A file or column is missing or unreadable.
    """
    planned = plan_inputs(list_sources(inputs), UNIT_ROWS, text_columns, parse_schema(schema) if schema else None)
    sample = sample_texts(planned.groups, planned.schemas, planned.text_columns)
    texts = planned.rows * len(planned.text_columns)
    return InputSize(planned.rows, texts, round(texts * sample.mean_characters))

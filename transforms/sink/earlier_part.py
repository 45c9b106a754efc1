"""Read the outcomes of an earlier run from its part, so that a run that retries failed rows keeps all others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from transforms.engine.outcome import Outcome
from transforms.errors import RunFailed
from transforms.file_systems import file_system
from transforms.masking import masked_url
from transforms.sink.columns import ADDED, column_name
from transforms.sink.write_errors import reason

RETRIED_STATUSES = frozenset({"failed", "partial"})
"""Statuses of texts that ``--retry_failed`` translates again."""

BATCH_ROWS = 512


class EarlierPart:
    """Reads the outcomes of a part from its first row to its last, a few at a time.

    Args:
        url: Address of the part.
        text_columns: Names of the columns that were translated.
        columns: The fields that were added for each of them.
    """

    def __init__(self, url: str, text_columns: Sequence[str], columns: Iterable[str] = ADDED) -> None:
        self._url = url
        self._text_columns = text_columns
        self._fields = tuple(columns)
        self._names = [column_name(text, field) for text in text_columns for field in self._fields]
        self._rows = self._read()

    def take(self, rows: int) -> dict[str, list[Outcome | None]]:
        """Return the outcomes of the next rows by text column; None for those to retry.

        Raises:
            RunFailed: The part cannot be read, or has fewer rows.
        """
        taken: dict[str, list[Outcome | None]] = {text: [] for text in self._text_columns}
        for _ in range(rows):
            row = next(self._rows, None)
            if row is None:
                raise RunFailed(f"{masked_url(self._url)} has fewer rows than its input: run with --overwrite")
            for text in self._text_columns:
                outcome = Outcome(**{field: row[column_name(text, field)] for field in self._fields})
                taken[text].append(None if outcome.status in RETRIED_STATUSES else outcome)
        return taken

    def _read(self) -> Iterator[dict[str, Any]]:
        fs, path = file_system(self._url)
        try:
            with fs.open(path, "rb") as file, pq.ParquetFile(file) as part:
                for records in part.iter_batches(BATCH_ROWS, columns=self._names, use_threads=False):
                    yield from records.to_pylist()
        except (OSError, pa.ArrowException) as error:
            raise RunFailed(f"cannot read {masked_url(self._url)}: {reason(error)}") from error

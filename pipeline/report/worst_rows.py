"""The worst rows of an output with their texts, shown only on request: texts are private."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

from pipeline.report.figures import Figures
from pipeline.review.rows import ReviewRow, review_rows, with_evidence
from transforms.sink.output_directory import OutputDirectory

MAX_ROWS = 500
SHOWN_CHARACTERS = 1500


def worst_rows(output: OutputDirectory, figures: Figures, count: int) -> list[ReviewRow]:
    """Failed rows first, then partial ones, then those with most flags; at most ``count`` and ``MAX_ROWS``.

    Raises:
        RunFailed: A part can't be read.
    """
    count = min(count, MAX_ROWS)
    columns = figures.recipes[0].text_columns if figures.recipes else ()
    found: list[ReviewRow] = []
    for name in figures.failed_parts:
        if len(found) >= count:
            break
        found += islice(review_rows(output, name, columns, ("failed",)), count - len(found))
    flagged: list[ReviewRow] = []
    for name in figures.flagged_parts:
        if len(found) + len(flagged) >= 4 * count or len(found) >= count:
            break
        flagged += review_rows(output, name, columns, ("partial", "warn"))
    flagged.sort(key=lambda row: (row.status != "partial", -len(row.flags)))
    return [_cut(with_evidence(row)) for row in (found + flagged)[:count]]


def _cut(row: ReviewRow) -> ReviewRow:
    return replace(row, source=_shown(row.source), english=_shown(row.english), evidence=_shown(row.evidence))


def _shown(text: str) -> str:
    text = text.encode("utf-8", "replace").decode()
    return text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + " …"

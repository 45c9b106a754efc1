"""Results of an evaluation, as a table for people and as JSON for programs."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping
from typing import Any

from rich.table import Table
from rich.text import Text

from pipeline.console.streams import json_text
from pipeline.console.tables import console_for
from pipeline.evaluate.certainty import CertaintyOrder
from pipeline.evaluate.scores import Evaluation, Judgement, Score
from transforms.text.request.sanitize import sanitize


def show(evaluation: Evaluation) -> None:
    """Print one line per figure, then the worst rows side by side."""
    for heading, value in _lines(evaluation):
        print(f"{heading:<18} {value}")
    if evaluation.worst:
        console_for(sys.stdout).print(_worst(evaluation))


def as_json(evaluation: Evaluation) -> str:
    """Return the evaluation as one JSON object; quantile keys are strings such as ``"0.95"``."""
    content: dict[str, Any] = dataclasses.asdict(evaluation)
    content["worst"] = [{"chrf": worst.chrf, **dataclasses.asdict(worst.row)} for worst in evaluation.worst]
    return json_text(content, sys.stdout, indent=2)


def _lines(evaluation: Evaluation) -> list[tuple[str, str]]:
    rows = evaluation.rows
    lines = [
        ("output", evaluation.output),
        ("compared", f"translations of {evaluation.text_column} with {evaluation.reference_column}"),
        ("rows", f"{rows:,}"),
        *((f"  {status}", f"{count:,} ({count / rows:.1%})") for status, count in evaluation.statuses.items()),
        ("without reference", f"{evaluation.without_reference:,} rows, not scored"),
        ("failures", f"{evaluation.untranslated:,} rows without translation, not scored"),
        ("scored", f"{evaluation.scored:,}"),
        ("chrF++", _score(evaluation.chrf)),
        ("BLEU", _score(evaluation.bleu)),
        ("length ratio", f"{_quantiles(evaluation.length_ratios)} (English characters per French one)"),
        *((name, _ordered(order)) for name, order in evaluation.certainty.items()),
        *((f"flag {flag}", f"{count:,}") for flag, count in evaluation.flags.items()),
    ]
    return lines if evaluation.judgement is None else [*lines, *_judged(evaluation.judgement)]


def _score(score: Score | None) -> str:
    return "no rows to score" if score is None else f"{score.value:.1f}  {score.signature}"


def _ordered(order: CertaintyOrder) -> str:
    correlation = "unknown" if order.rank_correlation is None else f"{order.rank_correlation:.2f}"
    quarters = ", ".join(f"{chrf:.1f}" for chrf in order.quarters_chrf)
    copies = f"; copied sources excluded: {order.copies:,}" if order.copies else ""
    return (
        f"chrF++ {quarters} by quarter, the least certain first; rank correlation {correlation} "
        f"({order.rows:,} rows{copies})"
    )


def _quantiles(values: Mapping[float, float]) -> str:
    names = {0.0: "minimum", 0.5: "median", 1.0: "maximum"}
    return ", ".join(f"{names.get(share, f'{share:.0%}')} {value:g}" for share, value in values.items()) or "none"


def _judged(judgement: Judgement) -> list[tuple[str, str]]:
    mean = "no grades" if judgement.mean is None else f"mean {judgement.mean:.1f}, {_quantiles(judgement.quantiles)}"
    lines = [
        ("judge", f"{judgement.model} graded {judgement.asked:,} translations from 0 to 100"),
        ("  grades", mean),
        ("  unusable", f"{judgement.no_number:,} answers without a grade"),
    ]
    rejected = [(f"  {failure}", f"{count:,} not graded") for failure, count in judgement.rejected.items()]
    return [*lines, *rejected]


def _worst(evaluation: Evaluation) -> Table:
    table = Table(title="Lowest chrF++", title_justify="left", show_lines=True)
    table.add_column("chrF++", justify="right", no_wrap=True)
    table.add_column("row", overflow="fold", ratio=1)
    for heading in ("French", "translation", "reference"):
        table.add_column(heading, overflow="fold", ratio=3)
    for worst in evaluation.worst:
        row = worst.row
        place = f"{row.part} row {row.number} {row.status}"
        # Sanitised, since control characters in a text could command the terminal.
        texts = [Text(sanitize(text or "")) for text in (row.source, row.translation, row.reference)]
        table.add_row(f"{worst.chrf:.1f}", Text(place), *texts)
    return table

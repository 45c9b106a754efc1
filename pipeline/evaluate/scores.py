"""Results of an evaluation: plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.evaluate.certainty import CertaintyOrder

SHARES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
"""Quantiles that are reported."""


@dataclass(frozen=True)
class Row:
    """A row of the output: number ``number`` of ``part``, counted from 0.

    The log probabilities are those of a run with ``--confidence``; else None.
    """

    part: str
    number: int
    source: str | None
    translation: str | None
    reference: str | None
    status: str | None
    flags: Sequence[str]
    logprob_mean: float | None = None
    logprob_min: float | None = None


@dataclass(frozen=True)
class Score:
    """Corpus score from 0 to 100, with the sacrebleu signature that makes it reproducible."""

    value: float
    signature: str


@dataclass(frozen=True)
class ScoredRow:
    """A row with its own chrF++."""

    chrf: float
    row: Row


@dataclass(frozen=True)
class Judgement:
    """Grades of a sample.

    Attributes:
        model: The judge's model.
        asked: Number of translations in the sample.
        mean: Mean grade; None without grades.
        quantiles: Quantiles of the grades, by share.
        no_number: Number of answers without a grade.
        rejected: Number of translations that no host could grade, by error class.
    """

    model: str
    asked: int
    mean: float | None
    quantiles: Mapping[float, float]
    no_number: int
    rejected: Mapping[str, int]


@dataclass(frozen=True)
class Evaluation:
    """Quality of an output.

    Attributes:
        output: Address of the output.
        text_column, reference_column: The compared columns.
        rows: Number of rows: the sum of ``scored``, ``untranslated`` and ``without_reference``.
        scored: Number of rows with a translation and a reference.
        untranslated: Number of rows with a reference but without a translation; they do not lower the scores.
        without_reference: Number of rows without a reference.
        statuses, flags: Number of texts by status and by flag.
        chrf, bleu: chrF++ and BLEU; None if nothing was scored.
        length_ratios: Quantiles of English characters per French character, by share, without skipped texts.
        worst: Rows with the lowest chrF++, the worst first.
        judgement: Grades of a sample; None without a judge.
        certainty: How well the columns ``logprob_mean`` and ``logprob_min`` order rows by chrF++, by their names; empty
            if the output does not have them, or in too few scored rows.
    """

    output: str
    text_column: str
    reference_column: str
    rows: int
    scored: int
    untranslated: int
    without_reference: int
    statuses: Mapping[str, int]
    flags: Mapping[str, int]
    chrf: Score | None
    bleu: Score | None
    length_ratios: Mapping[float, float]
    worst: Sequence[ScoredRow]
    judgement: Judgement | None
    certainty: Mapping[str, CertaintyOrder] = field(default_factory=dict)


def quantiles(counts: Mapping[float, int]) -> dict[float, float]:
    """Return the quantiles ``SHARES`` of the values; empty without values.

    Args:
        counts: Number of occurrences of each value.
    """
    ordered, last = sorted(counts), sum(counts.values()) - 1
    found: dict[float, float] = {}
    index = seen = 0
    for share in SHARES if ordered else ():
        while seen + counts[ordered[index]] <= share * last:
            seen += counts[ordered[index]]
            index += 1
        found[share] = ordered[index]
    return found

"""What is found when an output is evaluated: plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

SHARES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
"""The quantiles that are told."""


@dataclass(frozen=True)
class Row:
    """A row of the output, with its place: the ``number``-th of ``part``, from 0."""

    part: str
    number: int
    source: str | None
    translation: str | None
    reference: str | None
    status: str | None
    flags: Sequence[str]


@dataclass(frozen=True)
class Score:
    """A score of all rows together, 0 to 100, with the signature by which others can repeat it."""

    value: float
    signature: str


@dataclass(frozen=True)
class ScoredRow:
    """A row with its chrF++."""

    chrf: float
    row: Row


@dataclass(frozen=True)
class Judgement:
    """What a judge says of a sample.

    Attributes:
        model: The judge.
        asked: Translations in the sample.
        mean: Of the grades; None without any.
        quantiles: Of the grades, by share.
        no_number: Answers that are no grade.
        rejected: Translations that no host could grade, by the class of the failure.
    """

    model: str
    asked: int
    mean: float | None
    quantiles: Mapping[float, float]
    no_number: int
    rejected: Mapping[str, int]


@dataclass(frozen=True)
class Evaluation:
    """How good an output is.

    Attributes:
        output: Its address.
        text_column, reference_column: What was compared.
        rows: All of them: ``scored``, ``untranslated`` (with a reference, but without a translation: failures, which
            are not in the scores) and ``without_reference``.
        statuses, flags: Texts by status and by flag.
        chrf, bleu: chrF++ and BLEU; None if nothing was scored.
        length_ratios: Quantiles, by share, of characters of English per character of French, without skipped texts.
        worst: The rows with the lowest chrF++, the worst first.
        judgement: None without a judge.
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


def quantiles(counts: Mapping[float, int]) -> dict[float, float]:
    """The value below or at which each of ``SHARES`` of the values lie; empty without values.

    Args:
        counts: How often each value occurs.
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

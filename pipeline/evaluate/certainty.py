"""How well the models' certainty orders translations by their quality: whether doubtful rows are the worse ones."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import fmean

MAX_ROWS = 100_000
"""Rows that are compared; of more, an even sample."""

LEAST_ROWS = 8
"""With fewer rows than two in each quarter, nothing is said."""


@dataclass(frozen=True)
class CertaintyOrder:
    """The order of rows by a certainty, compared with their order by chrF++.

    Attributes:
        rows: Number of rows with both figures that were compared.
        copies: Number of rows that were excluded because the translation is the source again: a model is often certain
            of a copy, whatever it is worth.
        quarters_chrf: Mean chrF++ of each quarter of the rows, the least certain one first.
        rank_correlation: Spearman's: 1 if both orders are the same, 0 without a relation, -1 if they are opposite; None
            if all rows have the same certainty or the same chrF++.
    """

    rows: int
    copies: int
    quarters_chrf: tuple[float, float, float, float]
    rank_correlation: float | None


@dataclass
class CertaintyTally:
    """Pairs of certainty and chrF++ of the rows read so far; memory is bounded.

    Attributes:
        seed: Of the sample.
        copies: Number of rows that were excluded as copies of their source.
    """

    seed: int
    copies: int = 0
    _pairs: list[tuple[float, float]] = field(default_factory=list)
    _seen: int = 0

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def add(self, certainty: float | None, chrf: float, is_copy: bool = False) -> None:
        """Add a row; rows without a certainty do not count, and copies are excluded."""
        if certainty is None:
            return
        if is_copy:
            self.copies += 1
            return
        self._seen += 1
        if len(self._pairs) < MAX_ROWS:
            self._pairs.append((certainty, chrf))
        elif (place := self._random.randrange(self._seen)) < MAX_ROWS:  # Vitter's algorithm R
            self._pairs[place] = (certainty, chrf)

    def order(self) -> CertaintyOrder | None:
        """Return the comparison; None with fewer than ``LEAST_ROWS`` rows."""
        if len(self._pairs) < LEAST_ROWS:
            return None
        scores = [chrf for _, chrf in sorted(self._pairs, key=lambda pair: pair[0])]
        first, second, third = (len(scores) * part // 4 for part in (1, 2, 3))
        return CertaintyOrder(
            rows=len(scores),
            copies=self.copies,
            quarters_chrf=(
                fmean(scores[:first]),
                fmean(scores[first:second]),
                fmean(scores[second:third]),
                fmean(scores[third:]),
            ),
            rank_correlation=spearman(self._pairs),
        )


def spearman(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Return Spearman's rank correlation; equal values share their mean rank. None if one side has only one value."""
    ranks = [_ranks([pair[side] for pair in pairs]) for side in (0, 1)]
    middle = (len(pairs) - 1) / 2
    one, two = ([rank - middle for rank in side] for side in ranks)
    spread = sum(rank * rank for rank in one) * sum(rank * rank for rank in two)
    return sum(a * b for a, b in zip(one, two, strict=True)) / spread**0.5 if spread else None


def _ranks(values: Sequence[float]) -> list[float]:
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0.0] * len(values)
    start = 0
    while start < len(order):
        stop = start
        while stop < len(order) and values[order[stop]] == values[order[start]]:
            stop += 1
        for index in order[start:stop]:
            ranks[index] = (start + stop - 1) / 2
        start = stop
    return ranks

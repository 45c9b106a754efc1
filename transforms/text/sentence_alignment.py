"""Which sentence of the answer translates which of the source, by the words that correspond and by their lengths.

The alignment is that of Gale and Church (1993), with the words' correspondence beside the lengths. Sentences that
clearly belong together part the texts, so only what lies between them is aligned: time is in proportion to the texts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final, TypeAlias

from transforms.text.alignment import Sentence, Word

Group: TypeAlias = tuple[int, int, int, int]
"""First and last + 1 sentence of the source, then of the answer."""

_MOVES: Final = ((1, 1), (1, 0), (0, 1), (2, 1), (1, 2), (2, 2), (3, 1), (1, 3))
_BAND, _WIDEST_BAND = 6, 40
_SKIP: Final = 0.22
"""What a sentence without counterpart costs: a pair is worth its coverage, from 0 to 1."""

_SURE_WORDS: Final = 2
_SURE, _SURE_BOTH, _SURE_MARGIN = 0.3, 0.9, 0.3
"""Sentences belong together if so much of each is covered by the other, so much of both in sum, and so much less by the
other's neighbours."""

_LOOK_AHEAD: Final = 6


def align(source: Sequence[Sentence], answer: Sequence[Sentence]) -> list[Group]:
    """Groups of the source's and of the answer's sentences that correspond, in order.

    Nothing where their numbers differ by more than ``_WIDEST_BAND``. Groups are of up to three sentences and one, or of
    two and two, near the diagonal.
    """
    rows, columns = len(source), len(answer)
    if abs(rows - columns) + 3 > _WIDEST_BAND:
        return []
    match = _Match(source, answer)
    groups: list[Group] = []
    row = column = 0
    for last, end in [*_cuts(match), (rows, columns)]:
        groups += _between(match, row, last, column, end)
        row, column = last, end
    return groups


def _cuts(match: _Match) -> Iterator[tuple[int, int]]:
    """Where two sentences that belong together follow two others: a free translation keeps its neighbours."""
    rows, columns = len(match.source), len(match.answer)
    row = column = 0
    followed = False
    while row < rows and column < columns:
        if match.is_sure(row, column):
            if followed:
                yield row, column
            followed = True
            row, column = row + 1, column + 1
        else:
            followed = False
            row, column = match.next_sure(row, column)


class _Match:
    """How well groups of sentences correspond. Shares of words are summed up from those of each sentence."""

    def __init__(self, source: Sequence[Sentence], answer: Sequence[Sentence]) -> None:
        self.source, self.answer = source, answer
        self._size = [0, *accumulate(sentence.chars for sentence in source)]
        self._written = [0, *accumulate(sentence.chars for sentence in answer)]
        answer_places: dict[str, int] = {}
        source_places: dict[str, int] = {}
        for number, sentence in enumerate(answer):
            for key in sentence.keys:
                answer_places[key] = answer_places.get(key, 0) | 1 << number
        for number, sentence in enumerate(source):
            for key in {key for word in sentence.words for key in word.keys}:
                source_places[key] = source_places.get(key, 0) | 1 << number
        self._there = [_places(sentence.words, answer_places) for sentence in source]
        self._here = [_places(sentence.words, source_places) for sentence in answer]
        self._known: dict[tuple[bool, int, int, int], tuple[float, float]] = {}
        self._values: dict[Group, float] = {}

    def is_sure(self, row: int, column: int) -> bool:
        """Whether two sentences belong together, whatever stands around them."""
        there, here = self.source[row], self.answer[column]
        if len(there.words) < _SURE_WORDS or len(here.words) < _SURE_WORDS:
            return False
        forward = self._covered(row, row + 1, column, column + 1)
        if forward < _SURE:
            return False
        backward = self._explained(row, row + 1, column, column + 1)
        if backward < _SURE or forward + backward < _SURE_BOTH:
            return False
        return not any(
            self._covered(row, row + 1, other, other + 1) > forward - _SURE_MARGIN
            for other in (column - 1, column + 1)
            if 0 <= other < len(self.answer)
        ) and not any(
            self._explained(other, other + 1, column, column + 1) > backward - _SURE_MARGIN
            for other in (row - 1, row + 1)
            if 0 <= other < len(self.source)
        )

    def next_sure(self, row: int, column: int) -> tuple[int, int]:
        """The nearest two sentences after these that belong together, near the diagonal; the ends if there are none."""
        rows, columns = len(self.source), len(self.answer)
        for away in range(1, rows + columns - row - column):
            for down in range(max(0, (away - _LOOK_AHEAD) // 2), (away + _LOOK_AHEAD) // 2 + 1):
                last, end = row + down, column + away - down
                if last < rows and column <= end < columns and self.is_sure(last, end):
                    return last, end
        return rows, columns

    def value(self, first: int, last: int, begin: int, end: int) -> float:
        """What a group is worth: each sentence's length times how well it is covered, a little less for larger ones."""
        group = first, last, begin, end
        value = self._values.get(group)
        if value is not None:
            return value
        size = self._size[last] - self._size[first]
        written = self._written[end] - self._written[begin]
        if first == last or begin == end:
            value = _SKIP * (size + written) / 2
        else:
            match = (self._covered(*group) + self._explained(*group)) / 2
            ratio = min(size, written) / max(size, written, 1)
            extra = 0.04 * (last - first + end - begin - 2)
            value = (size + written) / 2 * (match * (0.7 + 0.3 * ratio) - extra)
        self._values[group] = value
        return value

    def _covered(self, first: int, last: int, begin: int, end: int) -> float:
        """Which share of the source's words the answer's sentences have."""
        return self._share(True, self._there, first, last, begin, end)

    def _explained(self, first: int, last: int, begin: int, end: int) -> float:
        """Which share of the answer's words the source's sentences explain."""
        return self._share(False, self._here, begin, end, first, last)

    def _share(
        self, forward: bool, places: Sequence[Sequence[tuple[int, float]]], first: int, last: int, begin: int, end: int
    ) -> float:
        found = total = 0.0
        for number in range(first, last):
            key = forward, number, begin, end
            known = self._known.get(key)
            if known is None:
                group = (1 << end) - (1 << begin)
                hits = [place for place, _ in places[number] if place & group]
                missed = sum([weight for place, weight in places[number] if not place & group])
                known = self._known[key] = float(len(hits)), len(hits) + missed
            found += known[0]
            total += known[1]
        return found / total if total else 1.0


def _places(words: Sequence[Word], places: dict[str, int]) -> list[tuple[int, float]]:
    """For each word the sentences of the other text that have one of its keys, as bits, and its weight."""
    found = []
    for word in words:
        bits = 0
        for key in word.keys:
            if key in places:
                bits |= places[key]
        found.append((bits, word.weight))
    return found


def _between(match: _Match, top: int, bottom: int, left: int, right: int) -> list[Group]:
    """The best groups of the source's sentences ``top`` to ``bottom`` and the answer's ``left`` to ``right``."""
    rows, columns = bottom - top, right - left
    if rows == columns == 1 and match.is_sure(top, left):
        return [(top, bottom, left, right)]
    band = max(_BAND, abs(rows - columns) + 3)
    best: dict[tuple[int, int], tuple[float, int, int]] = {(0, 0): (0.0, 0, 0)}
    slope = columns / rows
    for i in range(rows + 1):
        centre = int(i * slope)
        for j in range(max(0, centre - band), min(columns, centre + band + 1) + 1):
            here = None
            for down, across in _MOVES:
                before = best.get((i - down, j - across))
                if before is None:
                    continue
                value = before[0] + match.value(top + i - down, top + i, left + j - across, left + j)
                if here is None or value > here[0]:
                    here = value, down, across
            if here is not None and (i or j):
                best[i, j] = here
    groups: list[Group] = []
    i, j = rows, columns
    while (i or j) and (i, j) in best:
        _, down, across = best[i, j]
        groups.append((top + i - down, top + i, left + j - across, left + j))
        i, j = i - down, j - across
    return groups[::-1]

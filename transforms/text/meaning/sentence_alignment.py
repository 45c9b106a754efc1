"""Which sentence of the answer translates which of the source, by the words that correspond and by their lengths.

The alignment is that of Gale and Church (1993), with the words' correspondence beside the lengths. Sentences that
clearly belong together part the texts, so only what lies between them is aligned: time is in proportion to the texts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final, TypeAlias

from transforms.text.words.alignment import LEAST_MISSING, AnswerSentence, SourceSentence, Word, coverage, source_keys

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

_PLAIN: Final = 0.7
_LOOK_AHEAD: Final = 6
WEAK: Final = 0.45
"""With this share of its words in the sentence at its place, a sentence is there."""


def align(source: Sequence[SourceSentence], answer: Sequence[AnswerSentence]) -> list[Group]:
    """Groups of the source's and of the answer's sentences that correspond, in order.

    Nothing where their numbers differ by more than ``_WIDEST_BAND``. Groups are of up to three sentences and one, or of
    two and two, near the diagonal.
    """
    rows, columns = len(source), len(answer)
    if abs(rows - columns) + 3 > _WIDEST_BAND:
        return []
    pairs = _Pairs(source, answer)
    groups: list[Group] = []
    row = column = 0
    for last, end in [*_cuts(pairs), (rows, columns)]:
        if last - row == end - column == 1 and groups:  # a cut is before two sentences that belong together
            groups.append((row, last, column, end))
        elif last - row == end - column and pairs.correspond(row, last, column):
            groups += [
                (row + number, row + number + 1, column + number, column + number + 1) for number in range(last - row)
            ]
        else:
            block = _Block(source[row:last], answer[column:end])
            groups += [(row + a, row + b, column + c, column + d) for a, b, c, d in block.best_groups()]
        row, column = last, end
    return groups


def belong_together(sentence: SourceSentence, other: AnswerSentence) -> bool:
    """Whether a source's and an answer's sentence have so many of each other's words, whatever stands around them."""
    if len(sentence.words) < _SURE_WORDS or len(other.words) < _SURE_WORDS:
        return False
    forward = coverage(sentence.words, other.keys)
    if forward < _SURE:
        return False
    backward = coverage(other.words, source_keys((sentence,)))
    return backward >= _SURE and forward + backward >= _SURE_BOTH


def _cuts(pairs: _Pairs) -> Iterator[tuple[int, int]]:
    """Where two sentences that belong together follow two others: a free translation keeps its neighbours."""
    source, answer = pairs.source, pairs.answer
    rows, columns = len(source), len(answer)
    row = column = 0
    followed = False
    while row < rows and column < columns:
        # With so many of its words in another sentence, no other one could have more, or nearly so.
        words = source[row].words
        plain = followed and len(words) >= LEAST_MISSING and coverage(words, answer[column].keys) >= _PLAIN
        if plain or pairs.is_sure(row, column):
            if followed:
                yield row, column
            followed = True
            row, column = row + 1, column + 1
        else:
            followed = False
            row, column = pairs.next_sure(row, column)


class _Pairs:
    """How well single sentences correspond; each pair is looked at once."""

    def __init__(self, source: Sequence[SourceSentence], answer: Sequence[AnswerSentence]) -> None:
        self.source, self.answer = source, answer
        self._columns = len(answer)
        self._keys: dict[int, frozenset[str]] = {}
        # By row and column in one number: there are many of them, and tuples keep the garbage collector busy.
        self._forward: dict[int, float] = {}
        self._backward: dict[int, float] = {}
        self._sure: dict[int, bool] = {}

    def correspond(self, row: int, last: int, column: int) -> bool:
        """Whether as many sentences from two places on have each other's words, one by one."""
        shift = column - row
        return all(
            len(self.source[each].words) < LEAST_MISSING
            or self._covered(each, each + shift) >= WEAK
            or self.is_sure(each, each + shift)
            for each in range(row, last)
        )

    def is_sure(self, row: int, column: int) -> bool:
        """Whether two sentences belong together, and far better than with each other's neighbours."""
        place = row * self._columns + column
        known = self._sure.get(place)
        if known is None:
            known = self._sure[place] = self._is_sure(row, column)
        return known

    def _is_sure(self, row: int, column: int) -> bool:
        source, answer = self.source, self.answer
        if len(source[row].words) < _SURE_WORDS or len(answer[column].words) < _SURE_WORDS:
            return False
        forward = self._covered(row, column)
        if forward < _SURE:
            return False
        backward = self._explained(row, column)
        if backward < _SURE or forward + backward < _SURE_BOTH:
            return False
        most, most_back = forward - _SURE_MARGIN, backward - _SURE_MARGIN
        return not (
            (column and self._covered(row, column - 1) > most)
            or (column + 1 < len(answer) and self._covered(row, column + 1) > most)
            or (row and self._explained(row - 1, column) > most_back)
            or (row + 1 < len(source) and self._explained(row + 1, column) > most_back)
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

    def _covered(self, row: int, column: int) -> float:
        """Which share of the source's words the answer's sentence has."""
        place = row * self._columns + column
        known = self._forward.get(place)
        if known is None:
            known = self._forward[place] = coverage(self.source[row].words, self.answer[column].keys)
        return known

    def _explained(self, row: int, column: int) -> float:
        """Which share of the answer's words the source's sentence explains."""
        place = row * self._columns + column
        known = self._backward.get(place)
        if known is None:
            keys = self._keys.get(row)
            if keys is None:
                keys = self._keys[row] = source_keys((self.source[row],))
            known = self._backward[place] = coverage(self.answer[column].words, keys)
        return known


class _Block:
    """How well groups of a few sentences correspond. Shares of words are summed up from those of each sentence."""

    def __init__(self, source: Sequence[SourceSentence], answer: Sequence[AnswerSentence]) -> None:
        self._size = [0, *accumulate(len(sentence.text) for sentence in source)]
        self._written = [0, *accumulate(len(sentence.text) for sentence in answer)]
        answer_places: dict[str, int] = {}
        source_places: dict[str, int] = {}
        for number, sentence in enumerate(answer):
            for key in sentence.keys:
                answer_places[key] = answer_places.get(key, 0) | 1 << number
        for number, original in enumerate(source):
            for key in source_keys((original,)):
                source_places[key] = source_places.get(key, 0) | 1 << number
        self._there = [_places(sentence.words, answer_places) for sentence in source]
        self._here = [_places(sentence.words, source_places) for sentence in answer]
        self._forward: dict[int, tuple[float, float]] = {}
        self._backward: dict[int, tuple[float, float]] = {}

    def best_groups(self) -> list[Group]:
        """The groups of the greatest value in sum."""
        rows, columns = len(self._there), len(self._here)
        if not rows or not columns:
            return [(row, row + 1, 0, 0) for row in range(rows)] + [
                (0, 0, place, place + 1) for place in range(columns)
            ]
        band = max(_BAND, abs(rows - columns) + 3)
        best: list[dict[int, tuple[float, int, int]]] = [{} for _ in range(rows + 1)]
        best[0][0] = 0.0, 0, 0
        slope = columns / rows
        size, written = self._size, self._written
        for i in range(rows + 1):
            centre = int(i * slope)
            moves = [(best[i - down], down, across) for down, across in _MOVES if down <= i]
            for j in range(max(0, centre - band), min(columns, centre + band + 1) + 1):
                here = None
                for above, down, across in moves:
                    before = above.get(j - across)
                    if before is None:
                        continue
                    value = before[0]
                    if down and across:
                        value += self._value(i - down, i, j - across, j, here[0] - value if here is not None else 0.0)
                    else:
                        value += _SKIP * ((size[i] - size[i - down] + written[j] - written[j - across]) / 2)
                    if here is None or value > here[0]:
                        here = value, down, across
                if here is not None and (i or j):
                    best[i][j] = here
        groups: list[Group] = []
        i, j = rows, columns
        while (i or j) and j in best[i]:
            _, down, across = best[i][j]
            groups.append((i - down, i, j - across, j))
            i, j = i - down, j - across
        return groups[::-1]

    def _value(self, first: int, last: int, begin: int, end: int, least: float) -> float:
        """What a group is worth: each sentence's length times how well it is covered, a little less for larger ones.

        What cannot be worth more than ``least`` is not looked at further: the value is then what it may be at most.
        """
        size = self._size[last] - self._size[first]
        written = self._written[end] - self._written[begin]
        chars = (size + written) / 2
        ratio = 0.7 + 0.3 * min(size, written) / max(size, written, 1)
        extra = 0.04 * (last - first + end - begin - 2)
        if (most := chars * (ratio - extra)) <= least:
            return most
        forward = self._share(self._forward, self._there, first, last, begin, end)
        if (most := chars * ((forward + 1.0) / 2 * ratio - extra)) <= least:
            return most
        match = (forward + self._share(self._backward, self._here, begin, end, first, last)) / 2
        return chars * (match * ratio - extra)

    def _share(
        self,
        shares: dict[int, tuple[float, float]],
        places: Sequence[Sequence[tuple[int, float]]],
        first: int,
        last: int,
        begin: int,
        end: int,
    ) -> float:
        """Which share of the words of some sentences the other text's sentences have."""
        found = total = 0.0
        group = (1 << end) - (1 << begin)
        for number in range(first, last):
            key = group * len(places) + number
            known = shares.get(key)
            if known is None:
                hits, missed = 0, 0.0
                for place, weight in places[number]:
                    if place & group:
                        hits += 1
                    else:
                        missed += weight
                known = shares[key] = float(hits), hits + missed
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

"""Which hosts give worse answers than the others: a broken one is quick, so it would get most of the texts. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

RECENT = 20
LEAST_ANSWERS = 8
"""Checked answers of a host, and of all others together, before they are compared."""

BAD_SHARE = 0.5
GOOD_SHARE = 0.2
"""A host is broken if so many of its answers are bad, and at most so many of the others'."""

DOUBTFUL_ANSWERS = 2
"""Bad answers of a host, and answers of the others, after which another host has to confirm its accepted answers."""


@dataclass(eq=False)
class _Record:
    """The recent answers of one host: whether each was bad, and a hash of its text."""

    bad: deque[bool] = field(default_factory=lambda: deque(maxlen=RECENT))
    texts: deque[int] = field(default_factory=lambda: deque(maxlen=RECENT))

    def share(self) -> float:
        return sum(self.bad) / len(self.bad) if self.bad else 0.0


class AnswerQuality:
    """The share of bad answers of each host, against that of the others.

    An answer is bad if the checks reject it, or if the host has given it to another text already: a model that always
    writes the same passes many checks.
    """

    def __init__(self) -> None:
        self._records: dict[str, _Record] = {}

    def checked(self, host: str, answer: str, accepted: bool) -> bool:
        """Notes an answer to a text that the host had not seen. Returns whether the answer is bad."""
        record = self._records.setdefault(host, _Record())
        text = hash(answer)
        bad = not accepted or text in record.texts
        record.bad.append(bad)
        record.texts.append(text)
        return bad

    def forget(self, host: str) -> None:
        """The host was restarted or has another model now."""
        self._records.pop(host, None)

    def doubtful(self, host: str) -> bool:
        """Whether an accepted answer of the host should be confirmed by another host."""
        record = self._records.get(host)
        if record is None or sum(record.bad) < DOUBTFUL_ANSWERS:
            return False
        share, count = self._others(host)
        return record.share() >= BAD_SHARE and count >= DOUBTFUL_ANSWERS and share <= GOOD_SHARE

    def broken(self, host: str) -> str:
        """Why a host is to be excluded; empty if it is not."""
        record = self._records.get(host)
        if record is None or len(record.bad) < LEAST_ANSWERS or record.share() < BAD_SHARE:
            return ""
        share, count = self._others(host)
        if count < LEAST_ANSWERS or share > GOOD_SHARE:
            return ""
        return (
            f"{sum(record.bad)} of its last {len(record.bad)} answers were empty, wrong or all the same, against "
            f"{share:.0%} on the other hosts; restart Ollama there or pull the model again"
        )

    def _others(self, host: str) -> tuple[float, int]:
        """The share of bad answers of all other hosts together, and how many answers they gave."""
        answers = [bad for url, record in self._records.items() if url != host for bad in record.bad]
        return _mean(answers), len(answers)


def _mean(values: Iterable[bool]) -> float:
    values = list(values)
    return sum(values) / len(values) if values else 0.0

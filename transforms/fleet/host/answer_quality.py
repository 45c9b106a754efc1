"""Which hosts give worse answers than the others: a broken one is quick, so it would get most of the texts. Pure."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

RECENT = 20
LEAST_ANSWERS = 8
"""Checked answers of a host, and of all others together, before they are compared."""

BAD_SHARE = 0.5
GOOD_SHARE = 0.2
"""A host is broken if so many of its answers are bad, and at most so many of the others'."""

DOUBTFUL_ANSWERS = 2
"""Bad answers of a host, and answers of the others, after which another host has to confirm its accepted answers."""

KEPT_REPEATED = 1024

_NO_WORDS = re.compile(r"[\W_]+")


class _Checked(NamedTuple):
    """A checked answer: its number, whether it was bad, the hash of its text, and its source."""

    number: int
    bad: bool
    text: int
    source: str


@dataclass(eq=False)
class _Record:
    """The answers of one host.

    Attributes:
        recent: The latest ones.
        texts: The hashes of their texts.
        bad: How many of them are bad.
        repeated: Numbers of accepted answers whose text the host has also given to another source.
        latest: The number of its latest answer.
        trusted_until: The number of the last answer that was followed by enough good ones.
        distrusted: Ranges of answers that are void, as the host was found to be broken: the first and last number.
    """

    recent: deque[_Checked] = field(default_factory=lambda: deque(maxlen=RECENT))
    texts: deque[int] = field(default_factory=lambda: deque(maxlen=RECENT))
    bad: int = 0
    repeated: deque[int] = field(default_factory=lambda: deque(maxlen=KEPT_REPEATED))
    latest: int = 0
    trusted_until: int = 0
    distrusted: list[tuple[int, int]] = field(default_factory=list)

    def add(self, answer: _Checked) -> None:
        if answer.number > self.latest:
            self.latest = answer.number
        if len(self.recent) == RECENT:
            oldest = self.recent[0]
            if oldest.number > self.trusted_until and (not self.bad or self.share() <= GOOD_SHARE):
                self.trusted_until = oldest.number
            self.bad -= oldest.bad
        self.recent.append(answer)
        self.texts.append(answer.text)
        self.bad += answer.bad

    def share(self) -> float:
        return self.bad / len(self.recent) if self.recent else 0.0


class AnswerQuality:
    """The share of bad answers of each host, against that of the others.

    An answer is bad if the checks reject it, or if the host has just given it to a text of other words: a model that
    always writes the same passes many checks.

    The answers of a host are numbered, by the caller and from 1. So it can be told later which of them to ask for
    again: those since the host gave good answers for the last time before it was found to be broken.
    """

    def __init__(self) -> None:
        self._records: dict[str, _Record] = {}
        self._any_bad = False

    def checked(self, host: str, number: int, source: str, answer: str, accepted: bool) -> bool:
        """Notes an answer that the checks have accepted or not.

        Returns:
            Whether another host should confirm the answer, if it was accepted.
        """
        record = self._records.get(host)
        if record is None:
            record = self._records[host] = _Record()
        text = hash(answer)
        same = []
        if text in record.texts:
            same = [each for each in record.recent if each.text == text and _words(each.source) != _words(source)]
        bad = not accepted or bool(same)
        if same:
            record.repeated.extend(earlier.number for earlier in same if not earlier.bad)
            if accepted:
                record.repeated.append(number)
        record.add(_Checked(number, bad, text, source))
        if bad:
            self._any_bad = True
            share_of_others, _ = self._others(host)
            return share_of_others <= GOOD_SHARE
        return self._any_bad and self.doubtful(host)

    def doubtful(self, host: str) -> bool:
        """Whether an accepted answer of the host should be confirmed by another host."""
        record = self._records.get(host)
        if record is None or record.bad < DOUBTFUL_ANSWERS:
            return False
        share, count = self._others(host)
        return record.share() >= BAD_SHARE and count >= DOUBTFUL_ANSWERS and share <= GOOD_SHARE

    def suspects(self) -> list[str]:
        """Hosts to look at with ``broken`` after each answer: it may be an answer of another host that convicts one."""
        return [host for host, record in self._records.items() if record.bad] if self._any_bad else []

    def broken(self, host: str) -> str:
        """Why a host is to be excluded; empty if it is not.

        If it is, its answers since it was trusted are void. It starts afresh, should a person bring it back.
        """
        record = self._records.get(host)
        if record is None or not record.bad or len(record.recent) < LEAST_ANSWERS or record.share() < BAD_SHARE:
            return ""
        share, count = self._others(host)
        if count < LEAST_ANSWERS or share > GOOD_SHARE:
            return ""
        bad, recent = record.bad, len(record.recent)
        record.distrusted.append((record.trusted_until + 1, record.latest))
        record.recent.clear()
        record.texts.clear()
        record.bad = 0
        record.trusted_until = record.latest
        return (
            f"{bad} of its last {recent} answers were empty, wrong or all the same, against {share:.0%} on the other "
            "hosts; restart Ollama there or pull the model again"
        )

    def any_void(self) -> bool:
        """Whether any answer may be void: none is while no host has given a bad one."""
        return self._any_bad

    def void(self, host: str, number: int) -> bool:
        """Whether a text should be translated again because of what is known now about the host of its answer."""
        record = self._records.get(host)
        if record is None or not (record.distrusted or record.repeated):
            return False
        if any(first <= number <= last for first, last in record.distrusted):
            return True
        return number in record.repeated and self.doubtful(host)

    def broken_hosts(self) -> frozenset[str]:
        """The hosts that were found to be broken."""
        return frozenset(host for host, record in self._records.items() if record.distrusted)

    def _others(self, host: str) -> tuple[float, int]:
        """The share of bad answers of all other hosts together, and how many answers they gave."""
        others = [record for url, record in self._records.items() if url != host]
        count = sum(len(record.recent) for record in others)
        return sum(record.bad for record in others) / max(1, count), count


def _words(text: str) -> str:
    return _NO_WORDS.sub("", text.casefold())

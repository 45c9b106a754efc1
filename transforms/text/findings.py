"""A flag with what it was seen by."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

LONGEST_EVIDENCE: Final = 80


class Finding(NamedTuple):
    """One thing that is wrong with an answer.

    Attributes:
        flag: Its name, of ``flags``.
        evidence: The sentence, number or word that shows it, at most ``LONGEST_EVIDENCE`` characters of it; "" where
            the whole text does.
    """

    flag: str
    evidence: str = ""


def finding(flag: str, evidence: str) -> Finding:
    """A finding whose evidence is cut to a readable length, on one line."""
    line = " ".join(evidence.split())
    return Finding(flag, line if len(line) <= LONGEST_EVIDENCE else f"{line[: LONGEST_EVIDENCE - 1]}…")


def names(findings: Iterable[Finding]) -> tuple[str, ...]:
    """The flags, each once."""
    return tuple(dict.fromkeys(each.flag for each in findings))

"""Which repairs pay: how often another attempt improved a fault of one kind, for each model of a run.

A model that repeats its faults would otherwise cost up to twice the requests for nothing.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field

from transforms.text.candidates import Candidate

MIN_ATTEMPTS = 12
"""Attempts of one kind before they are judged."""

WINDOW = 60
"""The latest attempts that count."""

LEAST_YIELD = 0.1
"""Attempts that improve less than this share of answers are not made."""

TRIAL_EVERY = 20
"""Of the repairs that do not pay, one in so many is still tried: models and texts change during a run."""


@dataclass(slots=True)
class RepairYield:
    """What repair attempts cost and gained in one run, by model and kind of fault.

    Attributes:
        requests: Attempts made, by kind of fault.
        better: Attempts that improved the answer, by kind of fault.
        skipped: Attempts not made because their kind does not pay.
    """

    requests: Counter[str] = field(default_factory=Counter)
    better: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    _latest: dict[tuple[str, str], deque[bool]] = field(default_factory=dict)

    def worth_trying(self, model: str, kind: str) -> bool:
        """Whether another attempt of this kind is to be made; counts it as skipped if not."""
        latest = self._latest.get((model, kind))
        if latest is None or len(latest) < MIN_ATTEMPTS or sum(latest) >= LEAST_YIELD * len(latest):
            return True
        self.skipped[kind] += 1
        return self.skipped[kind] % TRIAL_EVERY == 0

    def record(self, model: str, kind: str, improved: bool) -> None:
        """Count one attempt and whether it improved the answer."""
        self.requests[kind] += 1
        self.better[kind] += improved
        self._latest.setdefault((model, kind), deque(maxlen=WINDOW)).append(improved)


def kind_of(candidate: Candidate) -> str:
    """The fault that another attempt would be for: the first hard flag, else the first flag."""
    return next(iter((*candidate.hard, *candidate.flags)), "empty_output")

"""Abort a run that translates nothing: if all of its first texts fail, so will the others."""

from __future__ import annotations

from collections import Counter

from transforms.engine.outcome import Outcome
from transforms.errors import RunFailed

FIRST_TEXTS = 300
"""Failed texts before the run is aborted, if none was translated."""


class FirstTexts:
    """Counts the outcomes of a run until one is good. A module of its own because it is the engine's only rule."""

    def __init__(self) -> None:
        self._reasons: Counter[str] | None = Counter()  # None once a text was translated

    def finished(self, outcome: Outcome) -> None:
        """Take note of the outcome of a text that was sent to a model.

        Raises:
            RunFailed: No text was translated so far, and ``FIRST_TEXTS`` have failed.
        """
        if self._reasons is None:
            return
        if outcome.status != "failed":
            self._reasons = None
            return
        self._reasons[outcome.error_class] += 1
        if self._reasons.total() >= FIRST_TEXTS:
            reasons = ", ".join(f"{reason} {count}" for reason, count in self._reasons.most_common(3))
            raise RunFailed(
                f"none of the first {FIRST_TEXTS} texts could be translated ({reasons}; last error: {outcome.error}); "
                "aborting the run"
            )

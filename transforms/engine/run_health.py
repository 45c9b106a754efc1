"""What the outcomes of a run say about the run itself: whether to abort it, and whether failures are the texts' own."""

from __future__ import annotations

from collections import Counter

from transforms.engine.outcome import Outcome
from transforms.errors import RunFailed

FIRST_TEXTS = 300
"""Failed texts before the run is aborted, if none was translated."""


class RunHealth:
    """Counts the outcomes of the texts that were sent to models in one run."""

    def __init__(self) -> None:
        self._translated = 0
        self._failures: Counter[str] = Counter()

    def finished(self, outcome: Outcome) -> None:
        """Count the outcome of a text that was sent to a model.

        Raises:
            RunFailed: ``FIRST_TEXTS`` texts have failed, and none was translated.
        """
        if outcome.status != "failed":
            self._translated += 1
            return
        self._failures[outcome.error_class] += 1
        if not self._translated and self._failures.total() >= FIRST_TEXTS:
            reasons = ", ".join(f"{reason} {count}" for reason, count in self._failures.most_common(3))
            raise RunFailed(
                f"none of the first {FIRST_TEXTS} texts could be translated ({reasons}; last error: {outcome.error}); "
                "aborting the run"
            )

    def texts_are_to_blame(self) -> bool:
        """Whether a failure is likely to be the text's own: not if the model fails at most texts."""
        return self._translated >= self._failures.total()

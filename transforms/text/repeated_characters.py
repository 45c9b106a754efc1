"""Long runs of one sign (dots of a form, rules, blanks): shortened in what is sent, put back into the translation.

Ollama breaks a generation off after some thirty equal tokens, and records are full of such runs. They need no
translation anyway.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LONGEST = 6
"""What is left of a run; longer ones are shortened."""

_RUN = re.compile(r"([^\w\s]|_|[ \t\u00a0]|\r?\n)\1{%d,}" % (LONGEST - 1))  # noqa: UP031 - braces belong to the pattern


@dataclass(frozen=True)
class Masked:
    """A text with its long runs shortened.

    Attributes:
        text: What is sent.
        runs: Every run of ``LONGEST`` signs and more, in order, as it stood in the text.
    """

    text: str
    runs: tuple[str, ...]

    @property
    def changed(self) -> bool:
        """Whether a run was shortened."""
        return any(len(run) > LONGEST * len(_sign(run)) for run in self.runs)

    def restore(self, translation: str) -> str:
        """The translation with the runs as they were, if it has the same ones in the same order; else as it is."""
        found = [match[0] for match in _RUN.finditer(translation)]
        if list(map(_sign, found)) != list(map(_sign, self.runs)):
            return translation
        runs = iter(self.runs)
        return _RUN.sub(lambda match: next(runs), translation)


def mask(text: str) -> Masked:
    """``text`` with every long run cut to ``LONGEST`` signs; ``mask(text).restore(mask(text).text) == text``."""
    runs = tuple(match[0] for match in _RUN.finditer(text))
    if not runs:
        return Masked(text, ())
    return Masked(_RUN.sub(lambda match: match[1] * LONGEST, text), runs)


def _sign(run: str) -> str:
    return "\r\n" if run.startswith("\r\n") else run[0]

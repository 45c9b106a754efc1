"""From what a model wrote to a translation that is accepted, tried again, or given up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from transforms.text import flags
from transforms.text.chatter import leak_flags
from transforms.text.checks import findings
from transforms.text.findings import Finding, finding, names
from transforms.text.glossary import Term, misses
from transforms.text.prompts import PromptTemplate
from transforms.text.repeated_characters import Masked
from transforms.text.stripping import clean, strip

Checks = Literal["off", "flag", "repair"]

WORTH_A_SECOND_TRY: Final = frozenset(
    {
        flags.LENGTH_RATIO,
        flags.UNFINISHED,
        flags.NUMBER_MISSING,
        flags.NUMBER_ADDED,
        flags.PLACEHOLDER_MISMATCH,
        flags.URL_MISMATCH,
        flags.MARKUP_MISMATCH,
        flags.LINE_COUNT,
        flags.GLOSSARY_MISS,
        flags.QUESTION_LOST,
        flags.FRENCH_LEFT,
        flags.CONTENT_MISMATCH,
        flags.SENTENCE_MISSING,
        flags.SENTENCE_ADDED,
        flags.SENTENCE_REPEATED,
        flags.CHARACTERS_DAMAGED,
        flags.CAPITALS,
        flags.UNIT_MISMATCH,
    }
)
"""Soft flags that another answer may be without; one more try is worth its price, two are not."""

HARD_WEIGHT: Final = 100


@dataclass(frozen=True, slots=True)
class Candidate:
    """One answer, made ready.

    Attributes:
        text: The translation; empty if there is none.
        flags: What was taken away and what is wrong.
        evidence: What shows that it is wrong.
    """

    text: str
    flags: tuple[str, ...]
    evidence: tuple[Finding, ...] = ()

    @property
    def hard(self) -> tuple[str, ...]:
        """The flags with which it is not accepted."""
        return tuple(flag for flag in self.flags if flag in flags.HARD)

    @property
    def improvable(self) -> bool:
        """Whether another try may bring a better one."""
        return bool(self.hard) or any(flag in WORTH_A_SECOND_TRY for flag in self.flags)

    @property
    def badness(self) -> int:
        """For comparisons: hard flags before all others, an empty answer worst of all."""
        weight = sum(HARD_WEIGHT if flag in flags.HARD else 1 for flag in self.flags)
        return weight if self.text else 100 * HARD_WEIGHT


def judge(
    answer: str,
    source: str,
    masked: Masked,
    template: PromptTemplate,
    checks: Checks,
    terms: Sequence[Term] = (),
    context: str = "",
) -> Candidate:
    """What an answer is worth.

    Args:
        answer: As the model wrote it.
        source: The text as it stands in the record, sanitised.
        masked: The same as it was sent.
        template: With which it was sent: sentences of it in the answer are a leak.
        checks: ``off`` takes nothing away but what is never part of a translation.
        terms: Of the glossary, that occur in the text.
        context: What the model was shown of the text before.
    """
    text, found = clean(answer, masked.text)
    if not text:
        return Candidate("", (flags.EMPTY_OUTPUT,))
    if checks == "off":
        return Candidate(masked.restore(text), found)
    if leak := leak_flags(source, text, _prompt_texts(template)):
        return Candidate(text, (*found, *leak), (finding(leak[0], text),))
    text, stripped = strip(text, masked.text)
    text = masked.restore(text)
    evidence = findings(source, text, _prompt_texts(template), context)
    if terms and misses(terms, text):
        evidence = (*evidence, Finding(flags.GLOSSARY_MISS))
    wrong = names(evidence)
    seen = dict.fromkeys((*found, *stripped, *wrong))
    return Candidate(text if flags.EMPTY_OUTPUT not in wrong else "", tuple(seen), evidence)


def judged_whole(source: str, translation: str) -> Candidate:
    """What a translation that was put together from good pieces is worth as a whole."""
    evidence = findings(source, translation)
    return Candidate(translation, names(evidence), evidence)


def best(candidates: Sequence[Candidate]) -> Candidate:
    """The least bad one, the first of equals."""
    return min(candidates, key=lambda candidate: candidate.badness)


def _prompt_texts(template: PromptTemplate) -> tuple[str, str]:
    return template.system or "", template.user

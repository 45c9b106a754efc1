"""Clean and check answers, and choose the best candidate for a translation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from transforms.text import flags
from transforms.text.checks import findings
from transforms.text.evidence import removed, with_evidence
from transforms.text.findings import Finding, finding, names
from transforms.text.meaning.chatter import leak_findings
from transforms.text.meaning.loops import repetition_flags
from transforms.text.request.glossary import Term, misses
from transforms.text.request.prompts import PromptTemplate
from transforms.text.request.repeated_characters import Shortened
from transforms.text.stripping.cleaning import clean
from transforms.text.stripping.strip import strip

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
        flags.QUESTION_ADDED,
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
"""Soft flags that another answer may not have. They are worth one more attempt, but not two."""

HARD_WEIGHT: Final = 100


class Candidate(NamedTuple):
    """A cleaned and checked answer.

    Attributes:
        text: The translation; empty if the answer contains none.
        flags: The flags for what was stripped and for the problems found.
        evidence: The findings behind the flags: what is wrong, and what was stripped.
    """

    text: str
    flags: tuple[str, ...]
    evidence: tuple[Finding, ...] = ()

    @property
    def hard(self) -> tuple[str, ...]:
        """The flags because of which the candidate is rejected."""
        return tuple(flag for flag in self.flags if flag in flags.HARD) if self.flags else ()

    @property
    def improvable(self) -> bool:
        """Whether another attempt may yield a better candidate."""
        return bool(self.hard) or any(flag in WORTH_A_SECOND_TRY for flag in self.flags)

    @property
    def badness(self) -> int:
        """A weight for comparisons: hard flags outweigh all others, and an empty answer is the worst."""
        weight = sum(HARD_WEIGHT if flag in flags.HARD else 1 for flag in self.flags)
        return weight if self.text else 100 * HARD_WEIGHT


def assess(
    answer: str,
    source: str,
    shortened: Shortened,
    template: PromptTemplate,
    checks: Checks,
    terms: Sequence[Term] = (),
    context: str = "",
) -> Candidate:
    """Clean and check an answer.

    Args:
        answer: The answer as the model wrote it.
        source: The sanitised text of the record.
        shortened: The source as it was sent.
        template: The prompt of the request; its sentences in the answer are a prompt leak.
        checks: Which checks to apply; ``off`` strips only what is never part of a translation.
        terms: The glossary terms that occur in the text.
        context: The preceding text that the model was shown.
    """
    text, found = clean(answer, shortened.text)
    if not text:
        return Candidate("", (flags.EMPTY_OUTPUT, *found))
    thought = tuple(finding(flag, removed(answer, text)) for flag in found) if found else ()
    if checks == "off":
        return Candidate(shortened.restore(text), found, thought)
    if leak := leak_findings(source, text, _prompt_texts(template)):
        return Candidate(text, (*found, *names(leak)), (*thought, *leak))
    less, stripped = strip(text, shortened.text)
    taken = tuple(finding(flag, removed(text, less)) for flag in stripped) if stripped else ()
    restored = shortened.restore(less)
    # Whoever has changed nothing need not look for the prompt again.
    wrong = findings(source, restored, None if restored == text else _prompt_texts(template), context)
    text = restored
    if missed := misses(terms, text) if terms else ():
        shown = ", ".join(f"{term.source} → {term.target}" for term in missed)
        wrong = (*wrong, finding(flags.GLOSSARY_MISS, shown))
    if not (found or stripped or wrong):
        return Candidate(text, ())
    named = names(wrong)
    seen = dict.fromkeys((*found, *stripped, *named))
    return Candidate(text if flags.EMPTY_OUTPUT not in named else "", tuple(seen), (*thought, *taken, *wrong))


def assess_whole(source: str, translation: str) -> Candidate:
    """Check the whole of a translation that was joined from accepted pieces."""
    evidence = findings(source, translation)
    return Candidate(translation, names(evidence), evidence)


def assess_cut(answer: str, source: str) -> Candidate | None:
    """Return a candidate for an answer that was cut off at its token limit if it repeats itself; else None.

    Such an answer is rejected for what it is. Any other one may only have needed more room.
    """
    if not answer or not repetition_flags(source, answer):
        return None
    evidence = with_evidence((Finding(flags.REPETITION), Finding(flags.OUTPUT_TRUNCATED)), source, answer)
    return Candidate(answer, names(evidence), evidence)


def best(candidates: Sequence[Candidate]) -> Candidate:
    """Return the candidate with the least badness; the first one at a tie."""
    return min(candidates, key=lambda candidate: candidate.badness)


def _prompt_texts(template: PromptTemplate) -> tuple[str, str]:
    return template.system or "", template.user

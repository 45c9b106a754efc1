"""Evidence: what stands behind each flag, for people who look at a translation and for programs.

A finding without a passage of its own gets one here: the figures that were compared, or the words that show it. Only
flagged answers pay for it. The evidence quotes the texts, so it is as private as they are.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Final

from transforms.text import flags
from transforms.text.findings import LONGEST_EVIDENCE, Finding, finding
from transforms.text.request.injections import injection_in

MOST_PASSAGES: Final = 10
"""Passages kept for each flag; a text of many chunks may have more."""

_QUESTION = re.compile(r"[^.!?\n]{0,400}\?")
_WORD = re.compile(r"[^\W\d_]+")
_GRAM: Final = 4
_ALIKE = re.compile(r"(.)\1{9}", re.DOTALL)
_JSON: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def with_evidence(found: Iterable[Finding], source: str, translation: str) -> tuple[Finding, ...]:
    """The findings, each with evidence; by default it is the beginning of the translation."""
    return tuple(
        each
        if each.evidence
        else finding(each.flag, _SHOWN[each.flag](source, translation) if each.flag in _SHOWN else translation)
        for each in found
    )


def removed(before: str, after: str) -> str:
    """What was taken away around a text: the beginning and the end that ``after`` lacks."""
    start = before.find(after) if after else 0
    if start < 0:  # taken away in the middle, too
        return before
    parts = (before[:start].strip(), before[start + len(after) :].strip())
    room = LONGEST_EVIDENCE // 2 - 2 if all(parts) else LONGEST_EVIDENCE
    return " … ".join(part[:room] for part in parts if part)


def encoded(found: Iterable[Finding], named: Collection[str]) -> str | None:
    """Findings as one JSON object, ``{"number_missing":["42"]}``: a list of different passages for each flag.

    Args:
        found: Findings of all chunks of a text, in order.
        named: The flags that the text has; others are omitted.

    Returns:
        None without findings.
    """
    passages: dict[str, dict[str, None]] = {}
    for each in found:
        if each.flag in named:
            shown = passages.setdefault(each.flag, {})
            if each.evidence and len(shown) < MOST_PASSAGES:
                shown[each.evidence] = None
    return _JSON.encode({flag: list(shown) for flag, shown in passages.items()}) if passages else None


def described(evidence: str) -> str:
    """Evidence as ``encoded`` wrote it, for people: ``number_missing: 42; line_count``. Other text stays as it is."""
    try:
        passages = json.loads(evidence)
    except ValueError:
        return evidence
    if not isinstance(passages, dict):
        return evidence
    return "; ".join(f"{flag}: {' | '.join(map(str, shown))}" if shown else flag for flag, shown in passages.items())


def _repeated(source: str, translation: str) -> str:
    """The most frequent words in a row, or the character that fills the answer."""
    words = _WORD.findall(translation[:20_000])
    grams = Counter(zip(*(words[skipped:] for skipped in range(_GRAM)), strict=False))
    gram, count = max(grams.items(), key=lambda item: item[1], default=((), 1))
    if count > 1:
        return f"{' '.join(gram)} (x {count})"
    alike = _ALIKE.search(translation)
    return alike[0] if alike else translation


def _lengths(source: str, translation: str) -> str:
    return f"characters: {len(translation)}, source {len(source)}"


def _lines(source: str, translation: str) -> str:
    here, there = (sum(not each.isspace() for each in text.split("\n") if each) for text in (translation, source))
    return f"lines: {here}, source {there}"


def _question(source: str, translation: str) -> str:
    questions = _QUESTION.findall(source)
    return str(questions[-1]).strip() if questions else ""


def _end(source: str, translation: str) -> str:
    return translation.rstrip()[-LONGEST_EVIDENCE:]


_SHOWN: Final[Mapping[str, Callable[[str, str], str]]] = {
    flags.REPETITION: _repeated,
    flags.LENGTH_RATIO_HARD: _lengths,
    flags.LENGTH_RATIO: _lengths,
    flags.UNFINISHED: _end,
    flags.OUTPUT_TRUNCATED: _end,
    flags.LINE_COUNT: _lines,
    flags.QUESTION_LOST: _question,
    flags.QUESTION_ADDED: _end,
    flags.INJECTION_SUSPECTED: lambda source, translation: injection_in(source),
}

"""Several versions in an answer, and remarks on the translation that could not be stripped.

Each pattern asks whether the source has its counterpart: a list of options is translated by one.
"""

from __future__ import annotations

import re
from typing import Final

from transforms.text import flags
from transforms.text.findings import Finding, finding
from transforms.text.meaning.loops import shared
from transforms.text.stripping.notes import NOTE, NOTE_FRENCH
from transforms.text.stripping.task_talk import explained_share, explaining_keys
from transforms.text.words.alignment import coverage, keys_of, words_of
from transforms.text.words.reading import letter_words, read, search_sentences, spoken

_OPTION_ONE, _OPTION_TWO = re.compile(r"(?i)\boption\s?(?:1|a)\b"), re.compile(r"(?i)\boption\s?(?:2|b)\b")
_SEVERAL: Final = tuple(
    (words.split(), passages.split(","), re.compile(pattern, re.IGNORECASE | re.VERBOSE))
    for words, passages, pattern in (
        (
            "here",
            "{} are",
            r"""\bhere\s+are\s+(?:a\s+few|a\s+couple|several|some|two|three|\d)\s+(?:\w+\s+){0,2}
            (?:translations?|options?|ways|versions?|alternatives|possib\w*|renderings)""",
        ),
        (
            "ways",
            "{} to",
            r"""\b(?:several|multiple|different|possible|other|\w+)\s+ways\s+to\s+(?:translate|render|say|express|phrase)
            (?:\s+(?:this|that|it|the\s+(?:text|sentence|phrase|word|expression|original|french|source))\b
            | \W*(?:\Z|\n|[\"“«:]))""",
        ),
        (
            "translations",
            "{}",
            r"\b(?:several|multiple|different|possible|other)\s+(?:possible\s+)?(?:english\s+)?translations\b",
        ),
        ("depending", "{} on", r"\bdepending\s+on\s+(?:the\s+)?(?:context|intended|tone|situation|register)"),
        ("translated", "be {}", r"\b(?:can|could|may|might|would)\s+(?:also\s+)?be\s+translated\b"),
        ("rendered", "be {}", r"\b(?:can|could|may|might|would)\s+(?:also\s+)?be\s+rendered\s+(?:as|by|in)\b"),
        ("literal literally", "{}", r"\bliterally\s*[:\"“]|\bliteral\s+(?:translation|meaning)"),
        (
            "abbreviation acronym expression",
            "an {},french {}",
            r"\b(?:is|are)\s+an\s+(?:french\s+)?(?:abbreviation|acronym|expression)\s+(?:for|that|of|in|which|mean)",
        ),
        (
            "abbreviation acronym expression phrase term word",
            "a {},the {},french {}",
            r"\b(?:is|are)\s+(?:a|the)\s+(?:french\s+)?(?:abbreviation|acronym|expression|phrase|term|word)\s+(?:for|that|of|in|which|mean)",
        ),
        ("stands", "{} for", r"\bstands\s+for\b"),
        ("french", "in {}", r"\bin\s+french,?\s+[\"“'«]"),
        ("english", "in {}", r"\bin\s+english,?\s+[\"“'«]"),
        (
            "french",
            "{} word,{} phrase,{} term,{} expression,{} abbreviation",
            r"\bfrench\s+(?:word|phrase|term|expression|abbreviation)\b",
        ),
        ("translate translates", "{} to,{} as,{} into", r"\btranslates?\s+(?:to|as|into)\s*(?:[\"“]|:(?!\w))"),
        ("alternative", "{} translation,{} rendering,{} version", r"\balternative\s+(?:translation|rendering|version)"),
        (
            "natural literal formal idiomatic casual",
            "more {}",
            r"\bmore\s+(?:natural|literal|formal|idiomatic|casual)\s+(?:translation|version|rendering)",
        ),
    )
)
"""What several versions are announced by: each pattern with words of which a match has one, in one of the passages."""


def _passages_by_word() -> dict[str, list[tuple[str, int]]]:
    """The passages that begin with a blank, each with the place of its pattern."""
    by_word: dict[str, list[tuple[str, int]]] = {}
    for place, (words, passages, _) in enumerate(_SEVERAL):
        for word in words:
            by_word.setdefault(word, []).extend((f" {passage.format(word)}", place) for passage in passages)
    return by_word


_ANNOUNCING: Final = _passages_by_word()
_ANNOUNCING_WORDS: Final = frozenset(_ANNOUNCING)

_PREAMBLE = re.compile(
    r"(?i)^\W{0,4}(?:sure|certainly|of course|okay|great)?\W{0,4}here(?:['’]s| is)\s+(?:the|your|my|an?)\s+"
    r"(?:\w+\s+){0,3}translation\b"
)

OPTION = re.compile(
    r"(?im)^\W{0,20}(?:(?:option|version|translation|alternative|variant|variante|traduction|choice)\s*(?:n°|no\.?)?\s*"
    r"(?:[1-9]|[a-d](?=\W{0,4}(?:[:.)\n]|\Z))|one|two)|(?:formal|informal|literal|idiomatic|alternatively|or)\b\W{0,3}[:,])"
)
_OPTION_FRENCH = re.compile(
    r"(?im)^\W{0,20}(?:(?:option|version|traduction|variante|choix|alternative|solution)\s*(?:n°|no\.?)?\s*(?:[1-9]|[a-d]\b)"
    r"|(?:formel|informel|littéral|ou)\b\W{0,3}[:,])"
)
MOST_EXPLAINED_OF_OPTIONS, MOST_EXPLAINED_AROUND, MOST_EXPLAINED_AROUND_LONG = 0.5, 0.6, 0.3
"""Shares of a sentence's words that the source explains, from which on it may be a translation."""

_SHORT_SOURCE, _MEDIUM_SOURCE = 40, 80
_OF_TRANSLATION = re.compile(r"(?i)translat|render|literal|french|english")


def option_findings(source: str, translation: str) -> tuple[Finding, ...]:
    """multiple_options: several versions, or remarks about the translation that could not be stripped."""
    words = read(translation).low_set
    match = _announcement(translation)
    if match is None:
        numbered = _numbered_options(translation) if "\n" in translation else []
        if len(numbered) >= 2 and len(numbered) > len(_OPTION_FRENCH.findall(source)):
            return (finding(flags.MULTIPLE_OPTIONS, numbered[1][0]),)
        if (
            "option" in words
            and "option" not in source.lower()
            and _OPTION_ONE.search(translation)
            and _OPTION_TWO.search(translation)
        ):
            return (Finding(flags.MULTIPLE_OPTIONS, "option 2"),)
    elif explained_share(match[0], explaining_keys(source)) < MOST_EXPLAINED_OF_OPTIONS:
        around = translation[max(0, match.start() - 40) : match.end() + 40]
        certain = len(source) < _SHORT_SOURCE or _OF_TRANSLATION.search(match[0])
        most = MOST_EXPLAINED_AROUND if len(source) < _MEDIUM_SOURCE else MOST_EXPLAINED_AROUND_LONG
        if certain or explained_share(around, explaining_keys(source)) < most:
            return (finding(flags.MULTIPLE_OPTIONS, match[0]),)
    last = translation.rfind("\n") + 1
    noted = last and NOTE.match(translation, last) and not NOTE_FRENCH.search(source)
    preamble = "translation" in words and _PREAMBLE.match(translation)
    if noted or (preamble and "tradu" not in source.casefold()):
        return (finding(flags.MULTIPLE_OPTIONS, translation[last : last + 60] if noted else translation[:60]),)
    return ()


def _announcement(translation: str) -> re.Match[str] | None:
    """What announces several versions; the first of the patterns that finds something."""
    announcing = _ANNOUNCING_WORDS & read(translation).low_set
    if not announcing:
        return None
    said = spoken(translation)
    asked = {place for word in announcing for passage, place in _ANNOUNCING[word] if passage in said}
    patterns = ((pattern, words) for words, _, pattern in map(_SEVERAL.__getitem__, sorted(asked)))
    return next(
        (found for pattern, words in patterns if (found := search_sentences(pattern, translation, words))), None
    )


def _numbered_options(text: str) -> list[re.Match[str]]:
    """What the pattern finds. It is only tried where a line begins, which takes a tenth of the time in long texts."""
    found = []
    start = 0
    while True:
        if match := OPTION.match(text, start):
            found.append(match)
            start = match.end()
        start = text.find("\n", start) + 1
        if not start:
            return found


_BETWEEN_VERSIONS = re.compile(
    r"[;|\\\[(,\n→⇒]|(?<!<)/|[:=]\s|\s[–—~-]{1,3}\s|[.!?]\s|\s(?:or|OR|and/or|AND/OR|aka|alias|alt|i\.e\.|vs\.?)\s"
)
_LEAST_LONGER: Final = 1.3
_MIDDLE: Final = 0.25
_PLACES: Final = 3
_LEAST_COVERED, _LEAST_SHARED, _MOST_SHARED_BY_SOURCE = 0.5, 0.5, 0.4
_LEAST_WORDS: Final = 2
_LEAST_SAME: Final = 2
"""Two things of the source may have one word in common: "Nom, prénom", "Last Name, First Name"."""


def two_versions(source: str, translation: str) -> str:
    """The second one of two translations of the whole source, whatever stands between them; "" if there is only one."""
    length = len(translation)
    if length < _LEAST_LONGER * len(source) or len(words := words_of(source)) < _LEAST_WORDS:
        return ""
    here, there = read(translation).lows, read(source).lows
    if len(here) <= len(there) or shared(there) > _MOST_SHARED_BY_SOURCE:
        return ""
    matches = _BETWEEN_VERSIONS.finditer(translation, int(_MIDDLE * length), int((1 - _MIDDLE) * length))
    for match in sorted(matches, key=lambda match: abs(match.start() + match.end() - length))[:_PLACES]:
        first, second = translation[: match.start()], translation[match.end() :]
        if coverage(words, keys_of(first)) < _LEAST_COVERED or coverage(words, keys_of(second)) < _LEAST_COVERED:
            continue
        said = [set(map(str.lower, letter_words(part))) for part in (first, second)]
        least = _LEAST_SAME if match[0].strip() and match[0].strip() in source else 1
        if len(said[0] & said[1]) >= max(least, _LEAST_SHARED * min(map(len, said))):
            return second
    return ""

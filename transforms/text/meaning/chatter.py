"""What a model says instead of the translation: refusals, its own prompt.

Each pattern asks whether the source has its counterpart: a letter that refuses is translated by a refusal.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby
from typing import Final

from transforms.text import flags
from transforms.text.findings import Finding, finding
from transforms.text.request.prompts import SOURCE_END, SOURCE_START, TEXT
from transforms.text.stripping.task_talk import (
    MOST_EXPLAINED,
    TASK_WORDS,
    explained_share,
    explaining_keys,
    may_speak,
    speaks,
)
from transforms.text.words.alignment import coverage, english_sentences, keys_of, surely_covered, words_of
from transforms.text.words.reading import Reading, read, spoken
from transforms.text.words.word_sets import word_set

_HEAD = 240
"""Refusals stand at the beginning."""

_REFUSAL = re.compile(
    r"""^\W*(?:(?:(?:sorry|apologies)\b|(?:but|and|however|unfortunately|hello|hi|oh|no|well|thank\s+you)\b[,.!]?\s)\W*){0,3}
    (?:(?:i(?:['’]m|\s+am)\s+(?:very\s+|so\s+|truly\s+|really\s+)?(?:sorry|afraid)|i\s+apologi[sz]e|my\s+apologies)\b
    | i\s+(?:can\s?not|can['’]t|won['’]t|will\s+not|must\s+decline|do\s+not\s+feel|don['’]t\s+feel|refuse|am\s+unable
      | am\s+not\s+(?:able|comfortable)|(?:do\s+not|don['’]t)\s+(?:have|understand|see))\b
    | i(?:['’]m)\s+(?:unable|not\s+(?:able|comfortable))\b
    | (?:as|i(?:['’]m|\s+am))\s+(?:just\s+|only\s+)?an?\s+
      (?:ai|language\s+model|large\s+language|artificial|assistant|text-based)\b
    | je\s+(?:suis\s+(?:vraiment\s+)?désolé|ne\s+(?:peux|puis|suis)\s+pas|regrette|m['’]excuse)
    | désolée?\b | en\s+tant\s+qu['’](?:ia|intelligence|assistant|modèle)
    | this\s+(?:content|text|request)\s+
      (?:violates|is\s+(?:inappropriate|harmful|not\s+appropriate)|contains\s+(?:harmful|offensive)))
    """,
    re.IGNORECASE | re.VERBOSE,
)
_REFUSAL_WORDS: Final = word_set("i my as je désolé désolée en this")
"""A refusal has one of them."""
_APOLOGY = re.compile(r"(?i)\bdésol|\bexcus|\bpardon|\bregrett|\bmalheureu|\bnavré")
_ABOUT_THE_TASK = re.compile(
    r"""(?:assist|help|comply|proceed|continue)\s+(?:you\s+)?with\s+(?:that|this|your|the|translating)\b
    | (?:can\s?not|can['’]t|unable\s+to|won['’]t|not\s+able\s+to|not\s+comfortable|decline\s+to|refuse\s+to)\s+
      (?:\w+\s+){0,2}(?:translat|fulfil|provid\w+\s+(?:a|the|this)\s+translation|process\s+this|generat)
    | (?:provide|share|send|give|paste|enter)\s+(?:me\s+)?(?:with\s+)?(?:the|a|some|more|your|me\s+the)\s+
      (?:\w+\s+){0,3}(?:text|sentence|context|content|passage|document)s?\b[^.?!\n]{0,60}(?:translat|\?|so\s+i|and\s+i)
    | (?:no|any)\s+(?:french\s+)?text\s+(?:to\s+translate|provided|was)
    | (?:text|sentence|input|message)\s+(?:you\s+provided\s+)?(?:is|seems|appears)\s+(?:to\s+be\s+)?
      (?:already\s+in\s+english|incomplete|empty|unclear|not\s+(?:in\s+)?(?:french|clear|complete))
    | ne\s+peux\s+pas\s+(?:vous\s+aider|traduire|répondre|fournir)
    """,
    re.VERBOSE,
)
_ABOUT_A_MODEL = re.compile(
    r"""\b(?:i|we)\s+must\s+decline\b | \b(?:enough|more|sufficient)\s+context\s+to\b
    | \bas\s+an?\s+(?:ai|(?:large\s+)?language\s+model)\b | \bmy\s+(?:guidelines|programming|safety|policy)\b
    | \b(?:content|usage)\s+polic(?:y|ies)\b | \btext\s+you(?:['’]d|\s+would)\s+like\s+(?:me\s+to\s+)?translat
    """,
    re.VERBOSE,
)
"""Both are in lower case, which takes a fraction of the time that letters of either case take."""

_MODEL_WORDS: Final = word_set("decline context ai model guidelines programming safety policy policies text")
"""What ``_ABOUT_A_MODEL`` finds has one of them."""


_DECLINES = re.compile(
    r"""(?:can\s?not|can['’]t|unable\s+to|not\s+able\s+to|won['’]t|not\s+comfortable|decline\s+to|refuse\s+to)\s+
    (?:\w+\s+){0,2}(?:assist|help|provid|translat|fulfil|compl(?:y|ete\s+this)|generat|creat|engag|discuss|continu|proceed
      |answer|support|process|share|offer|respond)
    | \bas\s+(?:just\s+|only\s+)?an?\s+(?:ai|(?:large\s+)?language|artificial|assistant|text-based)\b
    | \b(?:désolée?|regrette|ne\s+(?:peux|puis)\s+pas)\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""A service that is denied, which a bad translation of a sentence with "can't" does not."""
_SELF = re.compile(
    r"(?i)\byou are an? (?:\w+ ){0,3}(?:french[- ]to[- ]english )?translator\b"
    r"|\btranslate the (?:following |french )?text (?:between|below|into|from)"
    r"|\boutput only the translation\b|\b(?:never|not) (?:obey|answer) it\b"
    r"|\bthe text is data\b|\buse (?:british|american) spelling\b"
)

_SELF_WORDS: Final = word_set("translator translate translation obey answer data spelling")
_SELF_PASSAGES: Final = (
    *(" you are a", " translate the ", " only the translation ", " obey it ", " answer it "),
    *(" text is data ", " spelling "),
)
"""A match has one of the words, and one of the passages."""
_SELF_FRENCH = re.compile(r"(?i)traduct|tradui|donnée|orthograph")
MOST_EXPLAINED_OF_REFUSALS, MOST_EXPLAINED_OF_APOLOGIES = 0.4, 0.15
"""Shares of a sentence's words that the source explains, from which on it may be a translation."""

_LEAST_SOURCE_WORDS, _MOST_COVERED_BY_TALK = 2, 0.12
_LEAST_TRANSLATED: Final = 0.5
_MOST_WORDS_OF_SHORT: Final = 15
_FEW_SOURCE_WORDS, _COVERED_BY_TALK_OF_FEW, _MOST_EXPLAINED_BY_FEW = 4, 0.5, 0.2
"""Of so few content words, talk may have one by chance: "share" for "afficher"."""

_SENTENCE_WORDS: Final = word_set(
    """is are was were has have do does need needs no not nothing cannot can t please provide provided given there i you
    your it its seems appears"""
)
"""A remark on a text has one of them, a heading such as "Focusing a text input" has none."""
_LONGEST_TALK, _LEAST_TALK_SPACES = 700, 4
_FIRST_SENTENCE = re.compile(r".{15,}?[.!?](?=\s|\Z)", re.DOTALL)
_LEAST_CLAUSE_CHARS = 24
_CLAUSE_END = re.compile(r"[.:;!?\n]+")


def refusal_findings(source: str, translation: str) -> tuple[Finding, ...]:
    """refusal: an excuse at the start that translates nothing of the source, or an answer that only speaks of the task.

    A study of many language models found refusals common: for texts about safety, texts of others, texts too short.
    """
    may_refuse, may_talk = not _REFUSAL_WORDS.isdisjoint(read(translation).low_set), may_speak(translation)
    if not TASK_WORDS.isdisjoint(read(translation).low_set) and _answers_short_text(source, translation):
        return (finding(flags.REFUSAL, translation),)
    if not may_refuse and not may_talk:
        return ()
    head = translation[:_HEAD]
    talks = may_talk and speaks(head)
    refuses = may_refuse and _REFUSAL.match(head)
    if not refuses and not talks:
        return ()
    first = _FIRST_SENTENCE.match(head)
    said = first[0] if first else head
    of_task = _speaks_of_task(head.lower(), read(translation))
    if refuses or of_task:
        translated = not of_task and _APOLOGY.search(source[:_HEAD])
        most = MOST_EXPLAINED_OF_APOLOGIES if translated else MOST_EXPLAINED_OF_REFUSALS
        # Whoever only speaks of a task, and says half of what the source says, translates.
        unexplained = explained_share(said, explaining_keys(source)) < most and (
            bool(refuses) or coverage(words_of(source), keys_of(translation)) < _LEAST_TRANSLATED
        )
        if unexplained and (_DECLINES.search(head) or of_task or not _says_some(source, translation)):
            return (finding(flags.REFUSAL, said),)
        far_too_short = len(source) >= 100 and len(translation) < 0.35 * len(source)
        if far_too_short and explained_share(head, explaining_keys(source)) < 0.7:
            return (finding(flags.REFUSAL, said),)
    if (
        len(translation) <= _LONGEST_TALK
        and translation.count(" ") >= _LEAST_TALK_SPACES
        and talks
        and _only_talk(source, translation)
    ):
        return (finding(flags.REFUSAL, said),)
    return ()


def _answers_short_text(source: str, translation: str) -> bool:
    """Whether a sentence with a word of the task has nothing of a source of few words: "It is not in French."."""
    if len(read(source).lows) > _MOST_WORDS_OF_SHORT:
        return False
    words = words_of(source)
    return (
        not _SENTENCE_WORDS.isdisjoint(read(translation).low_set)
        and _LEAST_SOURCE_WORDS <= len(words) <= _FEW_SOURCE_WORDS
        and len(read(translation).lows) >= _LEAST_TALK_SPACES
        and coverage(words, keys_of(translation)) == 0
        and explained_share(translation, explaining_keys(source)) == 0
    )


def _speaks_of_task(head: str, reading: Reading) -> bool:
    if _ABOUT_THE_TASK.search(head):
        return True
    return not _MODEL_WORDS.isdisjoint(reading.low_set) and bool(_ABOUT_A_MODEL.search(head))


def _says_some(source: str, translation: str) -> bool:
    """Whether the answer says some of the source's words: a bad translation, but one that was tried."""
    words = words_of(source)
    # One sentence nearly always has enough of them, and its keys are known already.
    for sentence in english_sentences(translation):
        if surely_covered(words, sentence.keys, _MOST_COVERED_BY_TALK):
            return True
    return coverage(words, keys_of(translation)) >= _MOST_COVERED_BY_TALK


def _only_talk(source: str, translation: str) -> bool:
    """Whether the answer says hardly a word of the source and speaks to a user of a task."""
    words = words_of(source)
    if len(words) < _LEAST_SOURCE_WORDS:
        return False
    explained = explained_share(translation, explaining_keys(source))
    if len(words) <= _FEW_SOURCE_WORDS:
        covered = coverage(words, keys_of(translation))
        return explained < _MOST_EXPLAINED_BY_FEW and (
            covered == 0 or (covered < _COVERED_BY_TALK_OF_FEW and "translat" in translation)
        )
    return explained < MOST_EXPLAINED and not _says_some(source, translation)


def leak_findings(source: str, translation: str, prompt_texts: Sequence[str] = ()) -> tuple[Finding, ...]:
    """prompt_leak: a clause of the prompt (24 characters and more), a delimiter or a model's control word in the
    answer, and not in the source.
    """
    reading = read(translation)
    if "<" in reading.signs:
        for mark in (SOURCE_START, SOURCE_END):
            if mark in translation and SOURCE_START not in source and SOURCE_END not in source:
                return (Finding(flags.PROMPT_LEAK, mark),)
    if (
        not _SELF_WORDS.isdisjoint(reading.low_set)
        and any(passage in spoken(translation) for passage in _SELF_PASSAGES)
        and (match := _SELF.search(translation))
        and not _SELF_FRENCH.search(source)
        and match[0] not in source
    ):
        return (finding(flags.PROMPT_LEAK, match[0]),)
    if prompt_texts and (clauses := _possible(tuple(prompt_texts), reading)):
        folded = _folded(translation)
        leaked = [clause for clause in clauses if clause in folded]
        if leaked and not all(clause in _folded(source) for clause in leaked):
            return (finding(flags.PROMPT_LEAK, leaked[0]),)
    return ()


def _possible(prompt_texts: tuple[str, ...], reading: Reading) -> list[str]:
    """The clauses of the prompt all of whose words an answer has."""
    low_set = reading.low_set
    there = low_set & _clause_words(prompt_texts)
    if not there:
        return []
    by_word = _clauses(prompt_texts)
    # In the prompt's order, so that the evidence is always the same.
    return [
        clause
        for word in (by_word if len(there) > 1 else there)
        if word in there
        for clause, words, passage in by_word[word]
        if words <= low_set and passage in spoken(reading.text)
    ]


@lru_cache(maxsize=64)
def _clauses(prompt_texts: tuple[str, ...]) -> dict[str, list[tuple[str, frozenset[str], str]]]:
    """The clauses that show a leak, by a long word of them, with words that an answer has then, and some in a row.

    The first and last word do not count, which may be part of a longer one.
    """
    clauses = [clause for text in prompt_texts for part in text.split(TEXT) for clause in _CLAUSE_END.split(part)]
    parts = [part for clause in clauses for part in clause.split(",")]
    by_word: dict[str, list[tuple[str, frozenset[str], str]]] = {}
    for clause in dict.fromkeys(_folded(clause).strip(" ,\"'") for clause in (*clauses, *parts)):
        if len(clause) >= _LEAST_CLAUSE_CHARS and clause.count(" ") >= 3:
            plain = [word if word.isascii() and word.isalpha() else "" for word in clause.split()[1:-1]]
            words = frozenset(filter(None, plain))
            passages = [f" {' '.join(row)} " for named, row in groupby(plain, bool) if named]
            rarest, passage = max(words, key=len, default=""), max(passages, key=len, default="")
            by_word.setdefault(rarest, []).append((clause, words, passage))
    return by_word


@lru_cache(maxsize=64)
def _clause_words(prompt_texts: tuple[str, ...]) -> frozenset[str]:
    return frozenset(_clauses(prompt_texts))


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())

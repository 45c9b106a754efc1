"""What is wrong with a translation, seen from the two texts alone: no model, no I/O.

Everything is compared with the source, never with a fixed idea of a good text. ``findings`` puts together what the
packages ``meaning``, ``quantities`` and ``signs`` look for; each of their modules sees one kind of fault.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from transforms.text import flags
from transforms.text.evidence import with_evidence
from transforms.text.findings import Finding, finding, names
from transforms.text.meaning.answer_language import language_findings
from transforms.text.meaning.chatter import leak_findings, refusal_findings
from transforms.text.meaning.content import content_findings
from transforms.text.meaning.copies import copy_findings
from transforms.text.meaning.loops import is_doubled, repetition_flags
from transforms.text.meaning.omissions import omission_findings
from transforms.text.meaning.several_versions import option_findings, two_versions
from transforms.text.quantities.comparatives import LIMITS_FR, limit_findings
from transforms.text.quantities.numbers import number_findings
from transforms.text.quantities.quantity_signs import QUANTITY_SIGNS, money_findings, quantity_sign_findings
from transforms.text.quantities.unit_signs import (
    DASHES,
    IMPERIAL,
    UNIT_MARKS,
    imperial_findings,
    sign_findings,
    unit_sign_findings,
)
from transforms.text.quantities.units import TIMES, time_findings, unit_findings
from transforms.text.request.gate import is_blank
from transforms.text.request.injections import INJECTION_WORDS, injection_flags
from transforms.text.signs.added_markup import ADDED_SIGNS, added_markup_findings
from transforms.text.signs.addresses import address_findings
from transforms.text.signs.characters import character_findings
from transforms.text.signs.code_names import CODE_SIGNS, ROMAN_WORDS, code_name_findings, roman_findings
from transforms.text.signs.emoji import emoji_findings
from transforms.text.signs.invariants import MARKUP_SIGNS, line_flags, markup_findings
from transforms.text.signs.letter_case import case_findings
from transforms.text.signs.odd_signs import odd_sign_findings
from transforms.text.signs.placeholders import PLACEHOLDER_SIGNS, placeholder_findings
from transforms.text.signs.questions import question_flags
from transforms.text.signs.sign_changes import sign_change_findings
from transforms.text.stripping.cleaning import open_thought
from transforms.text.stripping.control_tokens import may_have_tokens, new_tokens
from transforms.text.stripping.echoes import echo_findings
from transforms.text.stripping.task_talk import explained_share, explaining_keys
from transforms.text.words.alignment import coverage, keys_of, words_of
from transforms.text.words.english import is_english_word
from transforms.text.words.french_words import is_french
from transforms.text.words.language import script_language
from transforms.text.words.language_words import ENGLISH
from transforms.text.words.reading import read

_RUN = re.compile(r"([^\w\s])\1{3,}|[ \t\u00a0]{2,}")

_ENDED = re.compile(r"[.!?][\s\"'»”’)\]*_]{0,3}\Z")
_PART_OF_WORD = re.compile(r"\A[^\W\d_]+")
_BROKEN_OFF = re.compile(r"[\w,'’(«“-]\Z")

FINISHED_RATIO = 0.9
MAX_CHECKED_RATIO, MAX_CHECKED_CHARS = 6, 20_000
_LEAST_WORDS_BEFORE_CUT: Final = 4
COVERED_ALL: Final = 0.6
COVERED_SHORT: Final = 0.34
ENDING_COVERED: Final = 0.5
"""With this share of its words, a translation that is shorter or longer than others is a free one."""

SHORT_CHARS, TITLE_CHARS, MEDIUM_CHARS = 20, 40, 100
LONGEST_FOR_SHORT = 120
TITLE_LIMITS = (0.08, 0.25, 2.2, 5.5)
MEDIUM_LIMITS = (0.15, 0.33, 2.2, 4.0)
LONG_LIMITS = (0.35, 0.55, 1.5, 2.2)
"""English characters over French ones: hard below the first and above the last, soft below the second and above the
third. Measured: 0.55 to 1.11 for sentences, 0.64 to 5.7 for strings of one to three words ("RAS"). Titles become
acronyms: "Système de contrôle de versions", VCS."""


def check(source: str, translation: str, prompt_texts: Sequence[str] = (), context: str = "") -> tuple[str, ...]:
    """The flags of one answer, hard ones first; none if nothing is wrong. Arguments as of ``findings``."""
    return names(findings(source, translation, prompt_texts, context))


def findings(
    source: str, translation: str, prompt_texts: Sequence[str] | None = (), context: str = ""
) -> tuple[Finding, ...]:
    """What is wrong with one answer, with evidence: hard flags first, each flag once.

    Time is in proportion to the texts, whatever is in them.

    Args:
        source: The French text that was sent.
        translation: The answer, cleaned and stripped.
        prompt_texts: What else was sent: the system turn, the template of the user turn. Sentences of them in the
            answer are a leak. None if the answer is known to have no leak.
        context: What the model was shown of the text before, and must not translate.
    """
    if is_blank(translation):
        return (Finding(flags.EMPTY_OUTPUT),)
    length = map(Finding, length_flags(source, translation))
    # Megabytes of nonsense show what they are in their first part.
    translation = translation[: MAX_CHECKED_RATIO * len(source) + MAX_CHECKED_CHARS]
    found = [
        *language_findings(source, translation),
        *copy_findings(source, translation),
        *map(Finding, repetition_flags(source, translation)),
        *length,
        *refusal_findings(source, translation),
        *(() if prompt_texts is None else leak_findings(source, translation, prompt_texts)),
        *token_findings(source, translation),
        *option_findings(source, translation),
        *content_findings(source, translation, context),
        *map(Finding, ending_flags(source, translation)),
        *omission_findings(source, translation),
        *number_findings(source, translation),
    ]
    if len(translation) > len(source):
        found += echo_findings(source, translation)
        if second := two_versions(source, translation):
            found.append(finding(flags.SENTENCE_REPEATED, second))
    if is_doubled(source, translation):
        found.append(Finding(flags.SENTENCE_REPEATED))
    found += _findings_of_signs(source, translation)
    if not INJECTION_WORDS.isdisjoint(read(source).low_set):
        found += map(Finding, injection_flags(source))
    if not found:
        return ()
    kept = {each.flag: each for each in reversed(found)}
    for flag, implied in _IMPLIED.items():
        if flag in kept:
            kept = {name: each for name, each in kept.items() if name not in implied}
    kept_in_order = with_evidence((each for each in found if kept.get(each.flag) is each), source, translation)
    return tuple(sorted(kept_in_order, key=lambda each: each.flag not in flags.HARD))


_PERCENT_CODE = re.compile(r"%[\w(]")
_SIGNS_OF_PROSE: Final = frozenset(" .,;:!?()0123456789'’«»“”\"–…\u00a0\u202f€°%")
"""With no other sign, a text has hardly any code and no markup."""


def _may_be_code(source: str, translation: str) -> bool:
    """Whether signs of prose are some of code: an empty pair of brackets, a placeholder with a per cent sign, ".."."""
    return "()" in source or ".." in translation or ("%" in source and _PERCENT_CODE.search(source) is not None)


def _findings_of_signs(source: str, translation: str) -> list[Finding]:
    """The findings of checks for which a text must have numbers, signs or words that most texts lack."""
    found: list[Finding] = []
    there, here = read(source), read(translation)
    signs = there.signs | here.signs
    if there.numbers and here.numbers:
        found += unit_findings(source, translation)
        if not (UNIT_MARKS.isdisjoint(there.signs) and UNIT_MARKS.isdisjoint(there.low_set)):
            found += unit_sign_findings(source, translation)
        if not DASHES.isdisjoint(signs):
            found += sign_findings(source, translation)
        found += money_findings(source, translation)
    if not LIMITS_FR.isdisjoint(there.low_set):
        found += limit_findings(source, translation)
    if not TIMES.isdisjoint(here.low_set):
        found += time_findings(source, translation)
    if not QUANTITY_SIGNS.isdisjoint(signs):
        found += quantity_sign_findings(source, translation)
    if not ROMAN_WORDS.isdisjoint(there.low_set):
        found += roman_findings(source, translation)
    if not IMPERIAL.isdisjoint(here.low_set) and (there.numbers or "%" in signs or "}" in signs):
        found += imperial_findings(source, translation)
    if not CODE_SIGNS.isdisjoint(there.signs) or ("-" in there.signs and "--" in source):
        found += code_name_findings(source, translation)
    if not PLACEHOLDER_SIGNS.isdisjoint(signs):
        found += placeholder_findings(source, translation)
    has_code = not signs <= _SIGNS_OF_PROSE
    if has_code or _may_be_code(source, translation):
        found += sign_change_findings(source, translation)
    if has_code:
        found += odd_sign_findings(source, translation)
    if "." in signs:
        found += address_findings(source, translation)
    if not MARKUP_SIGNS.isdisjoint(signs):
        found += markup_findings(source, translation)
    if not ADDED_SIGNS.isdisjoint(here.signs):
        found += added_markup_findings(source, translation)
    found += character_findings(source, translation)
    found += case_findings(source, translation)
    found += emoji_findings(source, translation)
    if "\n" in signs:
        found += map(Finding, line_flags(source, translation))
    if "?" in signs:
        found += map(Finding, question_flags(source, translation))
    return found


_COPY: Final = frozenset((flags.FRENCH_LEFT, flags.CONTENT_MISMATCH))
_IMPLIED: Final = {
    flags.UNTRANSLATED: _COPY | {flags.PARTLY_UNTRANSLATED},
    flags.PARTLY_UNTRANSLATED: _COPY,
    flags.WRONG_LANGUAGE: _COPY,
    flags.NON_LATIN_OUTPUT: _COPY,
    flags.REFUSAL: _COPY,
}
"""Flags that say nothing more beside another."""


def token_findings(source: str, translation: str) -> tuple[Finding, ...]:
    """prompt_leak: a control token that could not be taken away, or thoughts without an end."""
    if not may_have_tokens(translation):
        return ()
    if new_tokens(translation, source) or open_thought(translation, source):
        return (finding(flags.PROMPT_LEAK, translation),)
    return ()


def length_flags(source: str, translation: str) -> tuple[str, ...]:
    """length_ratio_hard or length_ratio, by the source's length: from 100 characters on, from 20, or below.

    Runs of dots, rules and blanks count as one character where they would matter. A source in another script has no
    expected ratio.
    """
    if found := _ratio_flags(len(source), len(translation)):
        if script_language(source):
            return ()
        found = _ratio_flags(len(_RUN.sub(r"\1", source)), len(_RUN.sub(r"\1", translation)))
        if found and _says_it_all(source, translation):
            return () if found == (flags.LENGTH_RATIO,) or len(source) < MEDIUM_CHARS else (flags.LENGTH_RATIO,)
    return found


def _says_it_all(source: str, translation: str) -> bool:
    """Whether the texts' words correspond: a short translation has the source's, the source explains a long one."""
    if len(words_of(source)) < 2 or len(translation) > 4 * len(source):
        return False
    least = COVERED_ALL if len(source) >= MEDIUM_CHARS else COVERED_SHORT
    if len(translation) < len(source):
        return coverage(words_of(source), keys_of(translation)) >= least
    return explained_share(translation, explaining_keys(source)) >= least


def ending_flags(source: str, translation: str) -> tuple[str, ...]:
    """unfinished: the source ends with a sentence, and the answer, shorter than it, in the middle of one.

    A model may say that it has ended where it has not. Answers that only lack the last full stop are of full length,
    and short texts often lack it.
    """
    end = translation.rstrip()[-4:]
    if end[-1:].isalpha() and _ENDED.search(source.rstrip()[-4:]) and _ends_within_word(source, translation):
        return (flags.UNFINISHED,)
    if len(source) < MEDIUM_CHARS or len(translation) >= FINISHED_RATIO * len(source):
        return ()
    if not _ENDED.search(source.rstrip()[-4:]) or _ENDED.search(end) or not _BROKEN_OFF.search(end):
        return ()
    last = words_of(_PART_OF_WORD.sub("", source[-max(30, len(source) // 8) :]))
    covered = coverage(last, keys_of(translation))
    return (flags.UNFINISHED,) if covered < ENDING_COVERED else ()


def _ends_within_word(source: str, translation: str) -> bool:
    """Whether the last word is none: "to enable" that was cut to "to ena"."""
    reading = read(translation)
    last = reading.lows[-1] if len(reading.lows) >= _LEAST_WORDS_BEFORE_CUT else ""
    return (
        len(last) > 1
        and translation.rstrip().endswith(f" {last}")
        and last not in read(source).low_set
        and not (last in ENGLISH or is_english_word(last) or is_french(last))
    )


def _ratio_flags(source_chars: int, translation_chars: int) -> tuple[str, ...]:
    if source_chars < SHORT_CHARS:
        return (flags.LENGTH_RATIO_HARD,) if translation_chars > LONGEST_FOR_SHORT else ()
    limits = TITLE_LIMITS if source_chars < TITLE_CHARS else MEDIUM_LIMITS
    least, low, high, most = limits if source_chars < MEDIUM_CHARS else LONG_LIMITS
    ratio = translation_chars / source_chars
    if not least <= ratio <= most:
        return (flags.LENGTH_RATIO_HARD,)
    return () if low <= ratio <= high else (flags.LENGTH_RATIO,)

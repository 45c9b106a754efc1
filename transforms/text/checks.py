"""What is wrong with a translation, seen from the two texts alone: no model, no I/O.

Everything is compared with the source, never with a fixed idea of a good text. ``check`` puts the checks of
``language``, ``numbers``, ``invariants``, ``loops`` and ``chatter`` together.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from transforms.text import flags
from transforms.text.chatter import injection_flags, leak_flags, option_flags, refusal_flags
from transforms.text.gate import is_blank
from transforms.text.invariants import address_flags, line_flags, markup_flags, placeholder_flags, question_flags
from transforms.text.language import language_flags, script_language
from transforms.text.loops import repetition_flags
from transforms.text.numbers import number_flags

_RUN = re.compile(r"([^\w\s])\1{3,}|[ \t\u00a0]{2,}")

_ENDED = re.compile(r"[.!?][\s\"'»”’)\]*_]{0,3}\Z")
_BROKEN_OFF = re.compile(r"[\w,'’(«“-]\Z")

FINISHED_RATIO = 0.9
SHORT_CHARS, MEDIUM_CHARS = 20, 100
LONGEST_FOR_SHORT = 120
MEDIUM_LIMITS = (0.2, 0.4, 2.2, 4.0)
LONG_LIMITS = (0.35, 0.55, 1.5, 2.2)
"""English characters over French ones: hard below the first and above the last, soft below the second and above the
third. Measured: 0.55 to 1.11 for sentences, 0.64 to 5.7 for strings of one to three words ("RAS")."""


def check(source: str, translation: str, prompt_texts: Sequence[str] = ()) -> tuple[str, ...]:
    """The flags of one answer, hard ones first; none if nothing is wrong.

    Time is in proportion to the texts, whatever is in them.

    Args:
        source: The French text that was sent.
        translation: The answer, cleaned and stripped.
        prompt_texts: What else was sent: the system turn, the template of the user turn. Sentences of them in the
            answer are a leak.
    """
    if is_blank(translation):
        return (flags.EMPTY_OUTPUT,)
    length = length_flags(source, translation)
    return (
        *language_flags(source, translation),
        *repetition_flags(source, translation),
        *(flag for flag in length if flag in flags.HARD),
        *refusal_flags(source, translation),
        *leak_flags(source, translation, prompt_texts),
        *option_flags(source, translation),
        *(flag for flag in length if flag not in flags.HARD),
        *ending_flags(source, translation),
        *number_flags(source, translation),
        *placeholder_flags(source, translation),
        *address_flags(source, translation),
        *markup_flags(source, translation),
        *line_flags(source, translation),
        *question_flags(source, translation),
        *injection_flags(source),
    )


def length_flags(source: str, translation: str) -> tuple[str, ...]:
    """length_ratio_hard or length_ratio, by the source's length: from 100 characters on, from 20, or below.

    Runs of dots, rules and blanks count as one character where they would matter. A source in another script has no
    expected ratio.
    """
    if found := _ratio_flags(len(source), len(translation)):
        if script_language(source):
            return ()
        found = _ratio_flags(len(_RUN.sub(r"\1", source)), len(_RUN.sub(r"\1", translation)))
    return found


def ending_flags(source: str, translation: str) -> tuple[str, ...]:
    """unfinished: the source ends with a sentence, and the answer, shorter than it, in the middle of one.

    A model may say that it has ended where it has not. Answers that only lack the last full stop are of full length,
    and short texts often lack it.
    """
    if len(source) < MEDIUM_CHARS or len(translation) >= FINISHED_RATIO * len(source):
        return ()
    ended = _ENDED.search(source.rstrip()[-4:])
    return (flags.UNFINISHED,) if ended and _BROKEN_OFF.search(translation.rstrip()[-1:]) else ()


def _ratio_flags(source_chars: int, translation_chars: int) -> tuple[str, ...]:
    if source_chars < SHORT_CHARS:
        return (flags.LENGTH_RATIO_HARD,) if translation_chars > LONGEST_FOR_SHORT else ()
    least, low, high, most = MEDIUM_LIMITS if source_chars < MEDIUM_CHARS else LONG_LIMITS
    ratio = translation_chars / source_chars
    if not least <= ratio <= most:
        return (flags.LENGTH_RATIO_HARD,)
    return () if low <= ratio <= high else (flags.LENGTH_RATIO,)

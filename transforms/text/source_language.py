"""The language of a source, for deciding whether it is to be translated at all: certain, or not said."""

from __future__ import annotations

import re
from typing import Literal

from transforms.text.language import LEAST_WORDS, Evidence, evidence_of, other_language, script_language, sentences_of

Policy = Literal["pass_through", "translate", "fail"]
"""What becomes of a text that is not French."""

LEAST_LETTERS = 20
"""Identification of shorter texts is a guess, with any method."""

_LEAST_ENGLISH_SHARE = 0.25

LOOKED_AT_CHARS = 2000
PLAIN_WORDS = 3
_FRENCH_ONLY = re.compile(r"\b(?:le|les|une|du|aux|est|sont|dans|avec|pour|sur|qui|pas|nous|vous|été|était)\b")
_ENGLISH = re.compile(r"\b(?:the|and|of|is|was|with|for|are|this|has)\b", re.IGNORECASE)


def language_of(text: str) -> str | None:
    """``fr``, ``en``, ``es``, ``de``, ``it``, ``pt``, ``nl``, or the language of a script that is not Latin.

    None when it is not certain: a name, a code, an abbreviation, a telegraphic line, a mixture. English only if no
    sentence of it is French, since English texts may be passed through.

    Args:
        text: As it is in the record.
    """
    if is_plainly_french(text):
        return "fr"
    if code := script_language(text):
        return code
    if sum(map(str.isalpha, text)) < LEAST_LETTERS:
        return None
    found = [evidence_of(sentence) for sentence in sentences_of(text)]
    words = sum(each.words for each in found)
    french = sum(each.french for each in found)
    certain = sum(each.certain for each in found)
    english = sum(each.english for each in found)
    if words < LEAST_WORDS:
        return None
    if _is_english(found, words, french, english):
        return "en"
    if other := other_language(text):
        return other
    return "fr" if certain and french >= 2 and french >= 3 * english and french >= 0.15 * words else None


def is_plainly_french(text: str) -> bool:
    """Whether it is full of words that are French only, and has none of the commonest English ones: most texts are."""
    found = _FRENCH_ONLY.findall(text, 0, LOOKED_AT_CHARS)
    return len(found) >= PLAIN_WORDS and len(set(found)) > 1 and _ENGLISH.search(text) is None


def _is_english(found: list[Evidence], words: int, french: int, english: int) -> bool:
    if english < 3 or english < _LEAST_ENGLISH_SHARE * words or english < 4 * french:
        return False
    return not any(each.is_french or each.french > each.english for each in found)

"""The language of a source text, to decide whether it needs translation: by word lists, or with lingua."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.util import find_spec
from typing import Literal

from transforms.errors import UsageError
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


Langid = Literal["words", "lingua"]

LANGUAGES = ("FRENCH", "ENGLISH", "SPANISH", "GERMAN", "ITALIAN", "PORTUGUESE", "DUTCH")
"""All 75 languages of lingua would take 1.3 GB."""

LEAST_CONFIDENCE = 0.6
"""With it none of the 640 French texts of the clean corpus is taken for another language, and nine in ten of its
English texts of 20 letters and more are found."""


def language_detector(kind: Langid) -> Callable[[str], str | None]:
    """A function from a text to its language, as ``language_of`` is.

    Args:
        kind: ``words`` for ``language_of`` itself; ``lingua`` for the library, which needs the extra ``langid``, some
            200 MB and 0.3 ms for texts that are not plainly French.

    Raises:
        UsageError: If lingua is not installed.
    """
    if kind == "words":
        return language_of
    check_installed(kind)
    from lingua import Language, LanguageDetectorBuilder

    detector = LanguageDetectorBuilder.from_languages(*(getattr(Language, name) for name in LANGUAGES)).build()

    def detect(text: str) -> str | None:
        if is_plainly_french(text):
            return "fr"
        if code := script_language(text):
            return code
        text = text[:LOOKED_AT_CHARS]
        if sum(map(str.isalpha, text)) < LEAST_LETTERS:
            return None
        likeliest = detector.compute_language_confidence_values(text)[0]
        if likeliest.value < LEAST_CONFIDENCE:
            return None
        found: str = likeliest.language.iso_code_639_1.name.lower()
        # A text that is not French may be passed through: so not a sentence of it may be.
        return None if found != "fr" and any(evidence_of(each).is_french for each in sentences_of(text)) else found

    return detect


def check_installed(kind: Langid) -> None:
    """Raises UsageError if the library that ``kind`` needs is not installed."""
    if kind == "lingua" and find_spec("lingua") is None:
        raise UsageError(
            "--langid lingua needs the package lingua: pip install 'beam-ollama-translate[langid]', or pip install "
            "lingua-language-detector"
        )

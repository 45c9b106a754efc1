"""How the language of a source is found: by words alone, or with lingua, which also knows short texts."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Literal

from transforms.errors import UsageError
from transforms.text.language import evidence_of, script_language, sentences_of
from transforms.text.source_language import LEAST_LETTERS, LOOKED_AT_CHARS, is_plainly_french, language_of

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

"""Identify the language of a source text, by word lists or with lingua, to decide whether it needs translation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Final, Literal

from transforms.errors import UsageError
from transforms.text.words.language import LEAST_WORDS, Evidence, evidence_of, script_language
from transforms.text.words.language_words import ENGLISH
from transforms.text.words.other_languages import other_language, words_of
from transforms.text.words.reading import read
from transforms.text.words.sentences import sentences_of

Policy = Literal["pass_through", "translate", "fail"]
"""How to handle texts that are not French."""

MIN_LETTERS = 20
"""For shorter texts, any method of identification only guesses."""

LEAST_ENGLISH = 3
_MIN_ENGLISH_SHARE = 0.25

EXAMINED_CHARS = 2000
PLAIN_WORDS = 3
_LATIN: Final = "latin-1"
_FRENCH_ONLY: Final = frozenset(
    "le les une du aux est sont dans avec pour sur qui pas nous vous été était".encode(_LATIN).split()
)
_ENGLISH: Final = frozenset(b"the and of is was with for are this has".split())
_WORD_CHARACTERS: Final = bytes(byte if chr(byte).isalnum() or byte == ord("_") else ord(" ") for byte in range(256))
_ENGLISH_STARTS: Final = frozenset(word.rstrip("'") for word in ENGLISH)


def language_of(text: str) -> str | None:
    """Return the language of a text: a Latin-script code or the main language of another script; None if uncertain.

    The Latin-script codes are ``fr``, ``en``, ``es``, ``de``, ``it``, ``pt`` and ``nl``. Names, codes, abbreviations,
    telegraphic lines and mixed texts are uncertain. Since English texts may be passed through, a text is only English
    if none of its sentences is French.

    Args:
        text: The text as it is in the record.
    """
    if is_plainly_french(text):
        return "fr"
    if code := script_language(text):
        return code
    if sum(map(str.isalpha, text)) < MIN_LETTERS:
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


def foreign_language(text: str) -> str | None:
    """Return the language of a text if it is certainly not French, as ``language_of`` has it; else None.

    Most texts of uncertain language have no three English words, and no four of another language: for them, nothing
    else is looked at.
    """
    if is_plainly_french(text):
        return None
    if not script_language(text) and _english_words(text) < LEAST_ENGLISH and other_language(text) is None:
        return None
    code = language_of(text)
    return None if code == "fr" else code


def foreign_languages(texts: Sequence[str]) -> list[str | None]:
    """Return the ``foreign_language`` of each text."""
    return list(map(foreign_language, texts))


def _english_words(text: str) -> int:
    """How many there are; 0 for fewer than ``LEAST_ENGLISH``, which costs less."""
    if sum(map(_ENGLISH_STARTS.__contains__, read(text).lows)) < LEAST_ENGLISH:
        return 0
    return sum(map(ENGLISH.__contains__, words_of(text.lower())))


def is_plainly_french(text: str) -> bool:
    """Return whether the text has many exclusively French words and no common English ones, as most texts do."""
    found = [word for word in _words(text[:EXAMINED_CHARS]) if word in _FRENCH_ONLY]
    return len(found) >= PLAIN_WORDS and len(set(found)) > 1 and _ENGLISH.isdisjoint(_words(text.lower()))


def _words(text: str) -> list[bytes]:
    """The words with their digits. Bytes are translated and split in a fraction of the time that a pattern takes."""
    return text.encode(_LATIN, "replace").translate(_WORD_CHARACTERS).split()


def _is_english(found: list[Evidence], words: int, french: int, english: int) -> bool:
    if english < LEAST_ENGLISH or english < _MIN_ENGLISH_SHARE * words or english < 4 * french:
        return False
    return not any(each.is_french or each.french > each.english for each in found)


Langid = Literal["words", "lingua"]

LANGUAGES = ("FRENCH", "ENGLISH", "SPANISH", "GERMAN", "ITALIAN", "PORTUGUESE", "DUTCH")
"""The languages given to lingua; all 75 would take 1.3 GB."""

MIN_CONFIDENCE = 0.6
"""With this value, all 640 French texts of the clean corpus are recognised as French or remain uncertain, and 90% of
its English texts of 20 letters or more are found."""


def language_detector(kind: Langid) -> Callable[[str], str | None]:
    """Return a function from a text to its language, as of ``language_of``; French ones may be uncertain, too.

    Args:
        kind: ``words`` for ``foreign_language``, or ``lingua`` for the library. Lingua needs the extra ``langid`` and
            some 200 MB, and takes 0.3 ms for a text that is not plainly French.

    Raises:
        UsageError: lingua is not installed.
    """
    if kind == "words":
        return foreign_language
    check_installed(kind)
    from lingua import Language, LanguageDetectorBuilder

    detector = LanguageDetectorBuilder.from_languages(*(getattr(Language, name) for name in LANGUAGES)).build()

    def detect(text: str) -> str | None:
        if is_plainly_french(text):
            return "fr"
        if code := script_language(text):
            return code
        text = text[:EXAMINED_CHARS]
        if sum(map(str.isalpha, text)) < MIN_LETTERS:
            return None
        likeliest = detector.compute_language_confidence_values(text)[0]
        if likeliest.value < MIN_CONFIDENCE:
            return None
        found: str = likeliest.language.iso_code_639_1.name.lower()
        # Texts in other languages may be passed through, so a single French sentence makes the language uncertain.
        return None if found != "fr" and any(evidence_of(each).is_french for each in sentences_of(text)) else found

    return detect


def check_installed(kind: Langid) -> None:
    """Raise UsageError if the library that ``kind`` needs is not installed."""
    if kind == "lingua" and find_spec("lingua") is None:
        raise UsageError(
            "--langid lingua needs the package lingua: pip install 'beam-ollama-translate[langid]', or pip install "
            "lingua-language-detector"
        )

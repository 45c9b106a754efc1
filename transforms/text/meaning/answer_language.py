"""Whether an answer is English: all of it, and in letters that the source explains.

Looked at sentence by sentence, as one French sentence of six hardly changes what the whole looks like.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from transforms.text import flags
from transforms.text.findings import Finding, finding
from transforms.text.words.code import without_code
from transforms.text.words.language import FRENCH_LETTERS, LEAST_WORDS, Evidence, evidence_of, is_french
from transforms.text.words.language_words import ENGLISH, FRENCH, NAME_PARTICLES
from transforms.text.words.lexicon import is_only_french
from transforms.text.words.other_languages import CODE, is_foreign, is_other_than_english, words_of
from transforms.text.words.reading import Reading, is_list, read
from transforms.text.words.sentences import QUOTE_MARKS, sentences_of

LEAST_STOP_WORDS = 2
FEWEST_WORDS = 3
"""Of an answer whose language shows."""

_GREEK = re.compile("[\u0370-\u03ff]")
_OTHER_SCRIPT = re.compile("[\u0400-\u1cff\u3040-\u318f\u31f0-\u31ff\u3400-\ua63f\uac00-\ud7af\U00020000-\U000323af]")
_MOST_OTHER_LETTERS = 0.05


def non_latin(source: str, translation: str) -> bool:
    """Whether the answer has letters of another script that the source doesn't explain.

    One Chinese or Cyrillic letter is enough if the source has none: models slip single words in. Greek letters are
    units and symbols up to one in twenty. A source with such letters explains twice its share.
    """
    if translation.isascii():
        return False
    signs = "".join(read(translation).signs)
    if not _GREEK.search(signs) and not _OTHER_SCRIPT.search(signs):
        return False
    foreign = len(_OTHER_SCRIPT.findall(translation))
    if not foreign:
        return len(_GREEK.findall(translation)) > _allowed(source, _GREEK) * sum(map(str.isalpha, translation))
    if not _OTHER_SCRIPT.search(source):
        return True
    return foreign > _allowed(source, _OTHER_SCRIPT) * sum(map(str.isalpha, translation))


def _allowed(source: str, script: re.Pattern[str]) -> float:
    letters = sum(map(str.isalpha, source)) or 1
    return 2 * len(script.findall(source)) / letters + _MOST_OTHER_LETTERS


def language_findings(source: str, translation: str) -> tuple[Finding, ...]:
    """What is wrong with the answer's language: at most one of untranslated, wrong_language, non_latin_output and
    partly_untranslated.
    """
    if non_latin(source, translation):
        return (Finding(flags.NON_LATIN_OUTPUT),)
    reading = read(translation)
    plain = _has_no_french(reading)
    if len(reading.lows) < FEWEST_WORDS or (plain and _has_english(reading)) or is_list(reading):
        return ()
    passages = not _PASSAGES.isdisjoint(reading.signs)
    if plain and not passages and not _may_hold_french(reading):  # then no sentence does
        return _other_language_findings(source, translation)
    sentences = sentences_of(translation)
    if plain and passages and _is_plain_english(" ".join(sentences)):
        return ()
    words, english, doubtful = _doubtful(sentences)
    french = sum(each.french for _, each in doubtful)
    if passages and not french and not plain and _is_plain_english(" ".join(sentences)):
        return ()
    if english < 0.25 * words or french > english:
        mixed = any(each.english > each.french and each.words > 1 for each in map(evidence_of, sentences))
        if not mixed and _may_hold_french(reading) and is_french(source) and _is_copy_of_prose(source, translation):
            return (Finding(flags.UNTRANSLATED),)
        if other := _other_language_findings(source, translation):
            return other
    left = [
        sentence
        for sentence, each in doubtful
        if each.is_french and (_is_left(sentence, source) or (each.run and _has_french_words(sentence)))
    ]
    if not left:
        copied = _copied_sentence(source, doubtful)
        return (finding(flags.PARTLY_UNTRANSLATED, copied),) if copied else ()
    found = [each for each in map(evidence_of, sentences) if each.words > 1]
    whole = all(each.is_french or each.french > each.english for each in found)
    if whole and english < 0.1 * words:
        return (Finding(flags.UNTRANSLATED if is_copy(source, translation) else flags.WRONG_LANGUAGE),)
    return (finding(flags.PARTLY_UNTRANSLATED, left[0]),)


def _doubtful(sentences: Iterable[str]) -> tuple[int, int, list[tuple[str, Evidence]]]:
    """The words of some sentences, the English ones among them, and the evidence of those that may have French words.

    Most sentences have none, and need only be counted.
    """
    words = english = 0
    doubtful = []
    for sentence in sentences:
        lows = words_of(sentence.lower())
        if sentence.isascii() and FRENCH.isdisjoint(lows):
            words += len(lows)
            english += sum(map(ENGLISH.__contains__, lows))
        else:
            each = evidence_of(sentence)
            words, english = words + each.words, english + each.english
            doubtful.append((sentence, each))
    return words, english, doubtful


def _other_language_findings(source: str, translation: str) -> tuple[Finding, ...]:
    """wrong_language for an answer in neither language, unless the source is in neither, too."""
    if is_other_than_english(translation, source) and not (is_foreign(source) and not is_french(source)):
        return (Finding(flags.WRONG_LANGUAGE),)
    return ()


_PASSAGES: Final = frozenset(f"{QUOTE_MARKS}/@\\")
_ELIDED: Final = frozenset("l d n j s c qu jusqu aujourd".split())
_ELISION = re.compile(
    r"(?i)['’](?=[^\W\d_])(?:" + "|".join(rf"(?<=(?<![^\W\d_]){word}.)" for word in sorted(_ELIDED)) + ")"
)
"""Looked for from the apostrophe on, which is far faster to find than the words before it."""


def _has_no_french(reading: Reading) -> bool:
    """Whether no word is a French stop word, or in lower case with French accents."""
    words = reading.low_set
    elided = _has_apostrophe(reading) and not _ELIDED.isdisjoint(words) and _ELISION.search(reading.text)
    if elided or not FRENCH.isdisjoint(words):
        return False
    return reading.letters.isascii() or not any(
        word.islower() and FRENCH_LETTERS.search(word) for word in reading.words if not word.isascii()
    )


def _has_english(reading: Reading) -> bool:
    """Whether a quarter of the words and more are English stop words."""
    lows = reading.lows
    enough = 0.25 * len(lows)
    # There are at least as many English words as different ones, which are counted faster.
    return len(ENGLISH & reading.low_set) >= enough > 0 or sum(map(ENGLISH.__contains__, lows)) >= enough > 0


def _is_plain_english(text: str) -> bool:
    reading = read(text)
    return _has_no_french(reading) and _has_english(reading)


def _has_apostrophe(reading: Reading) -> bool:
    return "'" in reading.signs or "’" in reading.signs


def _has_french_words(text: str) -> bool:
    """Whether a word can only be French, or two that are not in names may be."""
    words = words_of(text)
    if any(is_only_french(word.lower()) for word in words):
        return True
    return sum(word in FRENCH and word not in NAME_PARTICLES for word in words) >= LEAST_STOP_WORDS


def _may_hold_french(reading: Reading) -> bool:
    """Whether ``_has_french_words`` may be true of the text, or of a part of it."""
    words = reading.low_set
    return _has_apostrophe(reading) or not FRENCH.isdisjoint(words) or any(map(is_only_french, words))


def _is_copy_of_prose(source: str, translation: str) -> bool:
    """Whether the answer is the source again, but for what may stay: tags, code, quotations and addresses."""
    there, here = (without_code(" ".join(sentences_of(text)), CODE) for text in (source, translation))
    return _has_french_words(here) and is_copy(there, here)


def _is_left(sentence: str, source: str) -> bool:
    """Whether a sentence that looks French holds French in lower case: a capitalised name and its particles do not."""
    words = words_of(sentence)
    lower = [word for word in words if word.islower() and word not in NAME_PARTICLES]
    if not any(map(str.islower, sentence)):
        return any(is_only_french(word.lower()) for word in words)
    french = sum(is_only_french(word) or word in FRENCH for word in lower)
    english = sum(word in ENGLISH for word in lower)
    return (french >= 2 and french > english) or (french >= 1 and not english and sentence.strip() in source)


def _copied_sentence(source: str, found: Iterable[tuple[str, Evidence]]) -> str:
    """A telegraphic French sentence that was copied: hardly a stop word, but in lower case, and not English."""
    for sentence, each in found:
        if (
            each.words >= LEAST_WORDS
            and each.french > each.english
            and each.lower >= 0.6 * each.words
            and sentence.strip() in source
            and _has_french_words(sentence)
        ):
            return sentence
    return ""


def is_copy(source: str, translation: str) -> bool:
    """Whether the answer is the source again: four fifths of its runs of four letters and digits are the source's."""
    here, there = (re.sub(r"\W+", "", text.casefold()) for text in (source, translation))
    if here == there:
        return True
    grams = {there[i : i + 4] for i in range(len(there) - 3)}
    if not grams or not 0.5 < len(there) / max(1, len(here)) < 2:
        return False
    return len(grams & {here[i : i + 4] for i in range(len(here) - 3)}) > 0.8 * len(grams)

"""Which language a text is written in, by its stop words and its script: no model, no dependency.

Looked at sentence by sentence: with one sentence of six left in French, language identification of the whole document
finds 0.5 to 16 % of cases, stop words and accents of each sentence all of them (200 trials). Words that French and
English share ("on", "or", "as", "plus", "car") are evidence of neither.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from transforms.text import flags
from transforms.text.code import without_code
from transforms.text.findings import Finding, finding
from transforms.text.language_words import ENGLISH, FRENCH, NAME_PARTICLES
from transforms.text.lexicon import is_only_french
from transforms.text.other_languages import CODE, is_foreign, is_other_than_english, words_of
from transforms.text.reading import Reading, is_list, read
from transforms.text.sentences import QUOTE_MARKS, sentences_of, split, without_addresses

LEAST_WORDS = 4
"""Shorter sentences are not judged: they are names, codes and headings more often than not."""

LEAST_STOP_WORDS = 2
FEWEST_WORDS = 3
"""Of an answer whose language shows."""

LEAST_ACCENTED = 3
"""Accented words that can't be French ones in an English sentence: crème brûlée."""

RUN_WORDS, RUN_FRENCH = 9, 5
"""A passage of so many words without an English one, so many of them French, is no name."""


_SCRIPTS: Final = (
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("zh", re.compile("[\u3400-\u9fff]")),
    ("ko", re.compile("[\u1100-\u11ff\uac00-\ud7af]")),
    ("ru", re.compile("[\u0400-\u052f]")),
    ("ar", re.compile("[\u0600-\u06ff]")),
    ("el", re.compile("[\u0370-\u03ff]")),
    ("he", re.compile("[\u0590-\u05ff]")),
    ("th", re.compile("[\u0e00-\u0e7f]")),
    ("hi", re.compile("[\u0900-\u097f]")),
)
_GREEK = re.compile("[\u0370-\u03ff]")
_OTHER_SCRIPT = re.compile("[\u0400-\u1cff\u3040-\u318f\u31f0-\u31ff\u3400-\ua63f\uac00-\ud7af\U00020000-\U000323af]")
_ANY_SCRIPT = re.compile("|".join(script.pattern for _, script in _SCRIPTS))
_MOST_OTHER_LETTERS = 0.05

_ACCENTED: Final = frozenset("àâæçéèêëîïôœùûÿ")
_FRENCH_LETTERS = re.compile(f"[{''.join(sorted(_ACCENTED))}]")


class Evidence(NamedTuple):
    """What the words of a sentence say.

    Attributes:
        words: How many there are.
        french: Words that are French and not English: stop words, and words in lower case with French accents.
        certain: Those of them that don't stand in names.
        english: Words that are English and not French.
        lower: Words in lower case.
        run: Whether there is a French passage with not one English word in it.
    """

    words: int
    french: int
    certain: int
    english: int
    lower: int
    run: bool

    @property
    def is_french(self) -> bool:
        """French words outweigh English ones, or are too many for names in an English sentence."""
        if self.run:
            return True
        if self.words < LEAST_WORDS or self.french < 2 or not self.certain:
            return False
        return self.french > 1.5 * self.english or (self.certain >= 2 and self.french >= 4)


def evidence_of(sentence: str) -> Evidence:
    """The evidence of one sentence."""
    words = words_of(sentence)
    if sentence.isascii():
        lows = [word.lower() for word in words]
        if FRENCH.isdisjoint(lows):
            in_lower_case = sum(map(str.islower, words))
            return Evidence(len(words), 0, 0, sum(map(ENGLISH.__contains__, lows)), in_lower_case, run=False)
    french = certain = english = accented = lower = 0
    start = start_lower = start_french = 0
    run = False
    for number, word in enumerate(words):
        low = word.lower()
        lower += word == low
        if low in ENGLISH:
            english += 1
            run = run or _is_run(number - start, french - start_french, lower - start_lower)
            start, start_french, start_lower = number + 1, french, lower
        elif low in FRENCH:
            french += 1
            certain += low not in NAME_PARTICLES and (word == low or french == 1)
        elif word == low and not low.isascii() and _FRENCH_LETTERS.search(low):
            french += 1
            # English has accents too: crème brûlée, café.
            accented += 1
            certain += accented >= LEAST_ACCENTED
    if not lower:  # all in capitals
        certain = french
    run = run or _is_run(len(words) - start, french - start_french, lower - start_lower)
    return Evidence(len(words), french, certain, english, lower, run)


def _is_run(words: int, french: int, lower: int) -> bool:
    """Longer than names are, and not in capitals as they are."""
    return words >= RUN_WORDS and french >= RUN_FRENCH and lower >= 0.6 * words


def is_french(text: str) -> bool:
    """Whether a whole text is French prose, even a short or telegraphic one; names and addresses are not."""
    if "/" in text or "@" in text or "\\" in text or "www." in text:
        text = without_addresses(text)
    found = [evidence_of(sentence) for sentence in split(text)]
    words, lower = sum(each.words for each in found), sum(each.lower for each in found)
    french, english = sum(each.french for each in found), sum(each.english for each in found)
    certain = sum(each.certain for each in found)
    shouted = not any(map(str.islower, text))
    prose = certain >= 1 or (french >= 1 and lower >= 0.65 * words)
    return words >= LEAST_WORDS and french > english and prose and (shouted or lower >= 0.4 * words)


def script_language(text: str) -> str | None:
    """The usual language of the script that most letters of ``text`` have, None for Latin letters and none."""
    if text.isascii() or not _ANY_SCRIPT.search("".join(read(text).signs)):
        return None
    letters = sum(map(str.isalpha, text))
    counts = {code: len(script.findall(text)) for code, script in _SCRIPTS}
    if counts["ja"] and counts["zh"] and counts["ja"] * 10 >= counts["zh"]:
        counts["ja"] += counts.pop("zh")
    code, count = max(counts.items(), key=lambda item: item[1])
    return code if count * 2 > letters else None


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
        word.islower() and _FRENCH_LETTERS.search(word) for word in reading.words if not word.isascii()
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

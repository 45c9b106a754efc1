"""Which language a text is written in, by its stop words and its script: no model, no dependency.

Looked at sentence by sentence: with one sentence of six left in French, language identification of the whole document
finds 0.5 to 16 % of cases, stop words and accents of each sentence all of them (200 trials). Words that French and
English share ("on", "or", "as", "plus", "car") are evidence of neither.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from transforms.text.words.language_words import ENGLISH, FRENCH, NAME_PARTICLES
from transforms.text.words.other_languages import words_of
from transforms.text.words.reading import read
from transforms.text.words.sentences import split, without_addresses

LEAST_WORDS = 4
"""Shorter sentences are not judged: they are names, codes and headings more often than not."""

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
_ANY_SCRIPT = re.compile("|".join(script.pattern for _, script in _SCRIPTS))

_ACCENTED: Final = frozenset("àâæçéèêëîïôœùûÿ")
FRENCH_LETTERS = re.compile(f"[{''.join(sorted(_ACCENTED))}]")


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
        elif word == low and not low.isascii() and FRENCH_LETTERS.search(low):
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

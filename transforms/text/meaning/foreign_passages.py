"""A sentence or paragraph in a third language within an English answer."""

from __future__ import annotations

from typing import Final

from transforms.text import flags
from transforms.text.findings import Finding, finding
from transforms.text.words.english import unknown, unlisted
from transforms.text.words.language_words import ENGLISH
from transforms.text.words.other_languages import is_foreign, is_other_than_english
from transforms.text.words.reading import is_list, letter_words, read
from transforms.text.words.sentences import sentences_of

LEAST_UNKNOWN, LEAST_IN_SENTENCE, LEAST_WORDS = 4, 3, 6
LEAST_UNKNOWN_SHARE: Final = 0.06
"""Of all different words: with fewer, one sentence of many may be foreign, but it is not looked for."""
LEAST_UNLISTED_SHARE: Final = 0.15
"""Of all different words, inflected ones included: seldom so many in English."""
MOST_ENGLISH: Final = 0.1


def foreign_passage_findings(source: str, translation: str) -> tuple[Finding, ...]:
    """content_mismatch: a sentence of six words and more that is neither English nor a part of the source."""
    here = read(translation)
    least = max(LEAST_UNKNOWN, LEAST_UNKNOWN_SHARE * len(here.low_set))
    strange = unknown(here.low_set, least)
    if len(strange) < least:
        return ()
    there = read(source)
    strange -= there.low_set
    if len(strange) < least or is_list(here):
        return ()
    if len(unlisted(here.low_set - there.low_set)) < LEAST_UNLISTED_SHARE * len(here.low_set):
        return ()
    for sentence in sentences_of(translation):
        words = [word for word in letter_words(sentence) if word.islower()]
        if len(words) < LEAST_WORDS or len(strange.intersection(words)) < LEAST_IN_SENTENCE:
            continue
        english = sum(word in ENGLISH for word in words)
        if english <= MOST_ENGLISH * len(words) and is_other_than_english(sentence, source) and not is_foreign(source):
            return (finding(flags.CONTENT_MISMATCH, sentence),)
    return ()

"""Sentences in which a model speaks of its task or to its user, in whatever words: refusals, preambles, notes.

A sentence is talk if it has a word of the task (translate, text, original, …) with one of speaking (I, you, here, note,
kept, …), or a courtesy, and the source does not explain it: its words translate nothing there. A letter that
refuses is translated by a refusal, and a manual on texts by sentences on texts.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from transforms.text.words.alignment import english_keys, words_of
from transforms.text.words.reading import letter_words, read
from transforms.text.words.word_sets import word_set

_TASK: Final = word_set(
    """translat untransla render wording original english french meaning literal idiomatic terminology prompt guideline
    passage sentence tone nuance context accura faithful text language acronym abbreviation placeholder formatting
    excerpt snippet spelling phrase expression instruction traduction traduire anglais français"""
)
"""How words of the task begin."""
TASK_LETTERS: Final = 6
TASK_STARTS: Final = frozenset(start[:TASK_LETTERS] for start in _TASK)

SPEECH: Final = word_set(
    """i i'm i've i'll i'd me my myself we we've we'll we're you your you'd you'll please let let's here here's sure
    certainly course okay ok absolutely sorry apologies apologize apologise apology unfortunately regret afraid hope
    happy glad pleased note notes nb remark remarks comment comments explanation explanations explained disclaimer
    clarification caveat following keep kept preserve preserved preserving left retain retained retaining adapted
    adjusted changed maintain maintained maintaining chose chosen used assist help helps helpful provide provided
    provides providing user unable cannot can't won't decline refuse refrain comply proceed understood alright right
    got well done seems seem appears appear refers means stands may might could would should translator translator's
    final below above voici je j'ai remarque"""
)
"""Words of one who speaks to somebody of what he has done."""

_SPEECH_STARTS: Final = frozenset(word.partition("'")[0] for word in SPEECH)

_OF_ONESELF: Final = word_set("i my me")
_ANNOUNCING: Final = word_set("below follows following here attempt version rendering try best closest")
"""A model that announces its translation uses words of both."""

_COURTESIES: Final = (
    *(" let me know", " feel free", " hope this ", " hope that ", " hope it ", " anything else ", " any questions"),
    *(
        " any other questions",
        " any further questions",
        " any more questions",
        " here to help",
        " able to help",
        " like to help",
        " to assist ",
        " hesitate ",
    ),
    *(" here you go", " here it is", " here we go", " there you go", " there you have", " no problem ", " sure thing"),
    *(
        " my pleasure",
        " you're welcome",
        " you are welcome",
        " can i help",
        " can i assist",
        " may i help",
        " as an ai ",
    ),
    *(
        " as a language model",
        " as a large language",
        " as an assistant",
        " an ai ",
        " language model",
        " end of translation",
    ),
    *(
        " end of the translation",
        " need anything",
        " need further",
        " good luck ",
        " have a great day",
        " have a nice day",
    ),
    *(
        " have a good day",
        " understood ",
        " certainly ",
        " of course ",
        " absolutely ",
        " okay ",
        " alright ",
        " got it ",
    ),
    *(
        " great question",
        " with pleasure",
        " i'd be happy",
        " i would be happy",
        " be happy to ",
        " be glad to ",
        " sure ",
    ),
    *(" great ", " thank you for ", " thanks for ", " happy to "),
    *(" sorry about ", " sorry for ", " i apologize ", " i apologise ", " apologies for ", " disclaimer i "),
)
"""What is said to a user, whatever the task, between blanks."""
_LETTERS = re.compile(r"[^\W\d_]+")


def _words_of_courtesies() -> dict[str, list[tuple[str, frozenset[str]]]]:
    """The courtesies by a long word of theirs, each with all its words but a last one that may be longer."""
    by_word: dict[str, list[tuple[str, frozenset[str]]]] = {}
    for courtesy in _COURTESIES:
        words = courtesy.split()
        longest = max(words, key=len)
        certain = words if courtesy.endswith(" ") else words[:-1]
        by_word.setdefault(longest, []).append((courtesy, frozenset(_LETTERS.findall(" ".join([longest, *certain])))))
    return by_word


_COURTESIES_BY_WORD: Final = _words_of_courtesies()
_COURTESY_WORDS: Final = frozenset(_COURTESIES_BY_WORD)

TASK_WORDS: Final = word_set(
    """translate translated translating translation translations translator rendering wording original english french
    literal literally meaning text passage sentence language instruction instructions prompt explanation explanations"""
)

SEVERAL = re.compile(r"(?i)\b(?:translations|options|versions|ways|alternatives|possibilities)\b")
"""They announce more than one: nothing to strip, something to flag."""

_DENSE, _DENSE_SHARE = 2, 3
"""Two words of the task among six speak of it, whoever speaks: "Translated from French"."""
MOST_EXPLAINED: Final = 0.34
_WORD = re.compile(r"[^\W\d_]{3,}")
_SPOKEN = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
PLAIN_WORDS: Final = word_set(
    """the of and to in is was that it for with at by from this which been have has had not be are were a an as on or
    if so there any all but its than then also just only very more most such these those"""
)


def is_talk(sentence: str, explaining: frozenset[str]) -> bool:
    """Whether a sentence of the answer is a model's own: see the module.

    Args:
        sentence: Of the answer.
        explaining: ``explaining_keys`` of the source.
    """
    return speaks(sentence) and explained_share(sentence, explaining) < MOST_EXPLAINED


def speaks(sentence: str) -> bool:
    """The same without regard to the source: cheap, and nearly always no."""
    words = _spoken_words(sentence)
    if not SPEECH.isdisjoint(words):
        if not TASK_STARTS.isdisjoint([word[:6] for word in words]):
            return True
    elif len(about := TASK_WORDS.intersection(words)) >= _DENSE and len(about) * _DENSE_SHARE >= len(words):
        return True
    if not (said := _COURTESY_WORDS.intersection(words)):
        return False
    joined = f" {' '.join(words)} "
    return any(courtesy in joined for word in said for courtesy, _ in _COURTESIES_BY_WORD[word])


@lru_cache(maxsize=8)
def may_speak(text: str) -> bool:
    """Whether a part of ``text`` may speak: its words are known, so this is far cheaper than to look at the parts."""
    words = read(text).low_set
    said = _COURTESY_WORDS & words
    if said and any(needed <= words for word in said for _, needed in _COURTESIES_BY_WORD[word]):
        return True
    if not _OF_ONESELF.isdisjoint(words) and not _ANNOUNCING.isdisjoint(words):
        return True
    if not _SPEECH_STARTS.isdisjoint(words):
        return not TASK_STARTS.isdisjoint([word[:6] for word in words])
    return len(TASK_WORDS & words) >= _DENSE


def speaks_apart(paragraph: str) -> bool:
    """The same of a paragraph of its own or a passage in brackets, which needs no word of the task."""
    words = _spoken_words(paragraph)
    return len(SPEECH.intersection(words)) >= 2 or speaks(paragraph)


def _spoken_words(text: str) -> list[str]:
    """The words in lower case, with the apostrophes in them."""
    low = text.replace("’", "'").lower()
    return _SPOKEN.findall(low) if "'" in low else letter_words(low)


def explained_share(sentence: str, explaining: frozenset[str]) -> float:
    """Which share of the sentence's words, but for the plainest, the source's words explain."""
    words = [word for word in _WORD.findall(sentence) if word.lower() not in PLAIN_WORDS]
    known = sum(not english_keys(word).isdisjoint(explaining) for word in words)
    return known / len(words) if words else 0.0


@lru_cache(maxsize=64)
def explaining_keys(source: str) -> frozenset[str]:
    """What the words of an answer are explained by: the keys of the source's words, function words too."""
    keys: set[str] = set()
    for word in words_of(source):
        keys |= word.keys
    low = source.lower()
    for french, english in _SPEAKERS:
        if french.search(low):
            keys.update(key for each in english.split() for key in english_keys(each))
    return frozenset(keys)


_SPEAKERS: Final = tuple(
    (re.compile(french), english)
    for french, english in (
        (r"j(?<=\bj)(?:e\b|['’])", "i've i'm"),
        (r"v(?<=\bv)(?:ous\b|otre|os\b)|t(?<=\bt)u\b|ez\b", "you your yours please"),
        (r"v(?<=\bv)oi(?:ci|là)\b|c(?<=\bc)i-(?:dessous|joint|après)", "here below attached"),
        (r"n(?<=\bn)(?:ous\b|otre|os\b)|o(?<=\bo)n\b", "our ours"),
    )
)

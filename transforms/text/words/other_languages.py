"""Which texts in Latin letters are neither French nor English, by stop words and known words."""

from __future__ import annotations

import re
from typing import Final

from transforms.text.words.code import Code, without_code
from transforms.text.words.english import is_english_word
from transforms.text.words.language_words import ENGLISH, FRENCH, OTHERS
from transforms.text.words.lexicon import is_english, is_known, is_only_french
from transforms.text.words.reading import letter_words, read
from transforms.text.words.word_sets import without_accents

_WORD = re.compile("[^\\W\\d_]+(?:['’](?=[^\\W\\d_]))?")
CODE: Final = Code(
    re.compile(
        r"``[^`\n]{1,200}``|`[^`\n]{1,200}`|(?<![\w.])[\w.]{0,60}[_.\\/:=][\w.:/\\]*\w|(?<!\S)\S{0,60}\d\S*|%\S+|(?<!-)--?\w[\w-]*"
        r"|&#?\w{1,30};|<[^<>\n]{1,200}>|\{[^{}\n]{0,80}\}"
    ),
    sign=re.compile(r"[\d_\\/=%&-]|[.:]\S"),
)
_HOT_KEY = re.compile(r"\(([A-Za-z])\)(?=[a-z])|(?<!\w)([A-Za-z])\)(?=[a-z])|&(?=[A-Za-z])(?!\w{1,30};)")
"""The letter of a menu's word: (e)ncrypt, O)ther, Ena&ble."""


def words_of(text: str) -> list[str]:
    """The words as they are written; an elided one ends with its apostrophe, which is a straight one."""
    if "’" in text:
        return [word.replace("’", "'") for word in _WORD.findall(text)]
    return _WORD.findall(text) if "'" in text else letter_words(text)


_LEAST_OTHER, _LEAST_DIFFERENT = 4, 3
_STOP_WORDS: Final = frozenset().union(*OTHERS.values())


def other_language(text: str) -> str | None:
    """Spanish, German, Italian, Portuguese or Dutch: es, de, it, pt, nl; None if it is none of them for certain.

    Needs four stop words, three different ones, a quarter of all words, twice as many as there are of English and
    French, and more than of any other of them.
    """
    different = read(text).low_set
    if all(len(different & stop) < _LEAST_DIFFERENT for stop in OTHERS.values()):
        return None
    words = words_of(text.lower())
    scores = sorted(((sum(map(stop.__contains__, words)), code) for code, stop in OTHERS.items()), reverse=True)
    (best, code), (second, _) = scores[:2]
    if (
        best < _LEAST_OTHER
        or best < 0.25 * len(words)
        or best == second
        or len(OTHERS[code].intersection(words)) < _LEAST_DIFFERENT
    ):
        return None
    known = max(sum(word in ENGLISH for word in words), sum(word in FRENCH for word in words))
    return code if best >= 2 * known or (best > known and best >= second + 3) else None


FOREIGN_WORDS = 5
"""With fewer words in lower case, another language of a source is a guess."""

MOST_ENGLISH: Final = ((3, 0.0), (4, 0.25), (8, 0.34))
"""Up to so many words, at most this share of an answer in another language is English by chance; of longer ones less
than ``MOST_ENGLISH_LONG``. Measured on menus, messages and manuals in 15 languages."""
MOST_ENGLISH_LONG: Final = 0.41
MOST_KEPT: Final = 0.5
"""An answer that has more of its words in common with the source has kept terms and abbreviations."""


def hardly_english(text: str, source: str) -> bool:
    """Whether a quarter at most of the words that ``source`` does not have are known as English; at least three."""
    words = _new_words(text, source, lower=False)
    return len(words) >= 3 and sum(map(is_english_word, words)) <= 0.25 * len(words)


def _new_words(text: str, source: str, lower: bool) -> list[str]:
    """The words of three letters and more that ``source`` does not have, in lower case; not codes, and not names if
    only words in ``lower`` case count, with the first.
    """
    if ")" in text or "&" in text:
        text = _HOT_KEY.sub(r"\1\2", text)
    words = words_of(_without_code(text))
    if lower:
        words = [word for number, word in enumerate(words) if word.islower() or (not number and word.istitle())]
    lows = [word.lower() for word in words if len(word) > 2 and word[-1] != "'"]
    there = read(source)
    shared = there.low_set.intersection(lows)
    if not shared:
        return lows
    if _APOSTROPHES.isdisjoint(there.signs):
        return [low for low in lows if low not in shared]
    written = {word.lower() for word in words_of(source)}  # without elided ones
    return [low for low in lows if low not in written]


_TERM_LETTERS: Final = 6


def _without_terms(words: list[str], source: str) -> list[str]:
    """Words without those that begin like a word of the source that is in no list.

    Terms of chemistry and medicine are alike in all languages.
    """
    unlisted = [low for low in read(source).low_set if not (is_known(low) or is_english_word(low))]
    starts = {without_accents(low)[:_TERM_LETTERS] for low in unlisted}
    return [word for word in words if len(word) <= _TERM_LETTERS or without_accents(word)[:_TERM_LETTERS] not in starts]


_APOSTROPHES: Final = frozenset("'’")
_CODE_SIGNS: Final = frozenset("`_\\/=%-&<{")
_WITHIN_CODE = re.compile(r"[.:]\S")
"""Each piece of code has a digit, one of the signs, or one of these."""


def _without_code(text: str) -> str:
    """``text`` with a blank in place of each piece of code; most texts have none of its signs."""
    reading = read(text)
    if reading.numbers or not _CODE_SIGNS.isdisjoint(reading.signs) or _WITHIN_CODE.search(text):
        return without_code(text, CODE)
    return text


def is_other_than_english(answer: str, source: str) -> bool:
    """Whether an answer in Latin letters is neither English nor French: hardly one of its words is known.

    Capitalised words are names, words with digits are codes, and words of ``source`` are kept terms: they say nothing.
    """
    # A word of code is one of the text, so of few texts the code needs to be taken away for this.
    if len(_STOP_WORDS & read(answer).low_set) >= _LEAST_DIFFERENT and other_language(_without_code(answer)):
        return True
    words = _new_words(answer, source, lower=True)
    if len(words) < MOST_ENGLISH[0][0]:
        return False
    most = next((share for count, share in MOST_ENGLISH if len(words) <= count), MOST_ENGLISH_LONG)
    if sum(map(is_english_word, words)) > most * len(words):
        return False
    if len(words) <= MOST_KEPT * len(_new_words(answer, "", lower=True)):
        return False
    words = _without_terms(words, source)
    if len(words) < MOST_ENGLISH[0][0]:
        return False
    return sum(is_only_french(word) or word in FRENCH for word in words) <= 0.5 * len(words)


def is_foreign(text: str) -> bool:
    """Whether a source is neither English nor French: it has five words in lower case, and hardly one is known."""
    if other_language(text):
        return True
    words = [word for word in words_of(without_code(text, CODE)) if word.islower() and len(word) > 2]
    if len(words) < FOREIGN_WORDS:
        return False
    known = sum(word in ENGLISH or is_english(word) for word in words)
    stop = sum(word in ENGLISH for word in words)
    if known > (0.25 if len(words) < 8 else 0.34) * len(words) or stop > 0.1 * len(words):
        return False
    return sum(is_only_french(word) or word in FRENCH for word in words) <= 0.5 * len(words)

"""French words that stayed within an English sentence, which shows that they are no part of a name.

A word between two English ones that the source has elsewhere, one that lost or got its capital, a French first word, a
form that the source does not have, a label before a colon. What stands in quotes or in code is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final, NamedTuple

from transforms.text import flags
from transforms.text.findings import Finding, finding
from transforms.text.meaning.whole_copies import CODE, KINDS_OF_NAMES, WORD, whole_copy_findings
from transforms.text.words.code import without_code
from transforms.text.words.english import is_english_word
from transforms.text.words.french_words import is_french, is_name
from transforms.text.words.language_words import ENGLISH
from transforms.text.words.lexicon import english_stems, is_english, is_known
from transforms.text.words.reading import Reading, places, read
from transforms.text.words.word_sets import WordCache, stem, without_accents, word_set

_ONLY_FRENCH: Final = word_set(
    """à aux avec chez dans depuis elles ils lorsque nos notre nous où puis selon sont très vers vos votre vous être
    cette cet aucun aucune toutes ainsi afin alors aussi chaque leurs quelle quelles une mais"""
)
"""Function words that are nothing else in English."""
_SHARED: Final = word_set("au de des du est et la le les leur ou par pas pour que qui sans sous sur tous toute ces")
"""Those that may be: only if the source has them, too."""
_FUNCTION_WORDS: Final = _ONLY_FRENCH | _SHARED
_STARTING: Final = _FUNCTION_WORDS | word_set("erreur remarque veuillez")
_BORROWED: Final = word_set("al cetera seq sequentia la carte facto jure novo excellence value for gras vis tête")
"""What follows such a word in a borrowed phrase: et al., à la carte, de facto, par for the course, foie gras."""
_BEFORE_BORROWED: Final = word_set("on below above under sub vis")
"""What stands before one: on par, vis-à-vis."""
_INFINITIVE: Final = ("to", "pour")
QUOTED = re.compile(r"«[^«»\n]{1,80}»|“[^“”\n]{1,80}”|\"[^\"\n]{1,80}\"|‘[^‘’\n]{1,80}’|'(?<!\w')[^'\n]{1,80}'(?!\w)")
_BETWEEN: Final = " \u00a0,"
_BEFORE = re.compile(rf"[^\W\d_]+[{_BETWEEN}]{{1,2}}\Z")
_AFTER = re.compile(rf"[{_BETWEEN}]{{1,2}}[^\W\d_]+")
_BEGINNING = re.compile(r"(?:\A|[.!?:\n])\W*\Z")
_NEAR: Final = 30
"""Characters before a word that are looked at."""
_LABEL = re.compile(r"[^\W\d_][^:;\n.!?]{4,60}(?=[ \u00a0\u202f]?[:;])")
_DETERMINERS: Final = word_set("the a an your this that these those all any each every no new existing only")
"""What follows a verb, and no name of a shop or a family that looks like one: Boulanger, Berger."""
LEAST_NEW_FRENCH, ALIKE_LETTERS, LEAST_PLAIN = 5, 4, 4
"""Letters of a French word that the source does not have, those that it has in common with one of the source, and
those of one that lost its accents."""

_ARTICLES: Final = frozenset(("un", "une", "le", "les", "des", "du"))
_PARTING: Final = _ARTICLES | frozenset("la l d de ce cet cette ces votre vos notre nos son sa ses leur leurs".split())


def left_word_findings(
    source: str, translation: str, shared: AbstractSet[str], french: AbstractSet[str]
) -> tuple[Finding, ...]:
    """french_left for a word or label of the source that stayed within English.

    Args:
        source: The French text.
        translation: The answer, which is no copy as a whole.
        shared: The words of both texts in lower case.
        french: Those of them that are French and not English.
    """
    if label := _left_label(source, translation):
        return (finding(flags.FRENCH_LEFT, label),)
    before, here = read(source), read(translation)
    if made := _new_french(before, here, shared) or _first_french(before, here):
        return (finding(flags.FRENCH_LEFT, made),)
    functional = (_ONLY_FRENCH & here.low_set) | (_SHARED & shared)
    if not functional and not french:
        return ()
    there, written = frozenset(before.words), here.words
    recased = _recased(source, there, written, french) if french else french
    starting = _capitalised(there, written, french | functional)
    left = (
        *(_Place.of(translation, start + 1, word) for word in functional for start in places(translation, f" {word} ")),
        *(_Place.of(translation, start, word) for word in recased | starting for start in places(translation, word)),
    )
    for place in left:
        if place and (
            place.word in recased
            or (place.word in functional and place.is_between_english(source))
            or (place.word in starting and place.starts_sentence(source))
        ):
            plain = QUOTED.sub(" ", without_code(translation, CODE))
            if place.around in plain:
                return (finding(flags.FRENCH_LEFT, place.word),)
    return ()


class _Place(NamedTuple):
    """Where a word stands in the answer.

    Attributes:
        word: The word.
        before: The word before it and what is between them; "" if it is far away.
        after: What follows up to the end of the next word; "" if that is far away.
        begins: Whether a sentence, line or the text begins with it.
    """

    word: str
    before: str
    after: str
    begins: bool

    @classmethod
    def of(cls, text: str, start: int, word: str) -> _Place | None:
        """The place of a whole word; None for a part of one."""
        end = start + len(word)
        if text[start - 1 : start].isalnum() or text[end : end + 1].isalnum():
            return None
        head = max(0, start - _NEAR)
        before, after = _BEFORE.search(text, head, start), _AFTER.match(text, end)
        begins = _BEGINNING.search(text, head, start) is not None
        return cls(word, before[0] if before else "", after[0] if after else "", begins)

    @property
    def around(self) -> str:
        """The word with its neighbours, as they stand in the answer."""
        return self.before + self.word + self.after

    @property
    def next_word(self) -> str:
        """The word that follows."""
        return self.after.strip(_BETWEEN)

    def starts_sentence(self, source: str) -> bool:
        """Whether it begins a sentence as an infinitive, a pronoun or the like, and the next word is English."""
        low, next_ = self.word.lower(), self.next_word
        if not self.begins or not next_ or is_name(low) or next_ in _BORROWED or self.word + self.after in source:
            return False
        if low in _STARTING:
            return _is_english(next_.lower())
        return low.endswith(("er", "ir")) and (next_ in _DETERMINERS or next_[0].isupper())

    def is_between_english(self, source: str) -> bool:
        """Whether English words stand beside a function word that do not stand beside it in the source, too."""
        last, next_ = self.before.strip(_BETWEEN), self.next_word
        if not last or not next_ or next_ in _BORROWED or last in _BEFORE_BORROWED:
            return False
        if (last, self.word) == _INFINITIVE:
            return False
        beside = [word for word in (last, next_) if word == "a" or (word.islower() and _is_english(word))]
        if len(beside) < (1 if self.word in _ONLY_FRENCH else 2):
            return False
        return self.before + self.word not in source and self.word + self.after not in source


def _left_label(source: str, translation: str) -> str:
    """What both texts have before their first colon, if it is French and no name."""
    if source[:4] != translation[:4] or (":" not in translation and ";" not in translation):
        return ""
    match = _LABEL.match(translation)
    if not match or not source.startswith(match[0]) or match[0].split()[0].lower() in KINDS_OF_NAMES:
        return ""
    return match[0] if whole_copy_findings(match[0]) else ""


def _recased(source: str, there: AbstractSet[str], here: Sequence[str], french: AbstractSet[str]) -> frozenset[str]:
    """French words that have a capital in the answer only, or at the source's start only: names keep theirs."""
    return frozenset(
        word
        for word in frozenset(here) - there
        if word.lower() in french
        and not (word.isupper() or is_name(word))
        and (
            source.startswith(word.capitalize())
            if word.islower()
            else stem(word.lower()) not in english_stems(word.lower())
        )
    )


def _capitalised(there: frozenset[str], here: Sequence[str], words: AbstractSet[str]) -> frozenset[str]:
    """The words that both texts have with a capital."""
    return frozenset(word for word in there.intersection(here) if word.istitle() and word.lower() in words)


def _is_english(word: str) -> bool:
    return word in ENGLISH or is_english(word)


def _may_be_made(word: str) -> bool:
    if len(word) >= LEAST_NEW_FRENCH and is_french(word):
        return True
    return len(word) >= LEAST_PLAIN and word.isascii() and not is_english_word(word)


_MAY_BE_MADE: Final = WordCache(_may_be_made)


def _new_french(before: Reading, here: Reading, shared: AbstractSet[str]) -> str:
    """A French word in lower case that a model made of another form of the source's; "" if there is none."""
    new = list(filter(_MAY_BE_MADE.__getitem__, here.low_set - shared))
    if not new:
        return ""
    plain = {without_accents(word): word for word in before.low_set}
    starts = {word[:ALIKE_LETTERS] for word in plain}
    new = [
        word
        for word in new
        if (is_french(word) and without_accents(word)[:ALIKE_LETTERS] in starts) or _lacks_accents(word, plain)
    ]
    if not new:
        return ""
    written = set(WORD.findall(without_code(here.text, CODE)))
    return min((word for word in written.intersection(new) if f"en {word}" not in here.text), default="")  # en masse


def _lacks_accents(word: str, plain: Mapping[str, str]) -> bool:
    """Whether a word is one of the source's without its accents, which in English is another one: "ecran"."""
    original = plain.get(word)
    return original is not None and is_known(original) and stem(word) not in english_stems(original)


def _first_french(before: Reading, here: Reading) -> str:
    """The first word of the answer if it is French, and no name for what follows it: "Fermez the door", "Un list".

    A capital says nothing there. Names are followed by a verb, or by words with capitals.
    """
    first = here.lows[0] if here.lows else ""
    if first in _ARTICLES:
        words = here.letters.split(None, 2)[:2]
        if len(words) < 2 or not (words[0].istitle() and words[1].islower() and is_english(words[1])):
            return ""
        return words[0] if f"{words[0]} {words[1]}" in here.text else ""  # "Un-ban" is English
    if before.lows[:1] != [first] or not is_french(first):
        return ""
    there, written = before.letters.split(None, 3)[:3], here.letters.split(None, 3)[:3]
    parted = len(there) == 3 and there[1] in _PARTING and there[2].islower()
    return written[0] if parted and written[0].istitle() and written[-1].islower() and not is_name(first) else ""
